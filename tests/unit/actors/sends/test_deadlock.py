"""Sends that wait for each other in a circle end with an error that names it, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import LOCAL, Actor, Bus, Capability, Channel, Deadlock, Reactor, RemoteError, Role, handles

#: Seconds: far less than the deadlines below, so that a circle which is not found fails the test.
SOON = 1.0
LONG = 600.0


@dataclass(frozen=True)
class Go:
    """Ask along this path; the last one answers."""

    path: tuple[str, ...]


class Hop(Actor):
    """Asks the next of the path, and answers what it got with its own name before it."""

    @handles(Go)
    async def go(self, go: Go) -> str:
        name = self.address.reactor
        if not go.path:
            return name
        return f"{name} {await self.ask(LOCAL / go.path[0], Go(go.path[1:]), reply=str, timeout=LONG)}"


def hops(bus: Bus, names: str, kind: Callable[[], Actor] = Hop) -> None:
    for name in names:
        bus.spawn(kind, name=name)


async def test_asks_in_a_circle_end_with_an_error_that_names_it() -> None:
    async with Bus() as bus:
        hops(bus, "abc")
        with pytest.raises(RemoteError) as caught:
            await bus.ask(LOCAL / "b", Go(("c", "a", "b")), timeout=LONG)
        assert bus.loop.time() < SOON
        assert "bus://local/a → bus://local/b → bus://local/c → bus://local/a" in str(caught.value)


async def test_the_error_has_the_circle_as_addresses_and_the_message_that_was_not_answered() -> None:
    caught: list[Deadlock] = []

    class Curious(Actor):
        @handles(Go)
        async def go(self, go: Go) -> str:
            try:
                return await self.ask(LOCAL / "z", Go(("a",)), reply=str, timeout=LONG)
            except Deadlock as error:
                caught.append(error)
                return "went on"

    async with Bus() as bus:
        bus.spawn(Curious, name="a")
        hops(bus, "z")
        assert await bus.ask(LOCAL / "a", Go(()), timeout=LONG) == "went on"
        assert [error.cycle for error in caught] == [("bus://local/a", "bus://local/z", "bus://local/a")]
        assert caught[0].message == Go(("a",))
        assert caught[0].reason == "deadlock"


async def test_of_a_circle_one_wait_fails_and_the_others_are_answered() -> None:
    async with Bus() as bus:
        hops(bus, "ab")
        # Each is asked by plain code to ask the other: two chains that cross.
        from_a, from_b = await asyncio.gather(
            bus.ask(LOCAL / "a", Go(("b",)), timeout=LONG),
            bus.ask(LOCAL / "b", Go(("a",)), timeout=LONG),
            return_exceptions=True,
        )
        assert isinstance(from_a, RemoteError)
        assert from_b == "b a"
        assert bus.loop.time() < SOON


async def test_an_actor_that_only_waits_for_a_circle_is_not_the_one_that_fails() -> None:
    async with Bus() as bus:
        hops(bus, "abc")
        with pytest.raises(RemoteError) as caught:
            await bus.ask(LOCAL / "a", Go(("b", "c", "b")), timeout=LONG)
        assert "bus://local/b → bus://local/c → bus://local/b" in str(caught.value)
        assert await bus.ask(LOCAL / "a", Go(())) == "a"


async def test_a_circle_through_a_reentrant_handler_is_none() -> None:
    class Open(Hop):
        @handles(Go, reentrant=True)
        async def go(self, go: Go) -> str:
            return await super().go(go)

    async with Bus() as bus:
        hops(bus, "a", Open)
        hops(bus, "b")
        assert await bus.ask(LOCAL / "a", Go(("b", "a")), timeout=LONG) == "a b a"


async def test_a_reentrant_handler_that_asks_back_whom_it_keeps_waiting_is_in_a_circle() -> None:
    class Open(Hop):
        @handles(Go, reentrant=True)
        async def go(self, go: Go) -> str:
            return await super().go(go)

    async with Bus() as bus:
        hops(bus, "a")
        hops(bus, "b", Open)
        with pytest.raises(RemoteError, match="a → bus://local/b → bus://local/a"):
            await bus.ask(LOCAL / "a", Go(("b", "a")), timeout=LONG)
        assert bus.loop.time() < SOON


async def test_a_long_answer_is_waited_for() -> None:
    class Slow(Actor):
        @handles(Go)
        async def go(self, go: Go) -> str:
            await asyncio.sleep(300)
            return "at last"

    async with Bus() as bus:
        bus.spawn(Slow, name="slow")
        hops(bus, "ab")
        assert await bus.ask(LOCAL / "a", Go(("b", "slow")), timeout=LONG) == "a b at last"


async def test_an_ask_that_is_not_awaited_holds_nobody() -> None:
    class Later(Actor):
        """Asks b, does something else for a while, and does not need the answer to go on."""

        @handles(Go)
        async def go(self, go: Go) -> str:
            self.answer = asyncio.ensure_future(self._later())
            await asyncio.sleep(60)
            return "done"

        async def _later(self) -> str:
            return await self.ask(LOCAL / "b", Go(("later",)), reply=str, timeout=LONG)

        @handles(str)
        async def answered(self, _: str) -> str:
            return await self.answer

    async with Bus() as bus:
        bus.spawn(Later, name="later")
        hops(bus, "b")
        assert await bus.ask(LOCAL / "later", Go(()), timeout=LONG) == "done"


@pytest.mark.parametrize("gathers", ["gather", "task"])
async def test_asks_that_are_gathered_or_made_in_tasks_are_followed(gathers: str) -> None:
    class Many(Actor):
        @handles(Go)
        async def go(self, go: Go) -> Any:
            async def one(name: str) -> str:
                return await self.ask(LOCAL / name, Go(("many",) if name == "b" else ()), reply=str, timeout=LONG)

            if gathers == "gather":
                return await asyncio.gather(one("a"), one("b"), one("c"))
            return await asyncio.create_task(one("b"))

    async with Bus() as bus:
        bus.spawn(Many, name="many")
        hops(bus, "abc")
        with pytest.raises(RemoteError, match="bus://local/b → bus://local/many → bus://local/b"):
            await bus.ask(LOCAL / "many", Go(()), timeout=LONG)
        assert bus.loop.time() < SOON


@dataclass(frozen=True)
class Flood:
    count: int


@dataclass(frozen=True)
class Drop:
    number: int


def flooder(name: str, other: str) -> Callable[[], Reactor]:
    class Flooder(Reactor):
        channel = Channel(name, messages=(Flood, Drop), mailbox=4)

        @handles(Flood)
        async def flood(self, flood: Flood) -> int:
            for number in range(flood.count):
                await self.tell(LOCAL / other, Drop(number), timeout=LONG)
            return flood.count

        @handles(Drop)
        def drop(self, _: Drop) -> None:
            """One less."""

    return Flooder


async def test_sends_between_two_full_mailboxes_end_with_an_error_that_names_them() -> None:
    async with Bus(reactors=[flooder("left", "right"), flooder("right", "left")]) as bus:
        left, right = await asyncio.gather(
            bus.ask(LOCAL / "left", Flood(10), timeout=LONG),
            bus.ask(LOCAL / "right", Flood(10), timeout=LONG),
            return_exceptions=True,
        )
        assert isinstance(left, RemoteError)
        assert "bus://local/left → bus://local/right → bus://local/left" in str(left)
        assert right == 10
        assert bus.loop.time() < SOON
        ledger = bus.statistics().actors["right"]
        assert ledger.failed == {"deadlock": 1}


async def test_a_circle_through_on_started_is_found() -> None:
    class Eager(Actor):
        async def on_started(self) -> None:
            await self.ask(LOCAL / "a", Go(("eager",)), timeout=LONG)

        @handles(Go)
        async def go(self, go: Go) -> str:
            return "eager"

    async with Bus() as bus:
        hops(bus, "a")
        ref = bus.spawn(Eager, name="eager")
        with pytest.raises(RemoteError, match="a → bus://local/eager → bus://local/a"):
            await bus.started(ref)
        assert bus.loop.time() < SOON


async def test_nobody_is_looked_at_while_nobody_waits() -> None:
    async with Bus() as bus:
        hops(bus, "ab")
        assert await bus.ask(LOCAL / "a", Go(("b",))) == "a b"
        before = bus.loop.time()
        await asyncio.sleep(3600)
        assert bus.loop.time() == before + 3600
        assert not bus.deadlocks.busy


class Blocking(Actor):
    """As Hop, on a thread of its own, which it blocks."""

    dispatcher = "thread"

    @handles(Go)
    def go(self, go: Go) -> str:
        name = self.address.reactor
        if not go.path:
            return name
        answer = self.ask(LOCAL / go.path[0], Go(go.path[1:]), reply=str, timeout=LONG)
        return f"{name} {answer.get(timeout=LONG)}"


async def test_a_circle_through_threads_that_block_is_found() -> None:
    async with Bus() as bus:
        hops(bus, "a")
        hops(bus, "xy", Blocking)
        with pytest.raises(RemoteError, match="a → bus://local/x → bus://local/y → bus://local/a"):
            await bus.ask(LOCAL / "x", Go(("y", "a", "x")), timeout=LONG)
        assert await bus.ask(LOCAL / "x", Go(("y", "a"))) == "x y a"


async def test_full_mailboxes_of_two_threads_that_tell_each_other_are_a_circle() -> None:
    def blocking(name: str, other: str) -> Callable[[], Reactor]:
        class Flooder(Reactor):
            dispatcher = "thread"
            channel = Channel(name, messages=(Flood, Drop), mailbox=4)

            @handles(Flood)
            def flood(self, flood: Flood) -> int:
                for number in range(flood.count):
                    self.tell(LOCAL / other, Drop(number), timeout=LONG).get(timeout=LONG)
                return flood.count

            @handles(Drop)
            def drop(self, _: Drop) -> None:
                """One less."""

        return Flooder

    async with Bus(reactors=[blocking("left", "right"), blocking("right", "left")]) as bus:
        left, right = await asyncio.gather(
            bus.ask(LOCAL / "left", Flood(1000), timeout=LONG),
            bus.ask(LOCAL / "right", Flood(1000), timeout=LONG),
            return_exceptions=True,
        )
        # Either both stood still, and left was chosen, or one was through before the other began.
        if left != 1000:
            assert "bus://local/left → bus://local/right → bus://local/left" in str(left)
        assert right == 1000


async def test_a_circle_through_an_ask_of_a_role_or_of_several_is_found() -> None:
    class Meet(Reactor):
        channel = Channel("meet", messages=(Go,), idempotent=(Go,))

        @handles(Go)
        async def go(self, go: Go) -> str:
            return await self.ask(LOCAL / go.path[0], Go(("meet",)), reply=str, timeout=LONG)

    class ByRole(Actor):
        @handles(Go)
        async def go(self, go: Go) -> str:
            return await self.ask(Role("meeting") / Meet, Go((self.address.reactor,)), reply=str, timeout=LONG)

    class ByGroup(Actor):
        @handles(Go)
        async def go(self, go: Go) -> str:
            to = Role("meeting", "all") / Meet
            results = await self.ask(to, Go((self.address.reactor,)), reply=str, timeout=LONG)
            return str(results.errors["local"])

    async with Bus() as bus:
        bus.spawn(Meet)
        bus.offer([Capability("meeting")])
        bus.spawn(ByRole, name="a")
        with pytest.raises(RemoteError, match="bus://local/a → bus://local/meet"):
            await bus.ask(LOCAL / "a", Go(()), timeout=LONG)
        bus.spawn(ByGroup, name="b")
        assert "bus://local/b → bus://local/meet" in await bus.ask(LOCAL / "b", Go(()), reply=str, timeout=LONG)
        assert bus.loop.time() < 3 * SOON
