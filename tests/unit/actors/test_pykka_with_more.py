"""Programs written for Pykka, with what the bus adds to them: typed handlers, bounds, deadlines."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest
from pykka_echo import WAIT, Echo, inside

from peerbus.actors import Actor, ActorStopped, DeadlineExceeded, PeerbusError, handles


@pytest.fixture(autouse=True)
def _stop_all() -> Iterator[None]:
    yield
    pykka.ActorRegistry.stop_all(timeout=WAIT)


def test_typed_and_async_handlers_work_without_a_bus() -> None:
    class Typed(Actor):
        @handles(int)
        async def later(self, message: int) -> int:
            await asyncio.sleep(0)
            return message + 1

        async def method(self) -> str:
            await asyncio.sleep(0)
            return "async"

        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.started = True

    ref = Typed.start()
    assert ref.ask(1, timeout=WAIT) == 2
    proxy: Any = ref.proxy()
    assert proxy.method().get(timeout=WAIT) == "async"
    assert proxy.started.get(timeout=WAIT) is True


def test_a_mailbox_is_bounded_and_a_tell_to_a_full_one_waits_until_its_deadline() -> None:
    class Small(Echo):
        mailbox_limit = 2

    ref, gate = Small.start(), threading.Event()
    held = ref.ask(gate, block=False)
    while len(ref._cell.mailbox):
        time.sleep(0)
    ref.tell(1)
    ref.tell(2)
    with pytest.raises(DeadlineExceeded) as caught:
        ref.tell(3, timeout=0.01)
    assert caught.value.phase == "mailbox"
    with pytest.raises(DeadlineExceeded):
        ref.ask(4, timeout=0.01)
    sent = threading.Thread(target=lambda: ref.tell(5, timeout=WAIT))
    sent.start()
    gate.set()
    sent.join(WAIT)
    assert held.get(timeout=WAIT) is True
    assert ref.ask(6, timeout=WAIT) == 6
    stats = ref.statistics()
    assert stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting
    assert stats.delivered == 5


def test_senders_that_wait_are_told_when_the_actor_stops() -> None:
    class Small(Echo):
        mailbox_limit = 1

    ref, gate = Small.start(), threading.Event()
    ref.ask(gate, block=False)
    while len(ref._cell.mailbox):
        time.sleep(0)
    ref.tell(1)
    failures: list[BaseException] = []

    def send() -> None:
        try:
            ref.tell(2, timeout=WAIT)
        except ActorStopped as error:
            failures.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    while not ref.statistics().waiting and not ref._cell.mailbox._foreign:
        time.sleep(0)
    stopped = ref.stop(block=False)
    gate.set()
    assert stopped.get(timeout=WAIT) is True
    sender.join(WAIT)
    assert len(failures) == 1


def test_a_program_may_use_our_attributes_names_for_its_own() -> None:
    class Own(Echo):
        def __init__(self) -> None:
            super().__init__()
            self.bus = "my bus"  # type: ignore[assignment]  # no program for Pykka knows of ours
            self.address = "my address"  # type: ignore[assignment]  # likewise

    proxy: Any = Own.start().proxy()
    assert proxy.bus.get(timeout=WAIT) == "my bus"
    assert proxy.address.get(timeout=WAIT) == "my address"


def test_what_needs_a_bus_says_so() -> None:
    class OnLoop(Actor):
        dispatcher = "loop"

    actor = inside(Echo.start())
    uses: list[Callable[[], object]] = [
        lambda: actor.bus,
        lambda: actor.address,
        lambda: actor.watch(actor.actor_ref),
    ]
    for use in uses:
        with pytest.raises(PeerbusError, match="is on no bus"):
            use()
    with pytest.raises(PeerbusError, match="spawn it on a Bus"):
        OnLoop.start()


def test_context_of_the_starter_is_not_the_actors() -> None:
    ref = Echo.start()
    others = [Echo.start() for _ in range(20)]
    assert pykka.get_all([other.ask(i, block=False) for i, other in enumerate(others)], timeout=WAIT) == list(range(20))
    assert ref.actor_stopped.wait(0) is False
    assert repr(ref.actor_stopped) == "<StopFlag: not stopped>"


def test_many_threads_wait_for_one_stop() -> None:
    ref = Echo.start()
    threads = [threading.Thread(target=ref.actor_stopped.wait, args=(WAIT,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    ref.stop(timeout=WAIT)
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
