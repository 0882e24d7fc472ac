"""What stands behind a scheme is read, spelled in one way, and written again."""

from __future__ import annotations

import pytest

from peerbus.transports.streams.shapes import HOST_AND_PORT, NAME, PATH, Location, Shape, canonical_host


@pytest.mark.parametrize(
    ("shape", "text", "place"),
    [
        (HOST_AND_PORT, "node.example:7400", Location("node.example", 7400)),
        (HOST_AND_PORT, "[::1]:0", Location("::1", 0)),
        (PATH, "/run/a.sock", Location(path="/run/a.sock")),
        (NAME, "alice", Location(path="alice")),
    ],
)
def test_a_shape_writes_what_it_reads(shape: Shape, text: str, place: Location) -> None:
    assert shape.read(text) == place
    assert shape.checked(place) == place
    assert shape.write(place) == text


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        (HOST_AND_PORT, Location("h", 1, "/x")),
        (HOST_AND_PORT, Location("", 1)),
        (HOST_AND_PORT, Location("h", -1)),
        (PATH, Location("h", 0, "/x")),
        (PATH, Location(path="x")),
        (NAME, Location("", 1, "x")),
        (NAME, Location(path="a/b")),
    ],
)
def test_a_shape_refuses_what_it_has_no_place_for(shape: Shape, place: Location) -> None:
    with pytest.raises(ValueError, match=r".+"):
        shape.checked(place)


def test_a_host_has_one_spelling() -> None:
    assert canonical_host("Node.Example") == "node.example"
    assert canonical_host("0:0::1") == "::1"
    assert canonical_host("FE80::1%Eth0") == "fe80::1%Eth0"
