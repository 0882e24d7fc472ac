"""Every call of the client, against a node: what the API says comes as the types that it is made of."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from admin_client import PATIENCE
from administered import Place

from peerbus.discovery import PeerDown
from peerbus.node import Node
from peerbus.operate.api import EventView
from peerbus.operate.client import AdminClient, AdminTarget, RequestRefused
from peerbus.operate.serving.places import SocketPlace

PEER = "a" * 64


@pytest.fixture
def client(place: Place) -> AdminClient:
    return AdminClient(AdminTarget(SocketPlace(place.socket)))


async def test_it_sees_the_node_as_the_node_sees_itself(place: Place, client: AdminClient) -> None:
    async with client:
        node = await client.node()
        assert (node.name, node.node_id, node.offers, node.ready.ready) == (
            "alice",
            place.node.node_id,
            ("archive",),
            True,
        )
        assert {each.name for each in await client.channels()} >= {"blocks"}
        assert [each.name for each in await client.actors()] == [each.name for each in place.node.actors().actors]
        assert (await client.actor("blocks")).actor_class == "Blocks"
        assert (await client.ledger()).balanced
        assert await client.connections() == {}
        assert await client.requirements() == ()
        assert await client.peers() == ()


async def test_it_pulls_every_lever(place: Place, client: AdminClient) -> None:
    async with client:
        assert await client.ban("10.1.0.0/16", 60, "loud")
        (ban,) = await client.bans()
        assert (ban.target, ban.reason) == ("10.1.0.0/16", "loud")
        assert await client.ban("10.2.0.0/16")
        assert (await client.bans())[-1].until is None
        assert await client.unban("10.1.0.0/16")
        with pytest.raises(RequestRefused, match="is not known"):
            await client.forget("f" * 64)
        assert await client.persist("unix:///nowhere/a.sock")
        assert await client.seed("unix:///nowhere/b.sock")
        assert {str(address.endpoint) for peer in await client.peers() for address in peer.addresses} == {
            "unix:///nowhere/a.sock",
            "unix:///nowhere/b.sock",
        }
        assert await client.persist("unix:///nowhere/a.sock", on=False)
        assert await client.seed("unix:///nowhere/b.sock", on=False)
        assert await client.dial("unix:///nowhere/c.sock")
        assert await client.offer("index{from=7}")
        assert "index{from=7}" in (await client.node()).offers
        assert await client.withdraw("index")
        assert await client.drain(0.1)
        assert [why.reason for why in (await client.node()).ready.why_not] == ["draining"]
        assert await client.undrain()
        assert await client.log_level("warning")
        for refused in (client.peer(PEER), client.disconnect(PEER), client.score(PEER, 3), client.score(PEER, None)):
            with pytest.raises(RequestRefused) as raised:
                await refused
            assert raised.value.reason == "unknown_peer"


async def test_it_sends_and_asks_as_the_node(client: AdminClient) -> None:
    async with client:
        assert (await client.tell("bus://local/blocks", "Get", {"height": 7})).sent
        assert await client.ask("bus://local/blocks", "Get", {"height": 7}) == {"height": 7, "hint": ""}
        with pytest.raises(RequestRefused, match="there is no such block"):
            await client.ask("bus://local/blocks", "Get", {"height": -1})


async def test_it_reads_what_happened(place: Place, client: AdminClient) -> None:
    reader = place.node.events.follow()
    place.node.bus.publish(PeerDown(PEER, "gone"))
    await reader.read()
    async with client:
        (event,) = await client.events()
        assert (event.number, event.kind, event.event) == (1, "PeerDown", {"node_id": PEER, "reason": "gone"})
        assert await client.events(after=1) == ()
        assert await client.events(kinds=["PeerUp", "PeerBanned"]) == ()


async def test_more_than_a_page_comes_whole(place: Place, client: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.operate.client.caller.PAGE", 2)
    async with client:
        assert [each.name for each in await client.actors()] == [each.name for each in place.node.actors().actors]


async def test_a_peer_is_seen_as_soon_as_it_is_up(client: AdminClient, tmp_path: Path) -> None:
    endpoint = f"unix://{tmp_path}/bob.sock"
    async with Node("bob", listen=[endpoint], offers={"index"}) as bob, client, asyncio.timeout(PATIENCE):
        assert await client.dial(endpoint)
        async with aclosing(client.follow(kinds=["PeerUp"])) as events:
            up = await anext(events)
        assert isinstance(up, EventView)
        (peer,) = await client.peers()
        assert (peer.state.value, peer.offers, peer.persistent) == ("ready", ("index",), True)
        assert peer == await client.peer(str(peer.node_id))
        (connection,) = (await client.connections()).values()
        assert (connection.peer_id, connection.dialed) == (peer.node_id, True)
        assert bob.name == "bob"
