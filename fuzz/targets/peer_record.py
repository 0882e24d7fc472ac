"""Signed peer records: never an exception, and what is read says only what its owner signed, in one form."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.messages import Capability
from peerbus.discovery.records.record import (
    DOMAIN,
    MAX_LIFETIME,
    MAX_SKEW,
    RECORD_LIMIT,
    PeerRecord,
    read_record,
    sign_record,
)
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

OWNER = Identity.from_seed(bytes(32))
NOW = 1_700_000_000
ENCODE = msgspec.msgpack.Encoder().encode


def check(data: bytes) -> None:
    """The first byte: 0, a record as anybody may send it; else a body that its owner signs, whatever it is."""
    signed, data = bool(data[:1].strip(b"\0")), data[1:]
    if signed:
        data = ENCODE([OWNER.public_key_der, data, OWNER.sign(DOMAIN + data)])
    found = read_record(data, network="demo", now=NOW)
    if not isinstance(found, PeerRecord):
        assert found.reason in {"too_large", "malformed", "foreign_network", "expired", "too_far", "forged", "later"}
        return
    assert found.node_id == OWNER.node_id, "nobody else signed anything here"
    assert found.data == data
    assert len(data) <= RECORD_LIMIT
    assert NOW - MAX_SKEW <= found.expires <= NOW + MAX_LIFETIME + MAX_SKEW
    assert all(endpoint.peer_id is None for endpoint in found.endpoints)
    assert len(set(found.roles)) == len(found.roles)
    again = read_record(data, network="demo", now=NOW, known=lambda node_id: found)
    assert not isinstance(again, PeerRecord)
    assert again.reason == "known"
    if found.foreign:
        return  # places of other carriers are told as they came, and by nobody anew
    made = sign_record(
        OWNER,
        network=found.network,
        sequence=found.sequence,
        expires=found.expires,
        endpoints=found.endpoints,
        offers=found.offers,
        private=found.private,
    )
    assert made == found


def seeds() -> Iterator[tuple[str, bytes]]:
    """A small and a full record, as they travel and as bodies."""
    full = sign_record(
        OWNER,
        network="demo",
        sequence=1_700_000_000_000,
        expires=NOW + 3600,
        endpoints=[Endpoint.parse("tcp://[2001:db8::1]:7000"), Endpoint.parse("unix:///run/bus")],
        offers=[Capability("archive", {"from": "1000"}), Capability("relay")],
        private=True,
    )
    _, body, _ = msgspec.msgpack.decode(full.data)
    more = ENCODE([*msgspec.msgpack.decode(body), "later"])
    yield "later", b"\1" + more
    small = sign_record(OWNER, network="demo", sequence=0, expires=NOW)
    for name, record in (("full", full), ("small", small)):
        yield name, b"\0" + record.data
        _, body, _ = msgspec.msgpack.decode(record.data)
        yield f"{name}_body", b"\1" + body


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one field."""
    return data[:1] + mutate_packed(data[1:], random.Random(seed))
