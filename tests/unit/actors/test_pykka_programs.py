"""Programs written for Pykka run when their base class becomes `peerbus.actors.Actor`, without a bus."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest

from peerbus.actors import Actor, ActorStopped, DeadlineExceeded, PeerbusError, Ref, WouldDeadlock, handles
from peerbus.actors.engine.thread_cell import ThreadCell

WAIT = 10.0


@pytest.fixture(autouse=True)
def _stop_all() -> Iterator[None]:
    yield
    pykka.ActorRegistry.stop_all(timeout=WAIT)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


def thread_of(ref: Ref[Any]) -> threading.Thread:
    """The thread that runs the actor."""
    assert isinstance(ref._cell, ThreadCell)
    return ref._cell.thread


class Echo(Actor):
    """What a Pykka program's actor looks like."""

    counter = 0

    def __init__(self, hooks: list[str] | None = None) -> None:
        super().__init__()
        self.hooks = [] if hooks is None else hooks
        self.value = "field"

    def on_start(self) -> None:
        self.hooks.append("start")

    def on_stop(self) -> None:
        self.hooks.append("stop")

    def on_failure(self, *info: Any) -> None:
        assert not self.actor_ref.is_alive()
        self.hooks.append(f"failure {info[1]}")

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        if message == "thread":
            return threading.current_thread()
        if isinstance(message, threading.Event):
            return message.wait(WAIT)
        return message

    def double(self, number: int) -> int:
        return number * 2

    def fail(self) -> None:
        raise KeyError("proxy")

    def future(self) -> Any:
        return Echo.start().ask("inner", block=False)


def test_tell_ask_and_stop() -> None:
    ref = Echo.start()
    assert isinstance(ref, pykka.ActorRef)
    assert ref.tell("anything") is not None
    assert ref.ask("hello") == "hello"
    assert ref.ask(None) is None
    assert ref.ask({"command": 1}, timeout=WAIT) == {"command": 1}
    assert ref.is_alive()
    assert ref.stop() is True
    assert not ref.is_alive()
    assert ref.stop() is False
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("late")
    with pytest.raises(pykka.ActorDeadError, match="not found"):
        ref.ask("late")
    late = ref.ask("late", block=False)
    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=WAIT)


def test_names_urns_and_reprs_are_pykkas() -> None:
    ref = Echo.start()
    assert uuid.UUID(ref.actor_urn).version == 4
    assert str(ref) == f"Echo ({ref.actor_urn})"
    assert repr(ref) == f"<ActorRef for {ref}>"
    assert "Echo" in str(inside(ref))
    assert ref.actor_class is Echo
    assert ref.ask("thread").name.startswith("Echo")


def test_an_actor_runs_on_a_thread_of_its_own_which_may_be_a_daemon() -> None:
    class Daemon(Echo):
        use_daemon_thread = True

    assert Echo.start().ask("thread") is not threading.current_thread()
    assert not Echo.start().ask("thread").daemon
    assert Daemon.start().ask("thread").daemon


def test_hooks_run_in_pykkas_order() -> None:
    hooks: list[str] = []
    ref = Echo.start(hooks)
    ref.ask(1)
    ref.stop()
    assert hooks == ["start", "stop"]


def test_an_exception_in_an_ask_goes_to_the_asker_and_the_actor_lives() -> None:
    ref = Echo.start()
    with pytest.raises(ZeroDivisionError, match="asked"):
        ref.ask(ZeroDivisionError("asked"))
    assert ref.ask(1) == 1


def test_an_exception_in_a_tell_stops_the_actor_after_on_failure() -> None:
    hooks: list[str] = []
    ref = Echo.start(hooks)
    ref.tell(ZeroDivisionError("told"))
    assert ref.actor_stopped.wait(WAIT)
    thread_of(ref).join(WAIT)
    assert hooks == ["start", "failure told"]
    assert pykka.ActorRegistry.get_all() == []


def test_an_on_failure_that_fails_and_an_on_stop_that_fails_still_end_the_actor() -> None:
    class Fails(Echo):
        def on_stop(self) -> None:
            raise ValueError

        def on_failure(self, *_: Any) -> None:
            raise ValueError

    told, stopped = Fails.start(), Fails.start()
    told.tell(ValueError("x"))
    assert told.actor_stopped.wait(WAIT)
    assert stopped.stop(timeout=WAIT) is True


