"""Peer exchange: whatever records a peer introduces itself with and answers, none raises, and little is believed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from fuzz.mutation import mutate_packed
from fuzz.targets.peer_record import NOW
from peerbus.actors.messages import Capability
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import Pex
from peerbus.discovery.pex.values import News
from peerbus.discovery.records.record import DOMAIN, sign_record
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

OWNERS = [Identity.from_seed(bytes([number]) * 32) for number in range(4)]
SELF, PEER = OWNERS[0].node_id, OWNERS[1].node_id
OPTIONS = PexOptions(max_records=3)
ENCODE = msgspec.msgpack.Encoder().encode


def check(data: bytes) -> None:
    """A list of [owner, bytes]: a body that this owner signs, or as it is where there is no such owner."""
    try:
        items = msgspec.msgpack.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        items = [[9, data]]
    records = list(map(made, items if isinstance(items, list) else []))
    pex = Pex(SELF, "demo", OPTIONS, random.Random(1))
    pex.up(PEER, Endpoint.parse("tcp://192.0.2.1:7000"), 0.0, dialed=True)
    pex.takes_part(PEER, 0.0)
    if records:
        news = pex.introduced(PEER, records[0], 0.0, NOW)
        assert news is not None, "the first one is always looked at"
        believe(pex, news)
    for now in (10.0, 1000.0):
        (poll,) = pex.polls(now)
        assert poll.node_id == PEER
        for news in pex.answered(poll, records, now, NOW):
            believe(pex, news)
        due = pex.next_due(now)
        assert due is not None
        assert now < due <= now + 1.25 * OPTIONS.full_interval
    pex.down(PEER)
    assert pex.next_due(2000.0) is None


def made(item: Any) -> bytes:
    """One record, right or not."""
    owner, body = item if isinstance(item, list) and len(item) == 2 else (None, item)
    body = body if isinstance(body, bytes) else ENCODE(body)
    if isinstance(owner, int) and 0 <= owner < len(OWNERS):
        signer = OWNERS[owner]
        return ENCODE([signer.public_key_der, body, signer.sign(DOMAIN + body)])
    return body


def believe(pex: Pex, news: News) -> None:
    """Whoever is found can be dialed and was said by its owner; what is blamed is the peer."""
    for candidate in news.found:
        record = candidate.record
        assert record is not None
        assert record.network == "demo"
        assert record.node_id in {owner.node_id for owner in OWNERS}
        assert set(candidate.endpoints) <= set(record.endpoints)
        if candidate.told_by is not None:
            assert record.node_id != SELF
            assert not record.private
            assert candidate.endpoints
    assert all(fault.node_id == PEER for fault in news.faults)
    assert pex.statistics().records <= OPTIONS.max_records + 1  # and that of who is connected


def seeds() -> Iterator[tuple[str, bytes]]:
    """Answers of an honest peer, and the lies that there are names for."""

    def body(number: int, *, network: str = "demo", sequence: int = 5, private: bool = False) -> list[object]:
        record = sign_record(
            OWNERS[number],
            network=network,
            sequence=sequence,
            expires=NOW + 3600,
            endpoints=[Endpoint.parse(f"tcp://192.0.2.{number}:7000")],
            offers=[Capability("archive")],
            private=private,
        )
        return [number, msgspec.msgpack.decode(record.data)[1]]

    answers: dict[str, list[object]] = {
        "honest": [body(1), body(2), body(3)],
        "self": [body(0)],
        "older": [body(2), body(2, sequence=4), body(2, sequence=5)],
        "private": [body(2, private=True)],
        "foreign": [body(2, network="other")],
        "no_record": [b"", b"\x93", [9, b"x"]],
        "too_many": [body(2)] * 101,
        "nothing": [],
    }
    for name, items in answers.items():
        yield name, ENCODE(items)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one record, or its body."""
    rng = random.Random(seed)
    try:
        items = msgspec.msgpack.decode(data)
        place = rng.randrange(len(items))
        items[place][1] = mutate_packed(items[place][1], rng)
        return ENCODE(items)
    except (msgspec.MsgspecError, ValueError, TypeError, IndexError, KeyError, RecursionError):
        return mutate_packed(data, rng)
