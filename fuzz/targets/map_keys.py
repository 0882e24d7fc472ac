"""Maps and sets whose keys a peer can make collide: what is taken is small enough, and what is sent is taken."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.base import MessageTypeError
from peerbus.actors.messages import encoding_of
from peerbus.actors.messages.unkeyed_hashes import FEW, MAX_NUMBERS, MAX_OTHERS, MAX_STEPS, UNCHECKED

#: The modulus of the hashes of numbers.
MODULUS = 2**61 - 1


@dataclass(frozen=True)
class Maps:
    """Keys of each kind, within one another."""

    uuids: dict[UUID, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    points: dict[tuple[int, int], int] = field(default_factory=dict)
    ids: set[int] = field(default_factory=set)
    texts: dict[str, int] = field(default_factory=dict)
    many: list[dict[int, int]] = field(default_factory=list)
    any: Any = None
    inner: Maps | None = None


ENCODING = encoding_of(Maps)
#: By the first byte of an input: where its keys stand, and how one is made of a number.
KINDS: tuple[tuple[str, Callable[[int, int], Any]], ...] = (
    ("uuids", lambda number, shift: str(UUID(int=((1 + number * MODULUS) << shift) % 2**128))),
    ("numbers", lambda number, shift: (number << shift) % 2**64),
    ("points", lambda number, shift: (1, (number << shift) % 2**63)),
    ("ids", lambda number, shift: (number << shift) % 2**64),
    ("many", lambda number, shift: (number << shift) % 2**64),
)
#: Entries of the largest map that is made.
LARGEST = MAX_NUMBERS + 100


def check(data: bytes) -> None:
    """A kind, a number of entries in two bytes, a shift of the keys; what follows is a value of no declared type."""
    kind, low, high, shift = data[:4].ljust(4, b"\0")
    name, key = KINDS[kind % len(KINDS)]
    keys = [key(number, shift % 128) for number in range((low + 256 * high) % LARGEST)]
    made: Any = keys if name == "ids" else dict.fromkeys(keys, 0)
    maps = {"texts": {"x" * UNCHECKED: 1}, name: [made] * (1 + kind // 64) if name == "many" else made}
    head = msgspec.msgpack.encode(maps)
    check_payload(bytes([head[0] + 1]) + head[1:] + msgspec.msgpack.encode("any") + (data[4:] or b"\xc0"))


def check_payload(payload: bytes) -> None:
    """What is taken has few enough entries, and is taken again as it is sent on."""
    try:
        value = ENCODING.decode(payload)
    except MessageTypeError:
        return
    entries = [found for found in sizes(value) if found[0] > FEW[found[1]]]
    assert all(size <= most for size, most in entries), entries
    assert sum((size * MAX_NUMBERS // most) ** 2 for size, most in entries) <= MAX_STEPS, entries
    again = ENCODING.encode(value)
    assert ENCODING.decode(again) == value or "nan" in repr(value)


def sizes(value: object) -> Iterator[tuple[int, int]]:
    """Of each map and set with such keys: its entries, and how many it may have."""
    match value:
        case Maps():
            for name in ("uuids", "numbers", "points", "ids", "many", "any", "inner"):
                yield from sizes(getattr(value, name))
        case dict() | set():
            keys = [key for key in value if not isinstance(key, str | bytes | bool | None)]
            yield len(keys), MAX_OTHERS if any(isinstance(key, UUID | tuple) for key in keys) else MAX_NUMBERS
            if isinstance(value, dict):
                for each in value.values():
                    yield from sizes(each)
        case list():
            for each in value:
                yield from sizes(each)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Few, as many as may be, and one too many."""
    for kind, (name, _) in enumerate(KINDS):
        most = MAX_OTHERS if name in ("uuids", "points") else MAX_NUMBERS
        yield f"{name}-few", bytes([kind, 3, 0, 40])
        if name != "points":
            yield f"{name}-too-many", bytes([kind]) + (most + 1).to_bytes(2, "little") + b"\x2e"
    yield "uuids-most", bytes([0]) + MAX_OTHERS.to_bytes(2, "little") + b"\0"
    yield "many-together", bytes([4 + 5 * 40]) + (1500).to_bytes(2, "little") + b"\x2e"
    yield "any", bytes([1, 3, 0, 1]) + msgspec.msgpack.encode({1: {2: [3], "a": b"b"}, "c": [{4: None}]})


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Another number of entries, near a bound, or other bits of the head; and what follows it changed in its form."""
    rng = random.Random(seed)
    head = bytearray(data[:4].ljust(4, b"\0"))
    head[rng.choice((0, 3))] ^= 1 << rng.randrange(8)
    count = rng.choice((*(rng.randrange(9), MAX_OTHERS - 1, MAX_OTHERS, MAX_OTHERS + 1) * 5, MAX_NUMBERS + 1))
    head[1:3] = count.to_bytes(2, "little")
    return bytes(head) + mutate_packed(data[4:] or b"\xc0", rng)[: max_size - 4]
