"""Actors: where they are, whom they start, whom they watch, and what they send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    DeadlineExceeded,
    PeerbusError,
    Ref,
    Terminated,
    handles,
)


class Echo(Actor):
    @handles(int)
    def echo(self, message: int) -> int:
        return message

    @handles(str)
    async def slowly(self, message: str) -> str:
        await asyncio.sleep(60)
        return message


class Does(Actor):
    """Does what it is told, in its own handler, and returns what came of it, or the error."""

    @handles(tuple)
    async def do(self, what: Any) -> object:
        verb, *arguments = what
        try:
            found = getattr(self, verb)(*arguments[:2], **(arguments[2] if len(arguments) > 2 else {}))
            return await found if hasattr(found, "__await__") else found
        except PeerbusError as error:
            return error


async def test_it_knows_its_bus_and_its_address_there() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Echo, name="echo")
        actor = ref._cell.actor
        assert isinstance(actor, Echo)
        assert actor.bus is bus
        assert actor.address == ref.address == LOCAL / "echo"


def test_without_a_bus_it_says_what_it_lacks() -> None:
    ref = Does.start()
    try:
        for what in ("tell", "ask", "tell_many"):
            found = ref.ask((what, LOCAL / "echo", [1]), timeout=10)
            assert isinstance(found, PeerbusError)
            assert "is on no bus: spawn its class, Does, on a Bus or a Node" in str(found)
    finally:
        ref.stop()


def test_without_a_bus_it_tells_by_refs() -> None:
    echo, does = Echo.start(), Does.start()
    try:
        does.ask(("tell", echo, 1), timeout=10)
        assert does.ask(("tell_many", echo, [1, 2]), timeout=10) == 2
        assert echo.ask(9, timeout=10) == 9  # behind the others
        assert echo.statistics().sent == 4
    finally:
        does.stop()
        echo.stop()


def test_an_actor_of_the_loop_is_not_started_without_one() -> None:
    class OnLoop(Echo):
        dispatcher = "loop"

    with pytest.raises(PeerbusError, match="OnLoop runs on an event loop: spawn it on a Bus or a Node"):
        OnLoop.start()


async def test_what_a_handler_starts_as_in_pykka_is_on_its_bus() -> None:
    class Starts(Actor):
        @handles(int)
        def start_one(self, _: int) -> object:
            return Echo.start().address

    async with Bus() as bus:
        address = await bus.ask(bus.spawn(Starts), 1)
        assert await bus.ask(address, 5) == 5  # type: ignore[call-overload]  # an address


async def test_its_children_end_before_it() -> None:
    ended: list[str] = []

    class Child(Actor):
        def on_stop(self) -> None:
            ended.append("child")

    class Parent(Actor):
        def on_start(self) -> None:
            self.spawn(Child, name="child")

        def on_stop(self) -> None:
            ended.append("parent")

    async with Bus() as bus:
        ref = bus.spawn(Parent)
        await bus.started(ref)
        assert bus.cell("child") is not None
        await ref.stop(block=False)
        assert ended == ["child", "parent"]
        assert bus.cell("child") is None


async def test_it_watches_and_forgets() -> None:
    class Watches(Does):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[Terminated] = []

        @handles(Terminated)
        def ended(self, message: Terminated) -> None:
            self.heard.append(message)

    async with Bus() as bus:
        watcher: Ref[Any] = bus.spawn(Watches)
        one, other = bus.spawn(Echo, name="one"), bus.spawn(Echo, name="other")
        for target in (one, other):
            await bus.ask(watcher, ("watch", target))
        await bus.ask(watcher, ("unwatch", other))
        for ref in (other, one):
            await ref.stop(block=False)
        await asyncio.sleep(0.01)
        actor = watcher._cell.actor
        assert isinstance(actor, Watches)
        assert actor.heard == [Terminated(LOCAL / "one", "stopped")]


async def test_its_sends_have_deadlines_and_give_errors_back() -> None:
    async with Bus(shutdown_timeout=0.1) as bus:
        does, echo = bus.spawn(Does), bus.spawn(Echo)
        assert await bus.ask(does, ("ask", echo, 7)) == 7
        late = await bus.ask(does, ("ask", echo, "slow", {"timeout": 0.5}))
        assert isinstance(late, DeadlineExceeded)
        assert late.message == "slow"
        await echo.stop(block=False)
        gone = await bus.ask(does, ("tell", echo, 8))
        assert isinstance(gone, ActorStopped)
        assert gone.message == 8
