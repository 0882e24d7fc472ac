"""Changes to MessagePack that stay MessagePack: past the first check, where flipped bytes seldom come."""

from __future__ import annotations

import random
import struct
from typing import Any

import msgpack

__all__ = ["mutate_frames", "mutate_packed"]

#: Where off-by-one errors live.
EDGES: tuple[Any, ...] = (
    *(
        0,
        1,
        -1,
        15,
        16,
        127,
        128,
        255,
        256,
        4096,
        16384,
        2**16,
        2**31 - 1,
        2**32 - 1,
        2**32,
        2**63,
        2**64 - 1,
        -(2**63),
    ),
    *(None, True, False, 0.0, -1.5, float("inf"), float("nan")),
    *("", "a", "a" * 64, "A" * 255, "ä" * 32, "\0", "\x1b[2J", "a,b{c=d}", b"", b"\0", bytes(16), bytes(64)),
    *([], {}, [[]], [None], {"a": []}, {1: 2}, [0] * 300),
)
DEEP = 200
_LENGTH = struct.Struct(">I")


def mutate_packed(data: bytes, rng: random.Random) -> bytes:
    """Change one place of the value that `data` holds; a random value where it holds none."""
    try:
        value = msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException, RecursionError, OverflowError):
        value = rng.choice(EDGES)
    try:
        packed = msgpack.packb(_changed(value, rng))
    except (ValueError, OverflowError, RecursionError, UnicodeEncodeError):
        return data
    assert isinstance(packed, bytes)
    return packed


def mutate_frames(data: bytes, rng: random.Random, head: int = 0) -> bytes:
    """Change one of the length-prefixed frames that follow `head` bytes: its body, its place, or its number."""
    frames, at = list[bytes](), head
    while at + 4 <= len(data) and len(frames) < 64:
        (size,) = _LENGTH.unpack_from(data, at)
        frames.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if not frames:
        frames.append(b"\x91\x01")
    place = rng.randrange(len(frames))
    match rng.randrange(6):
        case 0:
            frames.insert(rng.randrange(len(frames) + 1), frames[place])
        case 1 if len(frames) > 1:
            del frames[place]
        case 2:
            rng.shuffle(frames)
        case _:
            frames[place] = mutate_packed(frames[place], rng)
    return data[:head] + b"".join(_LENGTH.pack(len(frame)) + frame for frame in frames)


def _changed(value: Any, rng: random.Random) -> Any:
    inner = isinstance(value, list | dict) and len(value) > 0
    if inner and rng.random() < 0.8:
        keys = list(range(len(value))) if isinstance(value, list) else list(value)
        key = rng.choice(keys)
        changed = value.copy()
        match rng.randrange(8):
            case 0:
                del changed[key]
            case 1 if isinstance(changed, list):
                changed.insert(key, changed[key])
            case 2 if isinstance(changed, dict):
                changed[_scalar(rng)] = changed[key]
            case _:
                changed[key] = _changed(value[key], rng)
        return changed
    match rng.randrange(5):
        case 0 if isinstance(value, int) and not isinstance(value, bool):
            return max(-(2**63), min(value + rng.choice([-1, 1, 256, -256]), 2**64 - 1))
        case 1 if isinstance(value, str | bytes):
            return value[: rng.randrange(len(value) + 1)] if rng.random() < 0.5 else value * 2
        case 2:
            return [value]
        case 3 if rng.random() < 0.1:
            for _ in range(DEEP):
                value = [value]
            return value
        case _:
            return rng.choice(EDGES)


def _scalar(rng: random.Random) -> Any:
    found = rng.choice(EDGES)
    return found if not isinstance(found, list | dict) else "key"
