"""Whoever is an actor asks its node by message what goes on there, and pulls levers so too."""

from __future__ import annotations

from peerbus.actors import LOCAL, Actor, handles
from peerbus.discovery import LeverResult
from peerbus.discovery.mind import Drain
from peerbus.node import INSPECTOR, GetEvents, GetSnapshot, GetWaits, Happened, Node, NodeSnapshot


class Watcher(Actor):
    """Looks at its own node."""

    @handles(str)
    async def look(self, what: str) -> object:
        match what:
            case "snapshot":
                return await self.ask(INSPECTOR, GetSnapshot(), timeout=5.0)
            case "waits":
                return await self.ask(INSPECTOR, GetWaits(), timeout=5.0)
            case "events":
                return await self.ask(INSPECTOR, GetEvents(), timeout=5.0)
            case _:
                return await self.ask(LOCAL / "peerbus.peers", Drain(), timeout=5.0)


async def test_an_actor_sees_the_snapshot_the_waits_and_the_events_and_pulls_a_lever() -> None:
    async with Node("alice") as node:
        watcher = node.spawn(Watcher, name="watcher")
        snapshot = await node.ask(watcher, "snapshot", timeout=5.0)
        assert isinstance(snapshot, NodeSnapshot)
        assert snapshot.name == "alice"
        waits = await node.ask(watcher, "waits", timeout=5.0)
        assert isinstance(waits, tuple)
        (wait,) = waits
        assert (wait.actor, wait.to, wait.what) == ("bus://local/watcher", "bus://local/peerbus.node", "answer")
        assert (wait.handling, wait.sent) == ("str", "GetWaits")
        assert await node.ask(watcher, "drain", timeout=5.0) == LeverResult(True)
        assert node.snapshot().peers.draining
        node.spawn(Actor, name="short").stop(block=False)
        reader = node.events.follow()
        await reader.read()
        events = await node.ask(watcher, "events", timeout=5.0)
        assert isinstance(events, tuple)
        assert [type(each) for each in events] == [Happened]
        assert events[0].event.actor == "short"
