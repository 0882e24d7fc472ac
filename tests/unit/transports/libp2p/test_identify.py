"""What a host says of itself."""

from __future__ import annotations

import pytest

from peerbus import __version__
from peerbus.transports.libp2p.identify import Identified, describe
from peerbus.transports.libp2p.multiaddr import from_multiaddr, pack_multiaddr
from peerbus.transports.libp2p.protobuf import field

PLACE = "/ip4/127.0.0.1/tcp/4001"
PACKED = pack_multiaddr(from_multiaddr(PLACE))


def test_a_node_says_what_it_is_and_another_reads_it() -> None:
    said = describe(bytes(32), protocols=["/a", "/b"], addresses=[PACKED], observed=PACKED)
    assert Identified.parse(said) == Identified(f"peerbus/{__version__}", "peerbus/1", ("/a", "/b"), (PLACE,), PLACE)
    assert Identified.parse(describe(bytes(32), protocols=[])).observed == ""


def test_what_others_say_is_shown_as_one_line_and_what_cannot_be_read_is_left_out() -> None:
    said = field(6, b"evil\x1b[2J\n\xff") + field(2, b"\xff") + field(2, PACKED) + field(9, b"?")
    found = Identified.parse(said)
    assert found.agent.isprintable()
    assert found.addresses == (PLACE,)


@pytest.mark.parametrize("said", [field(6, 5), field(3, 5), field(2, 5), field(6, b"agent")[:-1]])
def test_what_is_malformed_is_refused(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"number|cut short"):
        Identified.parse(said)
