"""How much a peer may send, over real sockets: it is slowed down, and nothing else is."""

from __future__ import annotations

import time

from virtual_time import eventually, in_real_time

from peerbus.actors import Channel, Message, Peer, Rate, Reactor, handles
from peerbus.node import Node


class Note(Message):
    number: int


class Slow(Reactor):
    channel = Channel("slow", messages=(Note,), rate=Rate(messages=400, messages_burst=50))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return message


class Free(Reactor):
    channel = Channel("free", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return message


@in_real_time
async def test_a_peer_gets_through_what_the_rate_lets_through_and_other_channels_do_not_notice() -> None:
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Slow, Free]) as alice,
        Node("bob", peers=alice.endpoints, reactors=[Slow, Free]) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers)
        began = time.monotonic()
        for number in range(200):
            await bob.tell(Peer(alice.node_id) / Slow, Note(number), timeout=60)
            if number % 10 == 0:
                assert await bob.ask(Peer(alice.node_id) / Free, Note(number), timeout=60) == Note(number)
        took = time.monotonic() - began
        assert took >= (200 - 50 - 1) / 400 - 0.05
        await eventually(lambda: alice.snapshot().ledger.arrived["slow"].delivered == 200)
        assert alice.snapshot().ledger.arrived["slow"].failed == {}
        assert alice.snapshot().carried.held["slow"] > 0
        (connection,) = alice.snapshot().connections.values()
        assert set(connection.rates) == {"slow"}
