"""The headers of yamux, as its specification has them."""

from __future__ import annotations

from peerbus.transports.libp2p.yamux_frames import HEADER, YamuxFlag, YamuxKind, header, unpack_header


def test_a_header_has_twelve_bytes_in_the_order_of_the_network() -> None:
    made = header(YamuxKind.WINDOW, YamuxFlag.SYN | YamuxFlag.FIN, 3, 0x01020304)
    assert made.hex() == "000100050000000301020304"
    assert len(made) == HEADER
    assert unpack_header(b"?" + made, 1) == (0, 1, 5, 3, 0x01020304)
