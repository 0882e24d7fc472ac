"""Answers of name servers: what is passed on is the beginning of what came, and some records of it."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator

import dns.exception
import dns.message

from peerbus.discovery.dns.short_answers import MOST_RECORDS, shortened

ASKED = b"\xc0\x0c"


def check(data: bytes) -> None:
    """One message."""
    try:
        short = shortened(data)
    except dns.exception.FormError:
        return
    assert short[12:] == data[12 : len(short)]
    assert sum(struct.unpack_from(">3H", short, 6)) <= MOST_RECORDS
    with contextlib.suppress(dns.exception.DNSException, ValueError):
        dns.message.from_wire(short)


def record(kind: int, said: bytes, name: bytes = ASKED) -> bytes:
    return name + struct.pack(">HHIH", kind, 1, 5, len(said)) + said


def message(kind: int, answers: list[bytes], name: bytes = b"\x05peers\x07example\0") -> bytes:
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, len(answers), 0, 0)
    return head + name + struct.pack(">HH", kind, 1) + b"".join(answers)


def seeds() -> Iterator[tuple[str, bytes]]:
    """What servers say, and what is made to be slow to read."""
    addresses = [record(1, bytes((10, 0, 0, number))) for number in range(200)]
    long = b"\x01a" * 120 + b"\0"
    yield "addresses", message(1, addresses[:3])
    yield "many", message(1, addresses)
    yield "long_names", message(1, addresses, long)
    yield "services", message(33, [record(33, struct.pack(">HHH", 0, 0, 7400) + b"\x01h" + ASKED)])
    yield "an_alias_of_itself", message(5, [record(5, ASKED)])
    yield "nobody", message(1, [record(6, ASKED + ASKED + bytes(20))])
    yield "points_at_itself", message(1, [record(1, bytes(4), b"\xc0\x1f")])