def test_an_on_start_that_fails_stops_the_actor() -> None:
    class Fails(Echo):
        def on_start(self) -> None:
            raise ValueError

    ref = Fails.start()
    assert ref.actor_stopped.wait(WAIT)
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(1, timeout=WAIT)


def test_an_actor_may_stop_itself_in_on_start_and_more_than_once() -> None:
    class Early(Echo):
        def on_start(self) -> None:
            self.stop()
            self.stop()

    hooks: list[str] = []
    ref = Early.start(hooks)
    assert ref.actor_stopped.wait(WAIT)
    thread_of(ref).join(WAIT)
    assert hooks == ["stop"]


def test_messages_sent_before_a_stop_are_handled_and_later_ones_get_an_error() -> None:
    ref, gate = Echo.start(), threading.Event()
    held = ref.ask(gate, block=False)
    before = ref.ask("before", block=False)
    stops = [ref.stop(block=False) for _ in range(3)]
    after = ref.ask("after", block=False)
    gate.set()
    assert held.get(timeout=WAIT) is True
    assert before.get(timeout=WAIT) == "before"
    assert stops[0].get(timeout=WAIT) is True
    with pytest.raises(pykka.ActorDeadError):
        after.get(timeout=WAIT)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_no_exception_stops_every_actor(error: BaseException, asked: bool) -> None:
    hooks: list[str] = []
    first, second = Echo.start(hooks), Echo.start()
    if asked:
        future = first.ask(error, block=False)
        with pytest.raises(pykka.ActorDeadError):
            future.get(timeout=WAIT)
    else:
        first.tell(error)
    for ref in (first, second):
        assert ref.actor_stopped.wait(WAIT)
        thread_of(ref).join(WAIT)
    assert hooks == ["start", "stop"]
    assert pykka.ActorRegistry.get_all() == []


def test_a_timeout_is_pykkas_and_the_actor_goes_on() -> None:
    ref, gate = Echo.start(), threading.Event()
    with pytest.raises(pykka.Timeout):
        ref.ask(gate, timeout=0.01)
    future = ref.ask("later", block=False)
    with pytest.raises(pykka.Timeout):
        future.get(timeout=0.01)
    gate.set()
    assert future.get(timeout=WAIT) == "later"


def test_proxies_reach_methods_fields_and_traversable_attributes() -> None:
    class Playback:
        def __init__(self) -> None:
            self.volume = 5

        def play(self) -> str:
            return threading.current_thread().name

    class Player(Echo):
        playback = pykka.traversable(Playback())
        stopped_by: str | None = None

    proxy: Any = Player.start().proxy()
    assert proxy.double(4).get(timeout=WAIT) == 8
    assert proxy.value.get(timeout=WAIT) == "field"
    proxy.value = "changed"
    assert proxy.value.get(timeout=WAIT) == "changed"
    assert proxy.playback.play().get(timeout=WAIT).startswith("Player")
    assert proxy.playback.volume.get(timeout=WAIT) == 5
    proxy.playback.volume = 11
    assert proxy.playback.volume.get(timeout=WAIT) == 11
    with pytest.raises(KeyError):
        proxy.fail().get(timeout=WAIT)
    with pytest.raises(AttributeError):
        proxy.nothing_of_the_kind
    proxy.double.defer(1)
    assert proxy == proxy.actor_ref.proxy()
    proxy.fail.defer()
    assert proxy.actor_ref.actor_stopped.wait(WAIT)
    with pytest.raises(pykka.ActorDeadError):
        proxy.actor_ref.proxy()


def test_an_actor_may_keep_a_proxy_to_itself() -> None:
    class Later(Actor):
        def __init__(self) -> None:
            super().__init__()
            self._in_future: Any = self.actor_ref.proxy()
            self.done: queue.Queue[str] = queue.Queue()

        def work(self) -> None:
            self._in_future.more_work()

        def more_work(self) -> None:
            self.done.put("done")

    ref = Later.start()
    done = inside(ref).done
    ref.proxy().work().get(timeout=WAIT)
    assert done.get(timeout=WAIT) == "done"


