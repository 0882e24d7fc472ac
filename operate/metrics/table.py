"""The metrics of a node: each with its name, its kind, its labels, and where its values come from.

Law: a label has its values from a set that nobody outside of the node makes larger: channels that the node declares,
words of the code, roles that it requires. Never a peer, an actor, an address or a text. So there are as many series at
500 peers as at 5. What strangers may name (why they refuse) is bounded where it is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ...actors.engine import HistogramView, State
from ...actors.mailbox import Account
from ...discovery.peer import PeerState
from ...node.views import NodeSnapshot
from .exposition import MetricKind, MetricValue, Sampled
from .metric import Metric, Seen
from .work_table import WORK

__all__ = ["METRICS", "Metric", "Seen", "metrics_of"]


def metrics_of(seen: Seen) -> Iterator[Sampled]:
    """All of them, with their values."""
    for metric in METRICS:
        yield Sampled(metric.name, metric.kind, metric.text, metric.unit, metric.labels, metric.read(seen))


def _accounts(seen: Seen) -> Iterator[tuple[str, str, Account]]:
    ledger = seen.node.ledger
    sides = {"local": ledger.local, "remote": ledger.remote, "arrived": ledger.arrived, "astray": ledger.astray}
    for side, accounts in sides.items():
        for channel, account in sorted(accounts.items()):
            yield side, channel, account


def _sends(count: Callable[[Account], float]) -> Callable[[Seen], Iterator[MetricValue]]:
    def read(seen: Seen) -> Iterator[MetricValue]:
        for side, channel, account in _accounts(seen):
            yield (side, channel), count(account)

    return read


def _reasons(counts: Callable[[Account], Mapping[str, int]]) -> Callable[[Seen], Iterator[MetricValue]]:
    def read(seen: Seen) -> Iterator[MetricValue]:
        for side, channel, account in _accounts(seen):
            for reason, count in sorted(counts(account).items()):
                yield (side, channel, reason), count

    return read


def _by(
    counts: Callable[[NodeSnapshot], Mapping[str, float | HistogramView]],
) -> Callable[[Seen], Iterator[MetricValue]]:
    def read(seen: Seen) -> Iterator[MetricValue]:
        for label, count in sorted(counts(seen.node).items()):
            yield (label,), count

    return read


def _one(value: Callable[[Seen], float | None]) -> Callable[[Seen], Iterator[MetricValue]]:
    """One value, or none where it is not known."""

    def read(seen: Seen) -> Iterator[MetricValue]:
        found = value(seen)
        if found is not None:
            yield (), found

    return read


def _loads(level: str) -> Callable[[Seen], Iterator[MetricValue]]:
    return _by(lambda node: {name: getattr(load, level) for name, load in node.actors.channels.items()})


def _credit(level: str) -> Callable[[Seen], Iterator[MetricValue]]:
    return _by(lambda node: {name: getattr(left, level) for name, left in node.credit.items()})


def _members(seen: Seen) -> Iterator[MetricValue]:
    for pool in seen.node.pools:
        if pool.channel is not None:
            for state in State:
                yield (pool.channel, state.value), sum(each.state == state.value for each in pool.members)


def _pool_streams(seen: Seen) -> Iterator[MetricValue]:
    for pool in seen.node.pools:
        if pool.channel is not None:
            yield (pool.channel, "open"), sum(each.streams for each in pool.members)
            yield (pool.channel, "waiting"), pool.streams_waiting


def _asks(seen: Seen) -> Iterator[MetricValue]:
    for side, channels in sorted(seen.node.actors.asks.items()):
        for channel, histogram in sorted(channels.items()):
            yield (side, channel), histogram


def _oldest(lanes: bool) -> Callable[[Seen], Iterator[MetricValue]]:
    """Of each channel that there are mailboxes of, or lanes to: where nothing waits it is 0, and no gap in a curve."""

    def ages(node: NodeSnapshot) -> dict[str, float]:
        known: Iterable[str] = node.credit if lanes else node.actors.channels
        return {**dict.fromkeys(known, 0.0), **(node.oldest.lanes if lanes else node.oldest.mailboxes)}

    return _by(ages)


def _connections(seen: Seen) -> Iterator[MetricValue]:
    for carrier, totals in sorted(seen.node.carried.carried.items()):
        for state, counts in (("opened", totals.opened), ("ended", totals.ended)):
            for reason, count in sorted(counts.items()):
                yield (reason, state, carrier), count


def _bytes(seen: Seen) -> Iterator[MetricValue]:
    for carrier, counts in sorted(seen.node.carried.carried.items()):
        yield ("received", carrier), counts.received
        yield ("sent", carrier), counts.sent


def _compressed(seen: Seen) -> Iterator[MetricValue]:
    for channel, counts in sorted(seen.node.carried.compressed.items()):
        yield (channel, "received", "before"), counts.received
        yield (channel, "received", "after"), counts.received_as
        yield (channel, "sent", "before"), counts.sent
        yield (channel, "sent", "after"), counts.sent_as
        yield (channel, "sent", "left alone"), counts.left_alone


def _requirements(seen: Seen) -> Iterator[MetricValue]:
    met: dict[str, bool] = {}
    for view in seen.node.peers.requirements:
        met[view.require.role] = met.get(view.require.role, True) and view.met
    for role, is_met in sorted(met.items()):
        yield (role,), int(is_met)


_COUNTER, _GAUGE, _HISTOGRAM, _INFO = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM, MetricKind.INFO
_OF_SEND, _WHY = ("side", "channel"), ("side", "channel", "reason")

METRICS: tuple[Metric, ...] = (
    Metric(
        "peerbus_build",
        _INFO,
        "The version and the build that run; always 1.",
        lambda s: [((s.version, s.node.process.build), 1)],
        ("version", "build"),
    ),
    Metric("peerbus_ready", _GAUGE, "1: the node can be counted on, as /readyz says.", _one(lambda s: int(s.ready))),
    Metric("peerbus_draining", _GAUGE, "1: the operator has it emptied.", _one(lambda s: int(s.node.peers.draining))),
    # Sends.
    Metric("peerbus_messages_sent", _COUNTER, "Sends that were begun.", _sends(lambda a: a.sent), _OF_SEND),
    Metric(
        "peerbus_messages_delivered", _COUNTER, "Sends that a mailbox here took, or a peer gave its credit back for.",
        _sends(lambda a: a.delivered), _OF_SEND,
    ),
    Metric(
        "peerbus_messages_failed", _COUNTER, "Sends that were not delivered, whose senders were told why.",
        _reasons(lambda a: a.failed), _WHY,
    ),
    Metric(
        "peerbus_messages_dropped", _COUNTER, "Messages that lay in a mailbox and were never handled.",
        _reasons(lambda a: a.dropped), _WHY,
    ),
    Metric(
        "peerbus_messages_undone", _COUNTER, "Messages whose handler failed, was cancelled, or took too long.",
        _reasons(lambda a: a.undone), _WHY,
    ),
    Metric(
        "peerbus_messages_pending", _GAUGE, "Sends that wait for room or credit, or are on their way.",
        _sends(lambda a: a.pending), _OF_SEND,
    ),
    Metric(
        "peerbus_dead_letters", _COUNTER, "Messages that nobody handled.", _by(lambda n: n.actors.dead_letters),
        ("reason",),
    ),
    # Actors.
    Metric("peerbus_actors", _GAUGE, "Actors that run.", _loads("actors"), ("channel",)),
    Metric(
        "peerbus_actor_restarts", _COUNTER, "Actors that failed and were made anew.",
        _one(lambda s: s.node.actors.restarts),
    ),
    Metric("peerbus_mailbox_messages", _GAUGE, "Messages that lie in mailboxes.", _loads("queued"), ("channel",)),
    Metric(
        "peerbus_mailbox_bytes", _GAUGE, "Bytes of those of them that came from peers.", _loads("queued_bytes"),
        ("channel",), "bytes",
    ),
    Metric(
        "peerbus_mailbox_oldest_seconds", _GAUGE, "For how long the oldest message has lain in a mailbox.",
        _oldest(lanes=False), ("channel",), "seconds",
    ),
    Metric(
        "peerbus_queue_duration_seconds", _HISTOGRAM, "How long messages lay in mailboxes, of one in 127.",
        _by(lambda n: n.actors.staying), ("channel",), "seconds",
    ),
    Metric(
        "peerbus_handler_duration_seconds", _HISTOGRAM, "How long handlers took, of one message in 127.",
        _by(lambda n: n.actors.handling), ("channel",), "seconds",
    ),
    Metric(
        "peerbus_ask_duration_seconds", _HISTOGRAM, "How long asks of this node took, of one in 127.", _asks,
        ("side", "channel"), "seconds",
    ),
    # Pools, of actors with a channel. What waits there is in the mailboxes of their channel.
    Metric("peerbus_pool_members", _GAUGE, "Members of a pool, by state.", _members, ("channel", "state")),
    Metric(
        "peerbus_pool_lost_members", _COUNTER, "Members of a pool that ended for good, their budget spent.",
        _by(lambda n: {pool.channel: pool.lost for pool in n.pools if pool.channel is not None}), ("channel",),
    ),
    Metric(
        "peerbus_pool_streams", _GAUGE, "Streams of a pool: open at its members, or waiting for a place at one.",
        _pool_streams, ("channel", "state"),
    ),
    *WORK,
    # Ways to peers.
    Metric(
        "peerbus_outbound_credit_messages", _GAUGE, "Messages that peers would take now.", _credit("messages"),
        ("channel",),
    ),
    Metric(
        "peerbus_outbound_credit_bytes", _GAUGE, "Bytes that peers would take now.", _credit("bytes"), ("channel",),
        "bytes",
    ),
    Metric(
        "peerbus_outbound_oldest_seconds", _GAUGE, "For how long the oldest message has been on its way to a peer.",
        _oldest(lanes=True), ("channel",), "seconds",
    ),
    Metric(
        "peerbus_credit_stall_seconds", _COUNTER, "Seconds that sends stood for a peer's credit, all together.",
        _by(lambda n: {name: account.stood for name, account in n.ledger.remote.items()}), ("channel",), "seconds",
    ),
    Metric(
        "peerbus_rate_held_seconds", _COUNTER, "Seconds for which credit of peers was held back by their rates.",
        _by(lambda n: n.carried.held), ("channel",), "seconds",
    ),
    # Peers.
    Metric(
        "peerbus_peers", _GAUGE, "Known peers.",
        _by(lambda n: {state.value: n.peers.states.get(state.value, 0) for state in PeerState}), ("state",),
    ),
    Metric(
        "peerbus_connections", _COUNTER, "Connections that have opened, dialed or accepted, and that ended, by why.",
        _connections, ("reason", "state", "carrier"),
    ),
    Metric(
        "peerbus_dials_failed", _COUNTER, "Dials that came back without a connection.", _by(lambda n: n.peers.failed),
        ("reason",),
    ),
    Metric(
        "peerbus_connections_refused", _COUNTER, "Peers that this node refused.", _by(lambda n: n.peers.refused),
        ("reason",),
    ),
    Metric(
        "peerbus_peers_reported", _COUNTER, "What peers got or lost points for.", _by(lambda n: n.peers.reported),
        ("reason",),
    ),
    Metric(
        "peerbus_bytes", _COUNTER, "Bytes on connections to peers.", _bytes, ("direction", "carrier"), "bytes",
    ),
    Metric(
        "peerbus_compression_bytes", _COUNTER, "Bytes of what was compressed, before and after, and of what was not.",
        _compressed, ("channel", "direction", "state"), "bytes",
    ),
    Metric(
        "peerbus_requirement_met", _GAUGE, "1: as many peers offer the role as this node requires.", _requirements,
        ("role",),
    ),
    Metric("peerbus_bans", _GAUGE, "Bans in force.", _one(lambda s: len(s.node.peers.bans))),
    Metric(
        "peerbus_clock_offset_seconds", _GAUGE,
        "How far the calendars of peers are ahead of this node's, the median; absent where nobody has said it, or most "
        "of them differ.",
        _one(lambda s: s.node.peers.clock_offset), (), "seconds",
    ),
    Metric(
        "peerbus_book_written", _GAUGE, "1: the last write of the peer book succeeded; absent where there is no book.",
        _one(lambda s: None if s.node.book is None else int(not s.node.book.error)),
    ),
    Metric(
        "peerbus_book_failures", _COUNTER, "Writes of the peer book that failed; absent where there is no book.",
        _one(lambda s: None if s.node.book is None else s.node.book.failures),
    ),
    # The process.
    Metric(
        "peerbus_event_loop_lag_seconds", _GAUGE, "How late a timer came, at most in the last minute.",
        _one(lambda s: s.node.loop_lag.worst), (), "seconds",
    ),
    Metric(
        "process_cpu_seconds", _COUNTER, "Processor time of the process.", _one(lambda s: s.node.process.cpu_seconds),
        (), "seconds",
    ),
    Metric(
        "process_start_time_seconds", _GAUGE, "When the process began, in seconds since 1970.",
        _one(lambda s: s.node.process.started), (), "seconds",
    ),
    Metric(
        "process_resident_memory_bytes", _GAUGE, "Memory of the process.",
        _one(lambda s: s.node.process.resident_bytes), (), "bytes",
    ),
    Metric("process_threads", _GAUGE, "Threads of Python.", _one(lambda s: s.node.process.threads)),
    Metric("process_open_fds", _GAUGE, "Open file descriptors.", _one(lambda s: s.node.process.open_fds)),
    Metric("process_max_fds", _GAUGE, "File descriptors that it may open.", _one(lambda s: s.node.process.max_fds)),
)  # fmt: skip
