"""Sealed bytes, whole and in order, however they are cut."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.noise import NoiseCipher
from peerbus.transports.libp2p.secure_channel import MAX_PLAIN, SEALED, SecureChannel


def _pair() -> tuple[SecureChannel, SecureChannel]:
    one, two = bytes(32), b"\1" * 32
    return SecureChannel(NoiseCipher(one), NoiseCipher(two)), SecureChannel(NoiseCipher(two), NoiseCipher(one))


@pytest.mark.parametrize("size", [1, 1000, 65_537, 1 << 20])
def test_what_is_sealed_here_is_opened_there(size: int) -> None:
    here, there = _pair()
    said = [b"", b"x", bytes(range(256)) * 512, b"y" * MAX_PLAIN] if size > 1 else [b"", b"x", b"y" * 500]
    data = b"".join(map(here.seal, said))
    opened = [plain for at in range(0, len(data), size) for plain in there.open(data[at : at + size])]
    assert b"".join(opened) == b"".join(said)
    assert max(map(len, opened)) <= MAX_PLAIN
    assert opened[0] == b""
    assert there.seal(b"back") != here.seal(b"back")


def test_a_message_that_was_changed_or_taken_out_is_refused() -> None:
    here, there = _pair()
    first, second = here.seal(b"one"), here.seal(b"two")
    assert len(first) == 3 + SEALED
    with pytest.raises(ValueError, match="cannot be opened"):
        there.open(second)
    _, there = _pair()
    with pytest.raises(ValueError, match="cannot be opened"):
        there.open(first[:-1] + b"\0")
    _, there = _pair()
    with pytest.raises(ValueError, match="cannot be opened"):
        there.open(b"\0\5short")
