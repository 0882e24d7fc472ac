"""Each peer and seed that a configuration names: whether its name has an address, and whether a node answers there."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

from name_server import ask, name_server

from peerbus.node import Node
from peerbus.operate.doctor.diagnosis import Diagnosis
from peerbus.operate.doctor.reaching import look_at_named_peers
from peerbus.transports import Endpoint, TcpTransport
from peerbus.transports.streams.names import Names


async def looked(*endpoints: str) -> list[Diagnosis]:
    return await look_at_named_peers([("seed", Endpoint.parse(endpoint)) for endpoint in endpoints])


async def test_one_that_answers_is_told_with_its_id_and_another_node_there_has_failed(tmp_path: Path) -> None:
    socket_place = f"unix://{tmp_path}/a.sock"
    async with Node("alice", listen=["tcp://127.0.0.1:0", socket_place]) as alice:
        place = str(Endpoint.parse(alice.endpoints[0]).without_peer())
        right, other, by_socket = await looked(
            alice.endpoints[0], str(Endpoint.parse(place).with_peer("ab" * 32)), socket_place
        )
        assert (right.about, right.verdict) == (f"seed {place}", "ok")
        assert alice.node_id[:12] in right.text
        assert (other.verdict, alice.node_id[:8] in other.text) == ("warning", True)
        assert by_socket.verdict == "ok"


async def test_a_place_where_nobody_listens_has_failed() -> None:
    with socket.socket() as bound:  # nobody listens, and nobody else takes the port
        bound.bind(("127.0.0.1", 0))
        place = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        (closed,) = await looked(place)
    assert (closed.about, closed.verdict, closed.text) == (f"seed {place}", "failed", "Connection refused")
    assert "firewall" in closed.advice


async def test_a_name_is_told_with_its_addresses_or_that_it_has_none() -> None:
    with name_server() as server:
        names = TcpTransport(plaintext=True, names=Names(partial(ask, server.address)))
        server.names["cluster.test"] = ["127.0.0.77", "127.0.0.1"]
        async with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
            port = Endpoint.parse(alice.endpoints[0]).port
            asked = [("seed", Endpoint.parse(f"tcp://{name}.test:{port}")) for name in ("cluster", "gone")]
            there, gone = await look_at_named_peers(asked, names)
    assert there.verdict == "ok"
    assert there.text.startswith(f"127.0.0.77, 127.0.0.1: {alice.node_id[:12]} answers")
    assert gone.verdict == "warning"  # one is enough
    assert "cannot be resolved" in gone.text
    assert "getent" in gone.advice
