"""The life of a bus: entered once, on a loop or with a thread of its own, closed in order, and by what actors raise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pykka
import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    DeadLetter,
    Directive,
    PeerbusError,
    Ref,
    ShuttingDown,
    Supervision,
    WouldDeadlock,
    handles,
)


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        if message < 0:
            raise ValueError(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        await asyncio.sleep(message)
        return message


async def test_a_reactor_that_fails_to_start_fails_the_bus_and_nothing_is_left() -> None:
    stopped: list[str] = []

    class Good(Plain):
        def on_stop(self) -> None:
            stopped.append("good")

    class Bad(Plain):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(0)
            raise OSError("no disk")

    bus = Bus(reactors=[Good, Bad])
    with pytest.raises(OSError, match="no disk"):
        async with bus:
            pass
    assert stopped == ["good"]
    assert bus.statistics().actors == {}
    assert pykka.ActorRegistry.get_all() == []


async def test_a_factory_that_fails_fails_the_bus() -> None:
    def factory() -> Actor:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        async with Bus(reactors=[factory]):
            pass


async def test_a_bus_is_entered_once() -> None:
    bus = Bus()
    with pytest.raises(PeerbusError, match="does not run"):
        bus.ask(LOCAL / "x", 1)
    with pytest.raises(PeerbusError, match="does not run"):
        bus.spawn(Plain)
    with pytest.raises(PeerbusError, match="does not run"):
        bus.subscribe(DeadLetter)
    await bus.aclose()
    bus = Bus()
    async with bus:
        with pytest.raises(PeerbusError, match="entered once"):
            async with bus:
                pass
    await bus.aclose()


async def test_a_closing_bus_drains_mailboxes_and_refuses_new_work() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Plain, name="plain")
        napping, waiting = bus.ask(ref, 1.0), bus.ask(ref, 1)
        closing = asyncio.create_task(bus.aclose())
        await asyncio.sleep(0)
        for send in (bus.tell, bus.ask):
            with pytest.raises(ShuttingDown):
                await send(LOCAL / "plain", 2)
        with pytest.raises(ShuttingDown):
            bus.spawn(Plain)
        await closing
        assert await napping == 1.0
        assert await waiting == 1


async def test_a_bus_closes_while_actors_back_off() -> None:
    loop = asyncio.get_running_loop()
    async with Bus() as bus:
        ref = bus.spawn(Plain, supervision=Supervision(backoff=1000.0, max_backoff=1000.0))
        await bus.tell(ref, -1)
        await asyncio.sleep(1)
        before = loop.time()
    assert loop.time() - before < 0.1


async def test_a_close_that_is_cancelled_goes_on() -> None:
    async with Bus(shutdown_timeout=1.0) as bus:
        bus.spawn(Plain).tell(0.5)
        closing = asyncio.create_task(bus.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await bus.wait_stopped()
    assert bus.statistics().actors == {}


def test_every_blocking_wait_on_the_loops_thread_is_refused() -> None:
    class Blocking(Actor):
        dispatcher = "thread"

        @handles(int)
        def echo(self, message: int) -> int:
            return message

    class Waits(Actor):
        def __init__(self, other: Ref[Plain], thread: Ref[Blocking]) -> None:
            super().__init__()
            self.other, self.thread = other, thread

        @handles(int)
        def number(self, _: int) -> list[str]:
            bus, other, thread = self.bus, self.other, self.thread
            tries: list[Callable[[], object]] = [
                lambda: other.ask(1),
                lambda: thread.ask(1),
                lambda: other.ask(1, block=False).get(),
                lambda: thread.ask(1, block=False).get(),
                lambda: other.ask(1, block=False).map(str).get(),
                other.stop,
                lambda: bus.ask(other, 1).get(),
                bus.stop,
                lambda: pykka.get_all([other.ask(1, block=False)]),
            ]
            refused = []
            for attempt in tries:
                try:
                    attempt()
                except WouldDeadlock as error:
                    refused.append(str(error))
            return refused

    bus = Bus().start()
    try:
        waits = bus.spawn(Waits, bus.spawn(Plain), bus.spawn(Blocking))
        assert len(waits.ask(1, timeout=10)) == 9
    finally:
        bus.stop()


def test_a_start_that_fails_raises_in_the_thread_that_started() -> None:
    def factory() -> Actor:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        Bus(reactors=[factory]).start()


class Echoes(Actor):
    @handles(str)
    def echo(self, message: str) -> str:
        return message


def test_a_bus_in_plain_code_is_entered_and_left_by_with() -> None:
    with Bus() as bus:
        ref = bus.spawn(Echoes)
        assert bus.ask(ref, "hello").get(timeout=5) == "hello"
    with pytest.raises(ActorStopped):
        ref.tell("too late")
    for enter in (bus.start, bus.__enter__):
        with pytest.raises(PeerbusError, match=r"has stopped; a bus runs once: make a new one, Bus\(…\)"):
            enter()


async def test_with_in_an_event_loop_says_that_it_takes_async_with() -> None:
    with pytest.raises(PeerbusError, match=r"write `async with Bus\(…\)`"), Bus():
        pass


@pytest.mark.parametrize("call", ["aclose", "wait_stopped"])
def test_a_bus_is_closed_and_awaited_on_its_own_event_loop(call: str) -> None:
    bus = Bus("elsewhere").start()
    with pytest.raises(PeerbusError, match=r"elsewhere runs on another event loop .*: call stop\(\)"):
        asyncio.run(getattr(bus, call)())
    assert not bus.closing
    bus.stop()
    asyncio.run(getattr(bus, call)())


def test_a_bus_that_was_closed_without_being_entered_has_stopped() -> None:
    async def main() -> None:
        bus = Bus()
        await bus.aclose()
        await bus.wait_stopped()

    asyncio.run(main())


async def test_what_is_left_of_the_time_is_told_while_it_closes() -> None:
    async with Bus(shutdown_timeout=5.0) as bus:
        assert bus.life.time_to_end == 5.0
        asking = bus.ask(bus.spawn(Plain), 2.0)
        closing = asyncio.create_task(bus.aclose())
        await asyncio.sleep(1.0)
        assert bus.life.time_to_end <= 4.0
        await closing
        assert await asking == 2.0
    assert bus.stopped


async def test_a_failure_that_nobody_above_takes_ends_the_bus_and_is_kept() -> None:
    async with Bus() as bus:
        bus.spawn(Plain, supervision=Supervision(directive=Directive.ESCALATE)).tell(-7)
        await bus.wait_stopped()
    assert isinstance(bus.life.escalation, ValueError)


async def test_an_exit_that_an_actor_raised_is_raised_by_whoever_leaves_the_bus() -> None:
    class Exits(Actor):
        def on_receive(self, message: object) -> None:
            raise SystemExit(3)

    async def leave() -> None:
        async with bus:
            await bus.tell(bus.spawn(Exits), "now")
            await asyncio.sleep(1.0)
            assert bus.stopped

    bus = Bus()
    with pytest.raises(SystemExit):
        await leave()
    await bus.aclose()
    bus.life.hand_on_exit()  # it has been handed on
    assert bus.stopped


@pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), "5", [1], True])
def test_a_handler_is_slow_after_some_time(seconds: Any) -> None:
    with pytest.raises(ValueError, match="write seconds above 0, or None"):
        Bus(slow_handler=seconds)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "5", None, True])
def test_a_bus_has_some_time_to_stop(seconds: Any) -> None:
    with pytest.raises(ValueError, match=r"shutdown_timeout is .*; write seconds, 0 or more"):
        Bus(shutdown_timeout=seconds)
