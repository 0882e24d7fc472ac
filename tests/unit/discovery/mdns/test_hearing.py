"""What is heard at an address by real multicast, on the loopback interface only."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack

import pytest

from peerbus.discovery.mdns.hearing import GROUP, PORT, HeardNode, Hearing, hear, nodes_in
from peerbus.discovery.mdns.mdns import Mdns
from peerbus.transports.streams.endpoint import Endpoint

ALICE, BOB = "a" * 64, "b" * 64
LOOPBACK = "127.0.0.1"


def announced(node_id: str, network: str) -> Mdns:
    """A node's own."""
    here = [Endpoint("tcp", host=LOOPBACK, port=7400)]
    return Mdns(
        node_id,
        network,
        endpoints=lambda _: here,
        roles=["archive"],
        on_found=lambda _: None,
        on_lost=lambda _: None,
        interfaces=[LOOPBACK],
    )


async def until_heard(*nodes: HeardNode) -> Hearing:
    """Listen again and again, until all of them are heard; others may be there too."""
    while True:
        (found,) = await hear([LOOPBACK], seconds=0.3)
        if set(nodes) <= set(found.nodes):
            return found


async def test_nodes_are_heard_where_they_speak_with_their_networks() -> None:
    async with AsyncExitStack() as running:
        for node_id, network in ((ALICE, "heard-demo"), (BOB, "heard-prod")):
            mdns = announced(node_id, network)
            running.push_async_callback(mdns.aclose)
            assert await mdns.start()
        found = await until_heard(HeardNode(ALICE, "heard-demo"), HeardNode(BOB, "heard-prod"))
        assert (found.at.host, found.problem, found.echo) == (LOOPBACK, "", True)


async def test_what_is_no_answer_of_a_node_is_not_counted() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
        for packet in (b"", b"\0" * 12, b"\0\0\x84\0\0\0\0\x09" + b"\xc0\x0c" * 20, b"x" * 9001):
            liar.sendto(packet, (GROUP, PORT))
            assert nodes_in(packet) == []
        (found,) = await hear([LOOPBACK], seconds=0.3)
        assert found.problem == ""


async def test_an_interface_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="nowhere0"):
        await hear(["nowhere0"], seconds=0.1)
