"""Watches: each end is heard of once, by whoever watches when it comes, or came too late to watch."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peerbus.actors import LOCAL, Actor, Bus, PeerbusError, Role, Terminated, handles


class Watcher(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.heard: asyncio.Queue[Terminated] = asyncio.Queue()

    @handles(Terminated)
    def ended(self, message: Terminated) -> None:
        self.heard.put_nowait(message)


async def heard_by(watcher: Any) -> asyncio.Queue[Terminated]:
    actor = watcher._cell.actor
    assert isinstance(actor, Watcher)
    return actor.heard


async def test_an_end_is_heard_of_once_however_often_it_is_watched() -> None:
    async with Bus() as bus:
        target, watcher = bus.spawn(Actor, name="target"), bus.spawn(Watcher)
        heard = await heard_by(watcher)
        for _ in range(3):
            bus.watch(target, watcher._cell)
        bus.watch(LOCAL / "target", watcher._cell)
        await target.stop(block=False)
        assert (await heard.get()) == Terminated(LOCAL / "target", "stopped")
        await asyncio.sleep(0)
        assert heard.empty()


async def test_who_watches_too_late_or_nobody_hears_at_once() -> None:
    async with Bus() as bus:
        target, watcher = bus.spawn(Actor), bus.spawn(Watcher)
        heard = await heard_by(watcher)
        await target.stop(block=False)
        bus.watch(target, watcher._cell)
        assert (await heard.get()).reason == "stopped"
        bus.watch(LOCAL / "nobody", watcher._cell)
        assert (await heard.get()) == Terminated(LOCAL / "nobody", "no_such_reactor")


async def test_who_has_forgotten_a_watch_hears_nothing() -> None:
    async with Bus() as bus:
        target, watcher = bus.spawn(Actor), bus.spawn(Watcher)
        heard = await heard_by(watcher)
        bus.watch(target, watcher._cell)
        bus.unwatch(target, watcher._cell)
        bus.unwatch(LOCAL / "nobody", watcher._cell)
        await target.stop(block=False)
        await asyncio.sleep(0)
        assert heard.empty()


async def test_what_is_not_one_actor_of_this_bus_is_refused() -> None:
    async with Bus() as bus, Bus("other") as other:
        watcher, elsewhere = bus.spawn(Watcher), other.spawn(Actor)
        with pytest.raises(PeerbusError, match="another actor each time"):
            bus.watch(Role("r") / "w", watcher._cell)
        for call in (bus.watch, bus.unwatch):
            with pytest.raises(PeerbusError, match="does not run on bus"):
                call(elsewhere, watcher._cell)
