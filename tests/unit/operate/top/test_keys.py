"""Bytes from a terminal are the keys that were pressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.operate.top.keys import KeyReader


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1bOA", ["up"]),
        (b"\x1b[5~x\x1b[6~", ["pageup", "x", "pagedown"]),
        (b"\x1b", ["escape"]),
        (b"\x1bq", ["escape", "q"]),
        (b"a\t\r\x7f", ["a", "tab", "enter", "backspace"]),
        ("é€".encode(), ["é", "€"]),
        (b"\x1b[200~no\x1b[201~", ["n", "o"]),
        (b"\x01\x02", []),
        (b"\x1b[99;99X", []),
    ],
)
def test_what_is_sent_for_keys(data: bytes, keys: list[str]) -> None:
    assert list(KeyReader().feed(data)) == keys


def test_a_character_may_come_in_two_pieces() -> None:
    reader = KeyReader()
    assert list(reader.feed(b"\xc3")) == []
    assert list(reader.feed(b"\xa9")) == ["é"]


@given(st.lists(st.binary(max_size=20)))
def test_anything_at_all_is_read(pieces: list[bytes]) -> None:
    reader = KeyReader()
    for piece in pieces:
        assert all(len(key) > 1 or key.isprintable() for key in reader.feed(piece))
