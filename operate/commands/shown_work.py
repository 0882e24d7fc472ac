"""What commands read of pools, workers, streams, gossips and singletons; the law of `shown` holds for them too."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["ShownGossip", "ShownMember", "ShownPatterns", "ShownPool", "ShownSingleton", "ShownStreams", "ShownWorker"]


class ShownMember(msgspec.Struct, frozen=True):
    """See `MemberView`."""

    name: str
    state: str
    runs: str
    queued: int
    at_work: int
    delivered: int
    restarts: int
    pid: int = 0
    streams: int = 0


class ShownPool(msgspec.Struct, frozen=True):
    """See `PoolView`."""

    name: str
    actor_class: str
    state: str
    pick: str
    size: int
    members: tuple[ShownMember, ...]
    lower: int
    upper: int
    automatic: bool
    held: int
    oldest: float | None
    lost: int
    moving: bool
    streams_each: int = 0
    streams_waiting: int = 0


class ShownWorker(msgspec.Struct, frozen=True):
    """See `WorkerView`."""

    name: str
    state: str
    pid: int
    reactors: tuple[str, ...]
    begun: int
    ended: str
    memory: int = 0
    cpu: float = 0.0
    lag: float = 0.0
    queued: Mapping[str, int] | None = None
    restarts: int = 0
    pool: str = ""


class ShownStreams(msgspec.Struct, frozen=True):
    """See `StreamsView`."""

    sending: int
    standing: int
    reading: int
    sent: int
    delivered: int
    failed: int
    waiting: int = 0
    members: Mapping[str, int] = {}


class ShownGossipFigures(msgspec.Struct, frozen=True):
    """See `GossipView`."""

    held: int
    held_bytes: int
    neighbours: int
    eager: int
    delivered: int
    copies: int
    refused: int
    evicted: int
    distrusted: int


class ShownGossip(msgspec.Struct, frozen=True):
    """See `NodeGossip`."""

    name: str
    role: str
    figures: ShownGossipFigures


class ShownSingleton(msgspec.Struct, frozen=True):
    """See `NodeSingleton`."""

    reactor: str
    role: str
    state: str
    holders: tuple[str, ...]
    members: int
    offered: bool


class ShownPatterns(msgspec.Struct, frozen=True):
    """See `PatternViews`."""

    gossips: tuple[ShownGossip, ...]
    singletons: tuple[ShownSingleton, ...]
