"""Messages of numbers and bytes, as protobuf writes them."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.protobuf import field, read_fields


def test_fields_are_read_as_they_were_written_and_of_two_the_last_counts() -> None:
    fields = read_fields(field(1, 300) + field(2, b"one") + field(2, b"two") + field(1, 1))
    assert fields.number(1) == 1
    assert fields.string(2) == b"two"
    assert fields.strings(2) == [b"one", b"two"]
    assert fields.number(3) is None
    assert fields.string(3) is None
    assert fields.strings(3) == []


def test_fields_of_kinds_that_nobody_reads_are_skipped() -> None:
    fixed64, fixed32 = b"\x39" + bytes(8), b"\x45" + bytes(4)
    assert read_fields(fixed64 + fixed32 + field(1, 5)).number(1) == 5


def test_a_field_of_another_kind_than_is_meant_is_refused() -> None:
    fields = read_fields(field(1, 5) + field(2, b"x"))
    for read in (lambda: fields.string(1), lambda: fields.number(2), lambda: fields.strings(1)):
        with pytest.raises(ValueError, match="number"):
            read()


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05four", b"\x08", b"\x08\x80", b"\x39\0", b"\x0b", b"\x80"])
def test_what_is_cut_short_or_of_no_kind_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|kind"):
        read_fields(data)
