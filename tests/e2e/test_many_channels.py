"""Peers with many channels, or with words about them: what these take counts among what peers may make a node hold."""

from __future__ import annotations

import asyncio
import hashlib
import sys

import msgpack
import pytest
from virtual_time import eventually, in_real_time

from benchmarks.siege.attack import NETWORK, Target, source_address
from benchmarks.siege.nodes import visitor
from benchmarks.siege.raw import Wire
from benchmarks.siege.reactors import Desk, Question
from peerbus.actors import Peer
from peerbus.discovery import PeerDown
from peerbus.discovery.peer import PeerOptions
from peerbus.node import Node
from peerbus.transports.streams.identity import Identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="attackers come from 127.0.0.2 and upwards")
#: The least that a configuration may say, and peers of which nine would take more.
OPTIONS, PEERS = PeerOptions(peer_memory=16 << 20), 12


def channel(number: int) -> dict[str, object]:
    fields = {"types": ["Nothing"], "schema": bytes(16), "messages": 1, "bytes": 1, "max_message": 1, "priority": 1}
    return {"name": f"channel{number}", **fields}


async def come(target: Target, number: int, said: int, opened: int) -> Wire:
    channels = [channel(each) for each in range(said)]
    wire = await Wire.as_peer(target, Identity.generate(), source=source_address(number), channels=channels)
    for each in range(said, said + opened):
        wire.send("OPEN", each, channel(each))
    wire.send("PING", 1)
    return wire


@in_real_time
async def test_of_peers_with_channels_beyond_the_budget_some_go_and_the_honest_stays() -> None:
    node = Node("attacked", network=NETWORK, listen=["tcp://127.0.0.1:0"], reactors=[Desk], options=OPTIONS)
    async with node:
        target = Target.at(" ".join(node.endpoints), NETWORK)
        async with visitor("friend", "many-channels", target) as friend:
            desk = Peer(target.node_id) / Desk
            assert await friend.ask(desk, Question(1), reply=Question, timeout=30.0, wait_for_peer=True) == Question(1)
            with node.subscribe(PeerDown) as downs:
                wires = [await come(target, number, 200, 56 * (number % 2)) for number in range(PEERS)]
                async with asyncio.timeout(30.0):
                    assert [(await downs.get()).reason for _ in range(2)] == ["peer_memory"] * 2
            assert await friend.ask(desk, Question(2), reply=Question, timeout=30.0) == Question(2)
            assert friend.node_id in node.peers
            for wire in wires:
                wire.close()
            await eventually(lambda: list(node.peers) == [friend.node_id])


def described(number: int) -> bytes:
    """The channel of the honest, of as many messages as may be, each time other ones."""
    return bytes(msgpack.packb([1, [], [[f"{number:x}.{each:x}", "int"] for each in range(1024)]]))


async def describe(target: Target, number: int, times: int) -> Wire:
    said = [described(number * times + each) for each in range(times)]
    announced = [
        {**channel(0), "name": Desk.channel.name, "schema": hashlib.sha256(each).digest()[:16]} for each in said
    ]
    wire = await Wire.as_peer(
        target, Identity.generate(), source=source_address(number), features=["schemas"], channels=announced[:1]
    )
    for index, data in enumerate(said):
        if index:
            wire.send("CLOSE", index - 1, "bye")
            wire.send("OPEN", index, announced[index])
        try:
            await wire.until("DESCRIBE")
        except (OSError, EOFError):  # it was the largest
            break
        wire.send("DESCRIPTION", index, data)
    return wire


@in_real_time
async def test_of_peers_that_describe_a_channel_in_many_messages_the_largest_goes() -> None:
    node = Node("attacked", network=NETWORK, listen=["tcp://127.0.0.1:0"], reactors=[Desk], options=OPTIONS)
    async with node:
        target = Target.at(" ".join(node.endpoints), NETWORK)
        async with visitor("friend", "many-channels", target) as friend:
            desk = Peer(target.node_id) / Desk
            assert await friend.ask(desk, Question(1), reply=Question, timeout=30.0, wait_for_peer=True) == Question(1)
            with node.subscribe(PeerDown) as downs:
                wires = [await describe(target, number, 30) for number in range(3)]
                async with asyncio.timeout(30.0):
                    assert (await downs.get()).reason == "peer_memory"
            assert await friend.ask(desk, Question(2), reply=Question, timeout=30.0) == Question(2)
            assert friend.node_id in node.peers
            for wire in wires:
                wire.close()
            await eventually(lambda: list(node.peers) == [friend.node_id])
