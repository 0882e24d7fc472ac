"""The life of a pool: its members fail and end one by one, and it changes its size while messages come."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from pool_workers import Break, Work, Worker, eventually, resized, view

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    ActorTerminated,
    Bus,
    Channel,
    DeadLetter,
    Directive,
    Pool,
    PoolResized,
    RemoteError,
    ResizePool,
    Resizer,
    SendError,
    Supervision,
    Terminated,
    handles,
)
from peerbus.testing import Simulation


async def test_a_member_that_fails_is_rebuilt_by_itself_and_loses_one_message() -> None:
    book: list[tuple[str, int]] = []
    async with Bus(reactors=[Pool(partial(Worker, book), members=2)]) as bus:
        await bus.tell(LOCAL / "work.1", Break())
        for n in range(4):
            await bus.tell(LOCAL / "work.1", Work(n))
        await eventually(lambda: len(book) == 4)
        assert [each.restarts for each in view(bus).members] == [1, 0]
        assert view(bus).lost == 0


async def test_one_whose_budget_is_spent_takes_only_its_own_messages_with_it_and_a_resize_fills_its_place() -> None:
    book: list[tuple[str, int]] = []
    async with Bus(reactors=[Pool(partial(Worker, book, 0.001), members=3)]) as bus:
        with bus.subscribe(ActorTerminated) as ends:
            for _ in range(3):
                await bus.tell(LOCAL / "work.2", Break())
            behind = [bus.ask(LOCAL / "work.2", Work(-1)) for _ in range(2)]
            asked = [bus.ask(LOCAL / Worker, Work(n)) for n in range(30)]
            assert (await ends.get()).actor == "work.2"
            for ask in behind:
                with pytest.raises(ActorStopped):
                    await ask
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {each for each in answers if isinstance(each, str)} == {"work.1", "work.3"}
        assert all(isinstance(each, str | ActorStopped) for each in answers)
        await eventually(lambda: view(bus).lost == 1)
        assert [each.name for each in view(bus).members] == ["work.1", "work.3"]
        assert view(bus).size == 3
        assert {await bus.ask(LOCAL / Worker, Work(n)) for n in range(4)} == {"work.1", "work.3"}
        assert len((await resized(bus, 3)).members) == 3
        assert {await bus.ask(LOCAL / Worker, Work(n)) for n in range(6)} == {"work.1", "work.3", "work.4"}
    assert bus.ledger().balanced


async def test_where_the_last_member_ends_the_pool_has_failed_and_is_rebuilt_with_all_of_them() -> None:
    book: list[tuple[str, int]] = []
    quick = Supervision(backoff=0.001)
    async with Bus(reactors=[Pool(partial(Worker, book), members=1, supervision=quick)]) as bus:
        for _ in range(3):
            await bus.tell(LOCAL / Worker, Break())
        await eventually(lambda: view(bus).members and view(bus).members[0].name == "work.2")
        assert await bus.ask(LOCAL / Worker, Work(1)) == "work.2"
    stops = Supervision(directive=Directive.STOP)
    async with Bus(reactors=[Pool(partial(Worker, book), members=1, supervision=stops)]) as bus:

        class Watcher(Actor):
            heard: asyncio.Future[Terminated]

            def on_start(self) -> None:
                self.heard = asyncio.get_running_loop().create_future()
                self.watch(LOCAL / Worker)

            @handles(Terminated)
            def ended(self, end: Terminated) -> None:
                self.heard.set_result(end)

            @handles(str, reentrant=True)
            async def what(self, _: str) -> str:
                return (await self.heard).reason

        watcher = bus.spawn(Watcher)
        for _ in range(3):
            await bus.tell(LOCAL / Worker, Break())
        assert "no member left" in str(await bus.ask(watcher, "?"))
        with pytest.raises(SendError):
            await bus.ask(LOCAL / Worker, Work(1))
        assert bus.actors.pools == {}


async def test_a_member_that_does_not_start_keeps_the_pool_from_starting() -> None:
    class Never(Worker):
        async def on_started(self) -> None:
            raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        async with Bus(reactors=[Pool(partial(Never, []), members=2)]):
            pass


@pytest.mark.parametrize("where", ["members", "threads"])
async def test_a_smaller_pool_handles_all_that_was_sent_and_a_larger_one_uses_all(where: str) -> None:
    book: list[tuple[str, int]] = []
    async with Bus(reactors=[Pool(partial(Worker, book), **{where: 4})]) as bus:  # type: ignore[arg-type]
        with bus.subscribe(PoolResized) as heard:
            for n in range(40):
                await bus.tell(LOCAL / Worker, Work(n))
            assert (await resized(bus, 1)).size == 1
            for n in range(40, 80):
                await bus.tell(LOCAL / Worker, Work(n))
            await eventually(lambda: len(book) == 80)
            await eventually(lambda: len(view(bus).members) == 1)
            assert {who for who, n in book if n >= 40} == {"work.1"}
            assert len((await resized(bus, 3)).members) == 3
            assert await heard.get() == PoolResized("work", 1, 4, "asked for")
            assert await heard.get() == PoolResized("work", 3, 1, "asked for")
        assert len({await bus.ask(LOCAL / Worker, Work(n)) for n in range(9)}) == 3
        assert view(bus).lost == 0
        for wrong in (0, 257):
            with pytest.raises(RemoteError, match=f"has 1 to 256 members, not {wrong}"):
                await resized(bus, wrong)
    assert bus.ledger().balanced


async def test_senders_that_wait_for_room_at_a_member_that_leaves_are_served() -> None:
    book: list[tuple[str, int]] = []

    class Narrow(Worker):
        channel = Channel("work", messages=(Work, Break), mailbox=1)

    async with Bus(reactors=[Pool(partial(Narrow, book, 0.001), members=2)]) as bus:
        sends = [asyncio.ensure_future(bus.ask(LOCAL / Narrow, Work(n))) for n in range(12)]
        await asyncio.sleep(0)
        await resized(bus, 1)
        assert len(await asyncio.gather(*sends)) == 12


async def test_a_pool_grows_where_messages_wait_and_shrinks_when_nothing_does(sim: Simulation) -> None:
    """On virtual time."""
    book: list[tuple[str, int]] = []
    rule = Resizer(lower=1, upper=4, grow_after=0.5, shrink_after=5.0)
    node = await sim.node("a", discover=False, reactors=[Pool(partial(Worker, book, 0.1), members=1, resizer=rule)])
    for n in range(100):
        await node.tell(LOCAL / Worker, Work(n))
    await sim.run_for(2.5)
    assert view(node.bus).size == 4
    assert view(node.bus).automatic
    await sim.until(lambda: len(book) == 100, within=5)
    await sim.run_for(30)
    assert view(node.bus).size == 1
    with pytest.raises(RemoteError, match="has 1 to 4 members, not 5"):
        await node.ask(LOCAL / "work", ResizePool(5))


async def test_stopping_a_pool_stops_its_members_behind_what_they_have() -> None:
    book: list[tuple[str, int]] = []
    async with Bus() as bus:
        ref = bus.spawn(Pool(partial(Worker, book, 0.001), members=2))
        for n in range(10):
            await bus.tell(ref, Work(n))
        with bus.subscribe(DeadLetter) as letters:
            assert await ref.stop(block=False)
            assert len(book) == 10
            assert letters.get_nowait() is None
        assert not [name for name in bus.actors.by_name if name.startswith("work")]
        with pytest.raises(ActorStopped):
            await bus.ask(ref, Work(1))
