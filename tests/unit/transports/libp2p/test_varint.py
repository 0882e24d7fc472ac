"""Numbers in as few bytes as they need, and messages behind their lengths."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.varint import Delimited, read_varint, varint


@pytest.mark.parametrize(
    ("number", "data"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**63 - 1, "ffffffffffffffff7f")],
)
def test_a_number_is_read_as_it_was_written_and_not_before_it_is_whole(number: int, data: str) -> None:
    raw = bytes.fromhex(data)
    assert varint(number) == raw
    assert read_varint(b"?" + raw + b"?", 1) == (number, 1 + len(raw))
    assert [read_varint(raw[:size]) for size in range(len(raw))] == [None] * len(raw)


@pytest.mark.parametrize("data", [b"\x80\x00", b"\x81\x80\x00", b"\xff" * 9, b"\xff" * 9 + b"\x01"])
def test_a_number_that_is_longer_than_it_need_be_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a number"):
        read_varint(data)


def test_messages_are_cut_wherever_their_bytes_are() -> None:
    messages = [b"a", b"b" * 200, b"c"]
    data = b"".join(varint(len(message)) + message for message in messages) + b"\x05res"
    for size in (1, 7, len(data)):
        cutter, found = Delimited(200), []
        for at in range(0, len(data), size):
            cutter.feed(data[at : at + size])
            while (message := cutter.next()) is not None:
                found.append(message)
        assert found == messages
        assert cutter.rest() == b"\x05res"
        assert cutter.rest() == b""


@pytest.mark.parametrize("length", [0, 201, 1 << 40])
def test_a_length_that_no_message_has_is_refused_before_its_bytes_come(length: int) -> None:
    cutter = Delimited(200)
    cutter.feed(varint(length))
    with pytest.raises(ValueError, match=f"{length} bytes"):
        cutter.next()
