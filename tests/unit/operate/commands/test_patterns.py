"""`peerbus patterns`: gossips and singletons of a node, and of one that has none."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from inside_pairs import until

from peerbus.actors import LOCAL, Channel, Message, Reactor, handles
from peerbus.patterns import Gossip, Singleton, gossip_channel


class Rumour(Message):
    number: int


class Rumours(Gossip[Rumour]):
    channel = gossip_channel("rumours", Rumour)
    role = "blocks"

    def deliver(self, item: Rumour) -> None: ...


class Ledger(Reactor):
    channel = Channel("ledger", messages=(Rumour,))

    @handles(Rumour)
    def take(self, _: Rumour) -> None: ...


class OneLedger(Singleton):
    reactor = Ledger
    role = "bank"
    settle = 0.0


async def test_each_gossip_and_singleton_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "patterns", capsys) == (0, "no gossips and no singletons\n", "")
    node = place.node
    await node.bus.started(node.spawn(Rumours), node.spawn(OneLedger))
    await node.tell(LOCAL / Rumours, Rumour(1))
    await until(lambda: node.snapshot().gossips[0].figures.held == 1)
    (one,) = node.snapshot().singletons
    assert (one.reactor, one.state, one.offered) == ("ledger", "nowhere", False)
    node.offer("bank")
    await until(lambda: node.snapshot().singletons[0].state == "here")
    assert node.snapshot().singletons[0].holders == (node.node_id,)
    status, out, err = await asked(place.socket, "patterns", capsys)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[1][:3] == ["rumours", "blocks", "1"]
    assert rows[3][:4] == ["ledger", "bank", "here", node.node_id[:8]]
    assert json.loads((await asked(place.socket, "patterns --json", capsys))[1])["gossips"][0]["name"] == "rumours"
    assert "rumours holds 1" in (await asked(place.socket, "status", capsys))[1]
    assert "rumours" in (await asked(place.socket, "top --show patterns --count 1 --interval 200ms", capsys))[1]
    node.withdraw("bank")
    await until(lambda: node.snapshot().singletons[0].state == "nowhere")