def test_futures_filter_join_map_and_reduce() -> None:
    ref = Echo.start()

    def ask(message: Any) -> Any:
        return ref.ask(message, block=False)

    assert ask([1, 2, 3, 4]).filter(lambda x: x % 2).get(timeout=WAIT) == [1, 3]
    assert ask(1).join(ask(2), ask(3)).get(timeout=WAIT) == [1, 2, 3]
    assert ask(10).map(lambda x: x + 1).map(str).get(timeout=WAIT) == "11"
    assert ask([1, 2, 3]).reduce(lambda a, b: a + b).get(timeout=WAIT) == 6
    assert ask([]).reduce(lambda a, b: a + b, 7).get(timeout=WAIT) == 7
    assert pykka.get_all([ask(i) for i in range(5)], timeout=WAIT) == list(range(5))
    with pytest.raises(TypeError):
        ask(1).filter(bool).get(timeout=WAIT)
    gate = threading.Event()
    slow = ask(gate).map(str)
    with pytest.raises(pykka.Timeout):
        slow.get(timeout=0.01)
    gate.set()
    assert slow.get(timeout=WAIT) == slow.get(timeout=WAIT) == "True"


def test_a_future_that_a_method_returns_is_passed_on_as_it_is() -> None:
    proxy: Any = Echo.start().proxy()
    assert proxy.future().get(timeout=WAIT).get(timeout=WAIT) == "inner"


def test_futures_can_be_awaited_from_any_loop() -> None:
    async def main() -> list[Any]:
        ref, gate = Echo.start(), threading.Event()
        waiting = ref.ask(gate, block=False)
        mapped = ref.ask(3, block=False).map(lambda x: x * 2)
        joined = ref.ask(1, block=False).join(ref.ask(2, block=False))
        asyncio.get_running_loop().call_soon(gate.set)
        hooked = Actor._create_future()
        hooked.set_get_hook(lambda _: "hooked")
        with pytest.raises(ValueError, match="x"):
            await ref.ask(ValueError("x"), block=False)
        return [await waiting, await mapped, await joined, await hooked, await ref.stop(block=False)]

    assert asyncio.run(main()) == [True, 6, [1, 2], "hooked", True]


def test_the_registry_finds_actors() -> None:
    class Special(Echo):
        pass

    refs: list[Ref[Any]] = [Echo.start(), Special.start()]
    registry = pykka.ActorRegistry
    assert registry.get_all() == refs
    assert registry.get_by_class(Echo) == refs
    assert registry.get_by_class(Special) == refs[1:]
    assert registry.get_by_class_name("Special") == refs[1:]
    assert registry.get_by_urn(refs[0].actor_urn) is refs[0]
    assert registry.get_by_urn("urn:none") is None
    registry.broadcast("hello", target_class="Special")
    assert refs[1].ask(1) == 1
    assert refs[1].statistics().delivered == 2
    assert refs[0].statistics().delivered == 0
    assert registry.stop_all(timeout=WAIT) == [True, True]
    assert registry.get_all() == []


def test_actors_block_on_each_other() -> None:
    class Front(Actor):
        def __init__(self, back: Ref[Echo]) -> None:
            super().__init__()
            self.back = back

        def on_receive(self, message: Any) -> Any:
            return self.back.ask(message, timeout=WAIT)

    chain: Ref[Any] = Echo.start()
    for _ in range(5):
        chain = Front.start(chain)
    assert chain.ask("deep", timeout=WAIT) == "deep"


def test_an_actor_that_blocks_on_itself_is_told_so() -> None:
    class Selfish(Actor):
        def on_receive(self, message: Any) -> Any:
            if message == "proxy":
                return self.actor_ref.proxy().on_receive("x").get()
            if message == "stop":
                return self.actor_ref.stop()
            return self.actor_ref.ask("x")

    ref = Selfish.start()
    for message in ("ask", "proxy", "stop"):
        with pytest.raises(WouldDeadlock, match=r"Selfish|thread"):
            ref.ask(message, timeout=WAIT)


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
