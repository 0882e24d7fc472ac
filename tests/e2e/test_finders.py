"""Real nodes meet by a folder that they share, and by a name server on loopback that knows no node ids."""

from __future__ import annotations

import os
from pathlib import Path

from name_server import name_server
from virtual_time import eventually, in_real_time

from peerbus.node import Node
from peerbus.transports import Endpoint


@in_real_time
async def test_nodes_meet_by_a_folder(tmp_path: Path) -> None:
    finders, listen = [f"folder://{tmp_path}?every=0.05"], ["tcp://127.0.0.1:0"]
    async with (
        Node("alice", finders=finders, listen=listen) as alice,
        Node("bob", finders=finders, listen=listen) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers, 30.0)
        assert len(os.listdir(tmp_path)) == 2
    assert os.listdir(tmp_path) == [], "each takes its file away"


@in_real_time
async def test_nodes_meet_by_the_name_system() -> None:
    with name_server() as server:
        address, port = server.address
        finder = f"dns://_peerbus._tcp.demo.example?server={address}:{port}"
        async with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
            place = Endpoint.parse(alice.endpoints[0])
            server.names["pod-0.example"] = [place.host]
            server.services["_peerbus._tcp.demo.example"] = [(place.port, "pod-0.example")]
            async with Node("bob", finders=[finder]) as bob:
                await eventually(lambda: bob.peers == (alice.node_id,), 30.0)
