"""The peer manager as an actor: what it refuses at the start, and what it leaves behind when it cannot start."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.actors import LOCAL, Channel, ConfigError, ListenFailed, MessageTypeError, Peer, Reactor, handles


@dataclass(frozen=True)
class Odd:
    """Its annotation names what is not there."""

    fine: int
    where: Nowhere | None = None  # type: ignore[name-defined]  # noqa: F821  # as said


@dataclass(frozen=True)
class Note:
    number: int


class OddReactor(Reactor):
    channel = Channel("odd", messages=(Odd,))

    @handles(Odd)
    def take(self, message: Odd) -> int:
        return message.fine


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def take(self, message: Note) -> int:
        return message.number


@in_virtual_time
async def test_an_annotation_that_cannot_be_resolved_is_refused_by_the_first_send_to_a_peer() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[OddReactor])
    bob = cluster.node("bob", reactors=[OddReactor])
    async with cluster.running(alice, bob):
        assert await alice.ask(LOCAL / OddReactor, Odd(3)) == 3
        with pytest.raises(MessageTypeError, match="channel 'odd': Odd cannot travel: name 'Nowhere' is not defined"):
            await bob.ask(Peer(alice.node_id) / OddReactor, Odd(3))


@in_virtual_time
async def test_a_channel_that_proves_wrong_after_it_was_made_is_an_error_at_the_start() -> None:
    node = Cluster().node("alice", reactors=[OddReactor])
    globals()["Nowhere"] = complex
    try:
        with pytest.raises(ConfigError, match="channel 'odd': Odd cannot travel: field 'where'"):
            await node.__aenter__()
    finally:
        del globals()["Nowhere"]


@in_virtual_time
async def test_such_a_reactor_that_starts_later_stays_on_its_node_and_disturbs_nobody() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[Notes])
    bob = cluster.node("bob", reactors=[Notes])
    async with cluster.running(alice, bob):
        alice.spawn(OddReactor)
        assert await alice.ask(LOCAL / OddReactor, Odd(3)) == 3
        carol = cluster.node("carol", peers=("alice",), reactors=[Notes])
        async with carol:
            await eventually(lambda: carol.peers)
            assert await carol.ask(Peer(alice.node_id) / Notes, Note(1)) == 1
            assert not carol.bus.routes.peers[alice.node_id].has("odd")
        said = [line for line in log_of_the_loop().lines if line["event"] == "a channel stays on this node"]
        assert len(said) == 1


@in_virtual_time
async def test_a_listener_that_cannot_open_closes_those_that_did() -> None:
    cluster = Cluster()
    taken = cluster.node("taken")
    async with taken:
        node = cluster.node("alice")
        node._listen = (*node._listen, *taken._listen)
        with pytest.raises(ListenFailed):
            await node.__aenter__()
        again = cluster.node("alice")
        async with again:
            assert again.endpoints
