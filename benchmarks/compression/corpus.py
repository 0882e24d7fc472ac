"""Messages like those of the examples, 200 bytes to 64 KiB, as frames of them travel."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from peerbus.actors import Message
from peerbus.transports.lanes import ROOM
from peerbus.transports.wire import FrameEncoder, Tell

__all__ = ["CORPORA", "Corpus", "bodies"]

#: Bytes that a frame takes beside each payload.
_AROUND = 24


class Transaction(Message):
    """As of examples/mempool: what it pays is text."""

    number: int
    payload: bytes


class Write(Message):
    """As of examples/cache: a document."""

    version: int
    text: str


class Reading(Message):
    """What a sensor says, as most telemetry."""

    source: str
    at: float
    values: dict[str, float]


class PeerRecords(Message):
    """As of peer exchange: keys and signatures, of which little can be saved."""

    records: tuple[bytes, ...]


class Block(Message):
    """As of peerbus.node.blocksync, a smaller one."""

    index: int
    data: bytes


_NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
_WORDS = (
    *("the", "a", "of", "to", "and", "in", "is", "that", "for", "with", "node", "peer", "message", "order", "paid"),
    *("open", "closed", "wait", "write", "read", "block", "record"),
)


def _transaction(rng: random.Random, number: int) -> Message:
    paid = {
        "from": rng.choice(_NAMES),
        "to": rng.choice(_NAMES),
        "amount": rng.randrange(100_000),
        "currency": "EUR",
        "nonce": rng.randbytes(16).hex(),
        "memo": " ".join(rng.choices(_WORDS, k=6)),
    }
    return Transaction(number, json.dumps(paid).encode())


def _write(rng: random.Random, number: int) -> Message:
    return Write(number, " ".join(rng.choices(_WORDS, k=200)))


def _reading(rng: random.Random, number: int) -> Message:
    values = {f"sensor.{name}.{kind}": rng.gauss(20, 5) for name in _NAMES for kind in ("mean", "low", "high", "now")}
    return Reading(f"machine-{rng.randrange(40)}", 1_767_225_600 + number * 0.25, values)


def _records(rng: random.Random, number: int) -> Message:
    place = "tcp://10.0.{}.{}:7400"
    endpoints = (place.format(rng.randrange(256), rng.randrange(256)).encode() for _ in range(60))
    return PeerRecords(tuple(b"demo" + rng.randbytes(108) + each + b"archive{from=1000}" for each in endpoints))


def _sources() -> bytes:
    root = Path(__file__).resolve().parents[2]
    return b"".join(path.read_bytes() for path in sorted((root / "actors").rglob("*.py")))


def _text(rng: random.Random, number: int, text: bytes = _sources()) -> Message:
    at = number * 65_536 % (len(text) - 65_536)
    return Block(number, text[at : at + 65_536])


def _noise(rng: random.Random, number: int) -> Message:
    return Block(number, rng.randbytes(65_536))


class Corpus(msgspec.Struct, frozen=True):
    """Messages of one kind; `count` of them are measured."""

    name: str
    make: Callable[[random.Random, int], Message]
    count: int

    def payloads(self, count: int, seed: int = 7) -> list[bytes]:
        """The first `count` of them; with another seed there are others."""
        rng, encode = random.Random(seed), msgspec.msgpack.Encoder().encode
        return [encode(self.make(rng, number)) for number in range(count)]


CORPORA = (
    Corpus("Transaction", _transaction, 4000),
    Corpus("Write", _write, 2000),
    Corpus("Reading", _reading, 2000),
    Corpus("PeerRecords", _records, 300),
    Corpus("Block of sources", _text, 120),
    Corpus("Block of noise", _noise, 60),
)


def bodies(payloads: list[bytes], *, together: bool) -> Iterator[bytes]:
    """Bodies of TELL with one payload each, as asks go, or `together`: as many as are told without a pause."""
    body = FrameEncoder().body
    items: list[tuple[int, int, bytes]] = []
    room = ROOM
    for payload in payloads:
        if items and (not together or len(payload) > room):
            yield body(Tell(0, items))
            items, room = [], ROOM
        items.append((1, 0, payload))
        room -= len(payload) + _AROUND
    yield body(Tell(0, items))
