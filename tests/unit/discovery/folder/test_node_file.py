"""A file names a node, or says why it names none."""

from __future__ import annotations

import json

import pytest

from peerbus.discovery.folder.node_file import MAX_FILE, NodeEntry, read_node, write_node
from peerbus.transports.streams.endpoint import Endpoint

NODE, OTHER = "a" * 64, "b" * 64
HERE = Endpoint("tcp", "10.0.0.2", 7400)


def read(**said: object) -> NodeEntry | None:
    return read_node(json.dumps(said).encode(), network="demo", now=1000.0)


def test_what_a_node_writes_is_what_others_read_while_it_is_good() -> None:
    data = write_node(NODE, "demo", [HERE.with_peer(NODE)], ["archive"], expires=1060.0)
    assert read_node(data, network="demo", now=1000.0) == NodeEntry(NODE, (HERE,), ("archive",))
    assert read_node(data, network="demo", now=1060.0) is None
    assert read_node(data, network="other", now=1000.0) is None


def test_a_place_alone_is_enough_and_what_is_not_known_is_left_out() -> None:
    assert read(endpoints=["tcp://10.0.0.2:7400"], more=1) == NodeEntry(None, (HERE,))
    assert read(endpoints=[f"tcp://{NODE}@10.0.0.2:7400", "quic://h:1", "tcp://0.0.0.0:1"]) == NodeEntry(NODE, (HERE,))


def test_what_a_node_of_a_later_version_has_written_is_read_as_far_as_it_can_be() -> None:
    places = ["tcp://10.0.0.2:7400", "tcp://10.0.0.3:7400/later", "quic://" + "x" * 300, "of another form"]
    roles = ["Of a later grammar: [1]", *(f"role{number}" for number in range(70)), "role0{a=b}"]
    found = read(endpoints=places + ["tcp://10.0.0.2:7400"] * 70, roles=roles, node_id=NODE, expires=1060.0)
    assert found == NodeEntry(NODE, (HERE,), tuple(f"role{number}" for number in range(64)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"endpoints": ["10.0.0.2"]}',
        b'{"endpoints": [], "node_id": "alice"}',
        b'{"endpoints": [], "roles": ["A B"]}',
        json.dumps({"endpoints": [f"tcp://{NODE}@h:1", f"tcp://{OTHER}@h:2"]}).encode(),
        json.dumps({"endpoints": [f"tcp://{NODE}@h:1"], "node_id": OTHER}).encode(),
        b"[" * 10_000,
        b" " * (MAX_FILE + 1),
    ],
)
def test_a_file_that_is_wrong_says_why(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_node(data, network="demo", now=0.0)
