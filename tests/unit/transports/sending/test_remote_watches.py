"""Whoever watches a peer's reactor hears once of its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from peerbus.actors import Address, Bus, Channel, Peer, Reactor, Terminated, handles
from peerbus.transports.sending.remote_watches import RemoteWatches
from peerbus.transports.sending.sending_host import notify

PEER = Peer("b" * 64)


@dataclass(frozen=True)
class Nothing:
    pass


class Watcher(Reactor):
    channel = Channel("watcher", messages=(Nothing,))

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[object, str]] = []

    @handles(Nothing)
    def ignore(self, nothing: Nothing) -> None:
        """It is told nothing."""

    @handles(Terminated)
    def hear(self, terminated: Terminated) -> None:
        self.heard.append((terminated.address, terminated.reason))


async def heard(bus: Bus) -> list[tuple[object, str]]:
    for _ in range(3):
        await asyncio.sleep(0)
    cell = bus.cell("watcher")
    assert cell is not None
    assert isinstance(cell.actor, Watcher)
    return cell.actor.heard


async def test_the_end_of_a_watched_reactor_is_told_once() -> None:
    async with Bus("test") as bus:
        here: Address[object] = Address(PEER, "watcher")
        await bus.started(bus.spawn(Watcher))
        watches = RemoteWatches(partial(notify, bus), PEER)
        for _ in range(2):
            watches.watch("store", here, there=True)
        watches.watch("other", here, there=True)
        watches.unwatch("other", here)
        watches.ended("store", "stopped")
        watches.ended("store", "stopped")
        watches.all_ended("lost")
        assert await heard(bus) == [(Address(PEER, "store"), "stopped")]


async def test_one_that_is_not_there_has_ended_already() -> None:
    async with Bus("test") as bus:
        await bus.started(bus.spawn(Watcher))
        watches = RemoteWatches(partial(notify, bus), PEER)
        watches.watch("store", Address(PEER, "watcher"), there=False)
        watches.watch("store", None, there=False)
        watches.all_ended("lost")
        assert await heard(bus) == [(Address(PEER, "store"), "no_such_reactor")]


async def test_a_successor_watches_what_it_knows_and_the_rest_ends_with_the_connection() -> None:
    async with Bus("test") as bus:
        here: Address[object] = Address(PEER, "watcher")
        await bus.started(bus.spawn(Watcher))
        old, new = RemoteWatches(partial(notify, bus), PEER), RemoteWatches(partial(notify, bus), PEER)
        for reactor in ("store", "gone"):
            old.watch(reactor, here, there=True)
        old.hand_over(new, {"store"})
        old.all_ended("replaced")
        assert await heard(bus) == [(Address(PEER, "gone"), "replaced")]
        new.all_ended("lost")
        assert (await heard(bus))[1:] == [(Address(PEER, "store"), "lost")]
