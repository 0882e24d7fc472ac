"""What is read of a node for one picture of it, no more than that picture shows; and the counters in it."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from ...actors.actor_page import ActorPage, ActorView
from ...actors.pool_view import PoolView
from ...discovery.mind import PeerView
from ...node.views import StreamsView
from ...node.workers import WorkerView
from ...patterns.pattern_views import PatternViews
from ...transports.connection import ConnectionStatistics
from ..api import ChannelView, NodeOverview
from ..client import AdminClient

__all__ = ["Shown", "TopSample", "counters_of", "take_sample"]

#: Actors that are read: the foremost, of which a screen shows some.
ACTORS = 500


class Shown(enum.StrEnum):
    """Which table is shown."""

    PEERS = "peers"
    CHANNELS = "channels"
    ACTORS = "actors"
    POOLS = "pools"
    WORKERS = "workers"
    STREAMS = "streams"
    PATTERNS = "patterns"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopSample:
    """What was read at `at`, on a clock that never jumps. What the table that is shown does not need is empty."""

    at: float
    node: NodeOverview
    channels: tuple[ChannelView, ...] = ()
    peers: tuple[PeerView, ...] = ()
    #: By node id, of a peer with several the last.
    connections: Mapping[str, ConnectionStatistics]
    actors: tuple[ActorView, ...] = ()
    pools: tuple[PoolView, ...] = ()
    workers: tuple[WorkerView, ...] = ()
    streams: Mapping[str, StreamsView] = field(default_factory=dict)
    patterns: PatternViews = field(default_factory=PatternViews)

    @property
    def run(self) -> Hashable:
        """Which process it is."""
        return self.node.node_id, self.node.process.pid, self.node.process.started


async def take_sample(
    client: AdminClient, shown: Shown, at: float, *, order: str = "fullest", match: str = ""
) -> TopSample:
    """Read what that table needs; of actors the foremost by `order`, with `match` in their names. Raises AdminError."""
    node, channels = await client.node(), await client.channels()
    peers: tuple[PeerView, ...] = ()
    connections: dict[str, ConnectionStatistics] = {}
    actors: tuple[ActorView, ...] = ()
    if shown is Shown.PEERS:
        peers = await client.peers()
        connections = {each.peer_id: each for each in (await client.connections()).values()}
    elif shown is Shown.ACTORS:
        query = {"match": match} if match else {}
        actors = (await client.get("/v1/actors", ActorPage, limit=ACTORS, order=order, **query)).actors
    return TopSample(
        at=at,
        node=node,
        channels=channels,
        peers=peers,
        connections=connections,
        actors=actors,
        pools=await client.pools() if shown is Shown.POOLS else (),
        workers=await client.workers() if shown is Shown.WORKERS else (),
        streams=await client.streams() if shown is Shown.STREAMS else {},
        patterns=await client.patterns() if shown is Shown.PATTERNS else PatternViews(),
    )


def counters_of(sample: TopSample) -> dict[Hashable, float]:
    """What only grows, by what it is of."""
    carried = sample.node.carried.carried.values()
    found: dict[Hashable, float] = {
        "received": sum(each.received for each in carried),
        "sent": sum(each.sent for each in carried),
        "cpu": sample.node.process.cpu_seconds,
        "handled": 0,
        "to peers": 0,
        "failed": 0,
    }
    for channel in sample.channels:
        local, remote, astray = channel.local, channel.remote, channel.astray
        handled, sent = local.delivered if local else 0, remote.sent if remote else 0
        failed = sum(sum(each.failed.values()) for each in (local, remote, astray) if each)
        found["channel", channel.name, "handled"] = handled
        found["channel", channel.name, "sent"] = sent
        found["channel", channel.name, "failed"] = failed
        found["channel", channel.name, "stood"] = remote.stood if remote else 0
        found["handled"] += handled
        found["to peers"] += sent
        found["failed"] += failed
    for peer_id, connection in sample.connections.items():
        found["peer", peer_id, "received"] = connection.bytes_received
        found["peer", peer_id, "sent"] = connection.bytes_sent
    for actor in sample.actors:
        found["actor", actor.name] = actor.mailbox.delivered
    return found | _counters_of_work(sample)


def _counters_of_work(sample: TopSample) -> dict[Hashable, float]:
    found: dict[Hashable, float] = {
        ("member", member.name): member.delivered for pool in sample.pools for member in pool.members
    }
    found |= {("worker", worker.name, worker.pid): worker.cpu for worker in sample.workers}
    for channel, streams in sample.streams.items():
        for name in ("sent", "delivered", "failed"):
            found["stream", channel, name] = getattr(streams, name)
    for gossip in sample.patterns.gossips:
        for name in ("delivered", "copies"):
            found["gossip", gossip.name, name] = getattr(gossip.figures, name)
    return found
