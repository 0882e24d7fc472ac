"""COMPRESSED frames of a peer: nothing but ProtocolError, never more than was said, whatever came before."""

from __future__ import annotations

import random
from collections.abc import Iterator

from peerbus.actors.base import ProtocolError
from peerbus.actors.messages import COMPRESSIONS
from peerbus.transports.compression import CompressionPool, Expander, Method, method_of
from peerbus.transports.wire import PLAIN, Compressed, FrameEncoder, Tell, read_uncompressed

#: Small, so that a fuzzer reaches what lies beyond it.
LIMIT = 8 * 1024
LANE = 4
METHODS: list[Method] = [method for method in map(method_of, COMPRESSIONS) if method is not None]
TEXT = b"a message of some words, as people write them; " * 8


def check(data: bytes) -> None:
    """The first byte says which method; then frames, each 2 bytes of length, fresh, 2 bytes of size, and data."""
    method = METHODS[(data[:1] or b"\0")[0] % len(METHODS)]
    expander = Expander(method, LIMIT, CompressionPool().of("fuzz"))
    for fresh, size, piece in pieces(data[1:]):
        frame = Compressed(LANE, fresh, max(1, size), piece, bytes(size // 256))
        try:
            body = expander.expand(frame)
            assert len(body) == frame.size <= LIMIT
            read_uncompressed(body, LANE, PLAIN)
        except ProtocolError as error:
            if error.reason == "bad_compression":
                return  # the connection ends with it


def pieces(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 5 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2] & 1, int.from_bytes(data[at + 3 : at + 5], "big"), data[at + 5 : at + 5 + length]
        at += 5 + length


def seeds() -> Iterator[tuple[str, bytes]]:
    """Three pieces of one context, and a context anew, by each method."""
    body = FrameEncoder().body
    for number, method in enumerate(METHODS):
        out, made = method.shrinking(), bytes((number,))
        for place in range(4):
            fresh = int(place in (0, 3))
            if fresh:
                out = method.shrinking()
            told = body(Tell(LANE // 2, [(1, 0, TEXT[place * 7 :])]))
            made += _framed(fresh, len(told), out.shrink(told))
        yield method.name, made
        yield f"{method.name}_zeros", bytes((number,)) + _framed(1, LIMIT, method.shrinking().shrink(bytes(LIMIT)))
        yield f"{method.name}_more", bytes((number,)) + _framed(1, 9, method.shrinking().shrink(bytes(1 << 20)))


def _framed(fresh: int, size: int, data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + bytes((fresh,)) + size.to_bytes(2, "big") + data


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change bytes of one piece, its size or its flag: the others stay readable."""
    rng = random.Random(seed)
    found = list(pieces(data[1:])) or [(1, 1, b"x")]
    at = rng.randrange(len(found))
    fresh, size, piece = found[at]
    match rng.randrange(5):
        case 0:
            fresh = 1 - fresh
        case 1:
            size = rng.choice([0, 1, size + 1, max(0, size - 1), LIMIT, LIMIT + 1, 65_535])
        case 2:
            piece = piece[: rng.randrange(len(piece) + 1)]
        case 3:
            found.insert(at, found[rng.randrange(len(found))])
        case _:
            changed = bytearray(piece or b"x")
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            piece = bytes(changed)
    found[at] = fresh, min(size, 65_535), piece
    return (data[:1] + b"".join(_framed(*each) for each in found))[:max_size]
