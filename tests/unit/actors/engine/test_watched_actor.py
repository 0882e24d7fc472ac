"""Who hears of an actor's end."""

from __future__ import annotations

import asyncio

from peerbus.actors import Actor, Bus, Ref, Terminated, handles


class Ends(Actor):
    """Nothing to do."""


class Watches(Actor):
    """Notes of whom it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.some = asyncio.Event()

    @handles(Terminated)
    def hear(self, message: Terminated) -> None:
        self.heard.append(message.address.reactor)
        self.some.set()

    @handles(Ref)
    def begin(self, ref: Ref[Ends]) -> None:
        self.watch(ref)

    @handles(str)
    async def so_far(self, _message: str) -> list[str]:
        return self.heard


async def test_each_watcher_hears_once_and_one_that_looks_away_does_not() -> None:
    made: list[Watches] = []

    def watches() -> Watches:
        made.append(Watches())
        return made[-1]

    async with Bus() as bus:
        ends: Ref[Ends] = bus.spawn(Ends, name="ends")
        first: Ref[Watches] = bus.spawn(watches)
        other: Ref[Watches] = bus.spawn(watches)
        for watcher in (first, other):
            await bus.tell(watcher, ends)
            await bus.ask(watcher, "begun")
        ends._cell.unwatch(other._cell)
        ends.stop(block=False)
        await made[0].some.wait()
        assert await bus.ask(first, "so far") == ["ends"]
        assert await bus.ask(other, "so far") == []
