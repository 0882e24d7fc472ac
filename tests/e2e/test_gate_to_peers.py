"""What processes of one node say to each other no peer can say: it would send in the node's name, past all rules."""

from __future__ import annotations

import pytest
from crunching import Counter
from virtual_time import eventually, in_real_time

from peerbus.actors import Channel, Message, NoSuchReactor, Peer, Reactor, Request, handles
from peerbus.node import Allow, Node, Permissions
from peerbus.node.workers.talk import GATE, WORKER, SendOut, SentOut
from peerbus.transports.wire import INSIDE_CHANNELS, Codecs


class Open(Message, Request[int]):
    code: int


class Vault(Reactor):
    channel = Channel("vault", messages=(Open,))

    @handles(Open)
    def open(self, message: Open) -> int:
        raise AssertionError(f"{message} came past the rules")


@in_real_time
async def test_a_peer_does_not_send_through_the_gate_of_a_nodes_workers() -> None:
    assert {GATE.name, WORKER.name} == INSIDE_CHANNELS
    rules = Permissions(channels={"vault": Allow(tell=[], ask=[])})
    async with (
        Node(
            "alice", listen=["tcp://127.0.0.1:0"], reactors=[Vault], processes={"w": [Counter]}, permissions=rules
        ) as alice,
        Node("bob", peers=alice.endpoints, channels=[GATE, Vault.channel]) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers)
        link = bob.bus.routes.peers[alice.node_id]
        await eventually(lambda: link.has(Counter.channel.name))  # its workers are there, and their gate is
        assert set(link.reactors) == {"vault", Counter.channel.name}
        codec = Codecs({"vault": Vault.channel}).make("vault")
        assert codec is not None
        number, payload = codec.encode(Open(7), 1 << 20)
        said = SendOut("bus://local/vault", number, payload, codec.schema, "", 30.0, True)
        with pytest.raises(NoSuchReactor):
            await bob.ask(Peer(alice.node_id) / GATE, said, reply=SentOut, timeout=30)
