"""The mind of a peer exchange, and what it asks and hears of its neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from random import Random
from weakref import WeakKeyDictionary

from peerbus.actors import Capability
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import (
    MAX_RECORDS,
    Pex,
)
from peerbus.discovery.pex.values import News, Poll
from peerbus.discovery.records.advert import Advert
from peerbus.discovery.records.record import PeerRecord, sign_record
from peerbus.transports import Endpoint, Identity

WALL = 1_800_000_000
OUTSIDE = Endpoint.parse("tcp://93.184.216.34:40000")
OPTIONS = PexOptions()


@cache
def identity(name: str) -> Identity:
    return Identity.from_seed(name.encode().ljust(32, b"."))


@cache
def record(
    name: str,
    *places: str,
    sequence: int = 1,
    offers: tuple[str, ...] = (),
    private: bool = False,
    network: str = "demo",
    expires: int = WALL + 3600,
) -> PeerRecord:
    return sign_record(
        identity(name),
        network=network,
        sequence=sequence,
        expires=expires,
        private=private,
        endpoints=[Endpoint.parse(place) for place in places or ("tcp://93.184.1.1:7400",)],
        offers=[Capability.parse(offer) for offer in offers],
    )


ME, ALICE, BOB, CAROL = (identity(name).node_id for name in ("me", "alice", "bob", "carol"))


def pex(options: PexOptions = OPTIONS) -> Pex:
    return Pex(ME, "demo", options, Random(1))


def connect(
    mind: Pex, name: str, now: float = 0.0, *, remote: Endpoint = OUTSIDE, dialed: bool = True, known: bool = True
) -> str:
    """A peer that takes part; `known`: it said who it is, and came from there."""
    node_id = identity(name).node_id
    mind.up(node_id, remote, now, dialed=dialed)
    mind.takes_part(node_id, now)
    if known:
        place = str(Endpoint("tcp", remote.host, 7400))
        assert introduce(mind, node_id, record(name, place).data).found
    return node_id


def introduce(mind: Pex, node_id: str, data: bytes, now: float = 0.0) -> News:
    """What follows from a peer's own record."""
    news = mind.introduced(node_id, data, now, WALL)
    assert news is not None
    return news


#: The last request to each node, of the mind that made it.
UNDER_WAY: WeakKeyDictionary[Pex, dict[str, Poll]] = WeakKeyDictionary()


def ask(mind: Pex, now: float = 1.0) -> str:
    """Let it ask somebody; whom?"""
    (poll,) = mind.polls(now)
    UNDER_WAY.setdefault(mind, {})[poll.node_id] = poll
    return poll.node_id


def last(mind: Pex, node_id: str) -> Poll:
    """The last request to that node; one that is not under way where there was none."""
    return UNDER_WAY.get(mind, {}).get(node_id, Poll(-1, node_id, "", MAX_RECORDS))


def hear(mind: Pex, teller: str, records: Iterable[PeerRecord | bytes], now: float = 1.0) -> News:
    """All that follows from an answer."""
    data = [one if isinstance(one, bytes) else one.data for one in records]
    heard = list(mind.answered(last(mind, teller), data, now, WALL))
    return News(
        tuple(one for news in heard for one in news.found),
        tuple(one for news in heard for one in news.lost),
        tuple(one for news in heard for one in news.faults),
    )


def advert(node_id: str, record: PeerRecord | None = None, verified: tuple[Endpoint, ...] = ()) -> Advert:
    return Advert(node_id=node_id, verified=verified, record=record)


def told(mind: Pex, asker: str, *names: str, role: str = "", limit: int = MAX_RECORDS) -> tuple[bytes, ...]:
    """What it answers, where the manager says that these nodes may be told of."""
    adverts = [advert(identity(name).node_id) for name in names]
    return mind.answer(asker, role, limit, adverts, 1.0, WALL)
