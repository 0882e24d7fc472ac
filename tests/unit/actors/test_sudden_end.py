"""Sends whose event loop has ended, does not run, or is held up: each ends by its own deadline, with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Address,
    Bus,
    DeadlineExceeded,
    Outcome,
    Ref,
    SendError,
    ShuttingDown,
    handles,
)


class Silent(Actor):
    """Never answers."""

    mailbox_limit = 1

    async def on_receive(self, message: object) -> object:
        return await asyncio.get_running_loop().create_future()


class Loop:
    """A bus on an event loop that runs only now and then, as in a program that calls `run_until_complete`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.bus = Bus("lost")
        self.loop.run_until_complete(self.bus.__aenter__())
        self.ref = self.bus.spawn(Silent, name="silent")
        self.run(self.bus.started(self.ref))

    def run(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def close(self) -> None:
        """Close it without a word to the bus."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0))
        self.loop.close()


@pytest.fixture
def lost() -> Iterator[Loop]:
    """The loop stands still, the bus on it is running."""
    made = Loop()
    yield made
    if made.loop.is_closed():
        assert made.bus.lost() is not None
        for thread in threading.enumerate():  # which looks for handlers that block the loop, and ends by itself
            if thread.name.endswith("stall watch"):
                thread.join(10)
    else:
        made.run(made.bus.aclose())
        made.loop.close()


class Waits(threading.Thread):
    """A thread that sends, and waits for the outcome."""

    def __init__(self, send: Callable[[], object]) -> None:
        super().__init__()
        self._send = send
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._send()
        except BaseException as error:  # noqa: BLE001  # a test looks at it
            self.error = error

    def ended(self) -> BaseException | None:
        self.join(10)
        assert not self.is_alive(), "it waits for ever"
        return self.error


SENDS: dict[str, Callable[[Loop, float | None], object]] = {
    "ask": lambda lost, timeout: lost.bus.ask(lost.ref, 1, timeout=timeout).get(),
    "ask an address": lambda lost, timeout: lost.bus.ask(LOCAL / "silent", 1, timeout=timeout).get(),
    "ask and await elsewhere": lambda lost, timeout: asyncio.run(_await(lost.bus.ask(lost.ref, 1, timeout=timeout))),
    "derived": lambda lost, timeout: lost.bus.ask(lost.ref, 1, timeout=timeout).map(str).get(),  # type: ignore[attr-defined]  # a ReplyFuture
    "of a ref": lambda lost, timeout: lost.ref.ask(1, timeout=timeout),
    "of a ref, awaited": lambda lost, timeout: asyncio.run(_await(lost.ref.ask(1, block=False))),
    "stop of a ref": lambda lost, timeout: lost.ref.stop(timeout=timeout),
    "spawn": lambda lost, timeout: lost.bus.spawn(Silent),
}


async def _await(outcome: Any) -> object:
    return await outcome


@pytest.mark.parametrize("timeout", [1000.0, inf])
@pytest.mark.parametrize("send", SENDS)
def test_a_wait_ends_when_the_loop_is_closed_without_a_word(lost: Loop, send: str, timeout: float) -> None:
    waits = Waits(lambda: SENDS[send](lost, timeout))
    lost.close()
    error = waits.ended()
    if error is None and send in ("spawn", "stop of a ref"):
        return  # the loop came to it in its last turn
    assert isinstance(error, ShuttingDown | ActorStopped)
    assert "closed" in str(error) or "has stopped" in str(error)


@pytest.mark.parametrize("send", ["ask", "ask an address", "ask and await elsewhere", "derived"])
def test_a_wait_for_a_loop_that_does_not_run_ends_by_its_deadline(lost: Loop, send: str) -> None:
    error = Waits(lambda: SENDS[send](lost, 0.01)).ended()
    assert isinstance(error, DeadlineExceeded)
    assert error.phase == "loop"
    assert error.reason == "deadline_loop"
    assert error.message == 1


def test_a_wait_for_room_ends_when_the_loop_is_closed_without_a_word(lost: Loop) -> None:
    def fill() -> None:
        while True:
            lost.bus.tell(LOCAL / "silent", 1, timeout=inf).get()

    waits = Waits(fill)
    lost.close()
    assert isinstance(waits.ended(), ShuttingDown | ActorStopped)


@pytest.mark.parametrize("elsewhere", [True, False], ids=["from another thread", "from the loop's own"])
@pytest.mark.parametrize("first", ["tell", "ask", "ref.tell", "ref.ask", "spawn"])
def test_sends_to_a_loop_that_was_closed_without_a_word_fail_at_once(lost: Loop, first: str, elsewhere: bool) -> None:
    lost.close()
    sends: dict[str, Callable[[], object]] = {
        "tell": lambda: lost.bus.tell(lost.ref, 1).get(),
        "ask": lambda: lost.bus.ask(lost.ref, 1).get(),
        "ref.tell": lambda: lost.ref.tell(1),
        "ref.ask": lambda: lost.ref.ask(1),
        "spawn": lambda: lost.bus.spawn(Silent),
    }

    def error_of(send: Callable[[], object]) -> BaseException | None:
        if elsewhere:
            return Waits(send).ended()
        try:
            send()
        except Exception as error:  # noqa: BLE001  # looked at
            return error
        return None

    error = error_of(sends[first])
    assert isinstance(error, ShuttingDown | ActorStopped) or (error is None and "tell" in first)  # then a dead letter
    error_of(sends["tell"])  # it may be the first, likewise
    for name, send in sends.items():
        assert isinstance(error_of(send), ShuttingDown | ActorStopped), name
    assert not lost.ref.is_alive()


def test_what_ends_behind_the_loop_is_a_dead_letter_and_no_error(lost: Loop) -> None:
    lost.close()
    for number in range(30):  # of the first ones each is logged, of the rest a sum: that is for the loop
        lost.bus.dead_letter(number, "unheard", to="somebody", sender=None)
    assert lost.bus.dead_letters.counts == {"unheard": 30}


class Answers(Actor):
    """Awaits something for each message, and then waits in a task for the next."""

    async def on_receive(self, message: object) -> object:
        await asyncio.sleep(0)
        return message


@pytest.mark.parametrize("first", ["tell", "ask", "ref.tell", "ref.ask"])
def test_sends_to_an_actor_that_waited_in_its_task_when_the_loop_was_closed_fail_at_once(
    lost: Loop, first: str
) -> None:
    ref = lost.bus.spawn(Answers, name="answers")
    assert lost.run(_await(lost.bus.ask(ref, 1))) == 1
    for task in asyncio.all_tasks(lost.loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is closed under them
    lost.loop.close()
    sends: dict[str, Callable[[], object]] = {
        "tell": lambda: lost.bus.tell(ref, 2).get(),
        "ask": lambda: lost.bus.ask(ref, 2).get(),
        "ref.tell": lambda: ref.tell(2),
        "ref.ask": lambda: ref.ask(2, block=False).get(),
    }
    if "tell" in first:
        with contextlib.suppress(ShuttingDown, ActorStopped):  # or it is a dead letter
            sends[first]()
    else:
        with pytest.raises((ShuttingDown, ActorStopped)):
            sends[first]()
    for send in sends.values():
        with pytest.raises((ShuttingDown, ActorStopped)):
            send()
    assert not ref.is_alive()
    account = ref.statistics().account
    assert account.sent == account.delivered + sum(account.failed.values())
    assert ref.statistics().queued == 0


class Held(Actor):
    """Its handler holds up the whole loop, until it is let go."""

    def __init__(self, began: threading.Event, go: threading.Event) -> None:
        super().__init__()
        self.began, self.go = began, go
        self.handled: list[int] = []

    @handles(str)
    def hold(self, _: str) -> None:
        self.began.set()
        self.go.wait(10)

    @handles(int)
    def note(self, message: int) -> list[int]:
        self.handled.append(message)
        return self.handled


def test_what_came_to_a_busy_loop_after_its_deadline_is_not_sent() -> None:
    bus = Bus().start()
    began, go = threading.Event(), threading.Event()
    ref = bus.spawn(Held, began, go, name="held")
    ref.tell("hold")
    assert began.wait(10)
    with pytest.raises(DeadlineExceeded) as caught:
        bus.ask(ref, 1, timeout=0.01).get()
    assert caught.value.phase == "loop"
    go.set()
    assert bus.ask(ref, 2, timeout=10).get() == [2]
    assert bus.statistics().actors["held"].failed == {"deadline_mailbox": 1}
    bus.stop()


def test_the_way_to_the_loop_counts(  # of the time that an ask has
) -> None:
    bus = Bus().start()
    began, go = threading.Event(), threading.Event()
    ref = bus.spawn(Held, began, go)
    ref.tell("hold")
    assert began.wait(10)
    left: list[float] = []
    real = bus.request

    def request(to: Any, message: object, timeout: float | None, *rest: Any) -> Outcome[Any]:
        assert timeout is not None
        left.append(timeout)
        return real(to, message, timeout, *rest)

    waiting = bus.ask(ref, 1, timeout=60)
    bus.request = request  # type: ignore[method-assign, assignment]  # what it is given is looked at
    threading.Event().wait(0.05)
    go.set()
    assert waiting.get() == [1]
    assert left[0] < 60 - 0.05
    bus.stop()


class Forever(Actor):
    dispatcher = "thread"
    use_daemon_thread = True

    def __init__(self, go: threading.Event) -> None:
        super().__init__()
        self.go = go

    def on_receive(self, message: object) -> object:
        self.go.wait(30)
        return message


@pytest.mark.parametrize("timeout", [1000.0, inf])
def test_asks_that_are_open_when_a_bus_closes_end_with_a_reason(timeout: float) -> None:
    go = threading.Event()
    errors: list[BaseException] = []

    async def ask(bus: Bus, to: Ref[Any] | Address[Any]) -> None:
        try:
            await bus.ask(to, 1, timeout=timeout)
        except SendError as error:
            errors.append(error)

    async def main() -> None:
        async with Bus("other") as other:
            theirs = other.spawn(Forever, go)
            async with Bus("closes", shutdown_timeout=0.01) as bus:
                ours = bus.spawn(Forever, go, name="ours")
                asks = [asyncio.create_task(ask(bus, to)) for to in (ours, LOCAL / "ours", theirs)]
                later = asyncio.create_task(_await(ours.ask(1, block=False)))
                await asyncio.sleep(0.05)
            await asyncio.gather(*asks)
            with pytest.raises(ActorStopped):
                await later
            go.set()

    asyncio.run(main())
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.startswith("Forever"):
            thread.join(10)
    assert [type(error) for error in errors] == [ActorStopped, ActorStopped, ShuttingDown]
    assert "has stopped" in str(errors[2])
