"""The tables: what stands in the columns of peers, channels and actors, and what of it is worth a colour.

Those of pools, workers, streams and patterns are in `work_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...actors.actor_page import ActorView
from ...discovery.mind import PeerView
from ...discovery.peer import PeerState
from ...transports.connection import ConnectionStatistics
from ...transports.streams import Endpoint
from ..api import ChannelView
from .figures import BLOCKS, bytes_text, seconds_text
from .grid import GridColumn, GridRow
from .rates import Rates
from .row_cells import BAD, DIM, GOOD, LINE, ODD, RowCells
from .sample import Shown, TopSample
from .work_tables import WORK_COLUMNS, WORK_SORT, work_rows

__all__ = ["COLUMNS", "DEFAULT_SORT", "rows_of"]

#: Seconds for which a message may lie that nobody looks for.
OLD, TOO_OLD = 1.0, 10.0
#: Part of a mailbox that is filled, from which it is worth a colour.
FILLED = 0.8

#: States of peers, in the order in which they are looked for.
_STATES: Final = ("ready", "renewing", "connected", "evicting", "dialing", "idle")

COLUMNS: Final[Mapping[Shown, tuple[GridColumn, ...]]] = {
    Shown.PEERS: (
        GridColumn("PEER", None, descending=False),
        GridColumn("ID", 8, descending=False),
        GridColumn("STATE", 9, descending=False, order=_STATES),
        GridColumn("OFFERS", None, descending=False),
        GridColumn("RTT", 6),
        GridColumn("IN/s", 6),
        GridColumn("OUT/s", 6),
        GridColumn("QUEUE", 6),
        GridColumn("SCORE", 6),
        GridColumn("VIA", 10, 118, descending=False),
        GridColumn("WHERE", 26, 110, descending=False),
        GridColumn("TRAFFIC", LINE, 130),
    ),
    Shown.CHANNELS: (
        GridColumn("CHANNEL", None, descending=False),
        GridColumn("ACTORS", 7),
        GridColumn("MSGS/s", 7),
        GridColumn("SENT/s", 7),
        GridColumn("QUEUE", 6),
        GridColumn("WAIT", 5),
        GridColumn("OLDEST", 7),
        GridColumn("HANDLE", 7),
        GridColumn("FAIL/s", 7),
        GridColumn("STOOD", 6, 96),
        GridColumn("TRAFFIC", LINE, 110),
    ),
    Shown.ACTORS: (
        GridColumn("ACTOR", None, descending=False),
        GridColumn("STATE", 9, descending=False),
        GridColumn("QUEUE", 6),
        GridColumn("ROOM", 6),
        GridColumn("MSGS/s", 7),
        GridColumn("WAIT", 5),
        GridColumn("RESTART", 8),
        GridColumn("AT", None, descending=False),
        GridColumn("CLASS", 18, 110, descending=False),
        GridColumn("TRAFFIC", LINE, 130),
    ),
    **WORK_COLUMNS,
}
#: What each is sorted by at first.
DEFAULT_SORT: Final[Mapping[Shown, str]] = {
    Shown.PEERS: "STATE",
    Shown.CHANNELS: "MSGS/s",
    Shown.ACTORS: "QUEUE",
    **WORK_SORT,
}


def rows_of(sample: TopSample, shown: Shown, rates: Rates, blocks: str = BLOCKS) -> list[GridRow]:
    """The rows of that table, in no order."""
    match shown:
        case Shown.PEERS:
            return [_peer(peer, sample.connections.get(peer.node_id or ""), rates, blocks) for peer in sample.peers]
        case Shown.CHANNELS:
            return [_channel(channel, rates, blocks) for channel in sample.channels]
        case Shown.ACTORS:
            return [_actor(actor, rates, blocks) for actor in sample.actors]
        case _:
            return work_rows(sample, shown, rates)


def _peer(peer: PeerView, connection: ConnectionStatistics | None, rates: Rates, blocks: str) -> GridRow:
    cells, node_id = RowCells(), peer.node_id or ""
    endpoint = (
        Endpoint.parse(connection.remote) if connection else peer.addresses[0].endpoint if peer.addresses else None
    )
    where = "" if endpoint is None else str(endpoint.without_peer())
    cells.put("PEER", (connection.name if connection else "") or where, connection.name if connection else "")
    cells.put("ID", node_id[:8], node_id)
    style = GOOD if peer.up else DIM if peer.state is PeerState.IDLE else ODD
    cells.put("STATE", peer.state.value, peer.state.value, style)
    offers = ",".join(peer.roles if peer.offers is None else peer.offers)
    cells.put("OFFERS", offers, offers)
    cells.number("RTT", connection.rtt if connection else None, seconds_text)
    cells.number("IN/s", rates.rate(("peer", node_id, "received")), bytes_text)
    cells.number("OUT/s", rates.rate(("peer", node_id, "sent")), bytes_text)
    lanes = connection.lanes.values() if connection else ()
    queue = sum(lane.waiting + lane.queued + lane.unconfirmed for lane in lanes)
    stalled = any(lane.waiting for lane in lanes)
    cells.number("QUEUE", float(queue) if connection else None, style=ODD if stalled else "")
    cells.number("SCORE", peer.score, style=BAD if peer.score < 0 else "")
    via = endpoint.scheme if connection and endpoint else ""
    cells.put("VIA", via, via)
    cells.put("WHERE", where, where)
    history = zip(rates.history(("peer", node_id, "received")), rates.history(("peer", node_id, "sent")), strict=False)
    cells.line(tuple(received + sent for received, sent in history), blocks)
    return cells.row()


def _channel(channel: ChannelView, rates: Rates, blocks: str) -> GridRow:
    cells, name, load = RowCells(), channel.name, channel.load
    cells.put("CHANNEL", name, name)
    cells.number("ACTORS", load.actors if load else None)
    cells.number("MSGS/s", rates.rate(("channel", name, "handled")))
    cells.number("SENT/s", rates.rate(("channel", name, "sent")))
    pending = (load.queued if load else 0) + (channel.remote.pending if channel.remote else 0)
    cells.number("QUEUE", pending)
    waiting = load.waiting if load else 0
    cells.number("WAIT", waiting, style=ODD if waiting else "")
    ages = [age for age in (channel.oldest, channel.oldest_to_peers) if age is not None]
    oldest = max(ages, default=None)
    cells.number("OLDEST", oldest, seconds_text, _age_style(oldest))
    handling = channel.handling
    cells.number("HANDLE", handling.total / handling.count if handling and handling.count else None, seconds_text)
    failed = rates.rate(("channel", name, "failed"))
    cells.number("FAIL/s", failed, style=BAD if failed else "")
    stood = rates.rate(("channel", name, "stood"))
    cells.number("STOOD", stood, style=ODD if stood else "")
    cells.line(tuple(rates.history(("channel", name, "handled"))), blocks)
    return cells.row()


def _actor(actor: ActorView, rates: Rates, blocks: str) -> GridRow:
    cells, mailbox = RowCells(), actor.mailbox
    cells.put("ACTOR", actor.name, actor.name)
    cells.put("STATE", actor.state, actor.state, "" if actor.state == "running" else ODD)
    filled = mailbox.queued >= FILLED * mailbox.limit
    cells.number("QUEUE", mailbox.queued, style=BAD if filled and mailbox.queued else "")
    cells.number("ROOM", mailbox.limit)
    cells.number("MSGS/s", rates.rate(("actor", actor.name)))
    cells.number("WAIT", mailbox.waiting, style=ODD if mailbox.waiting else "")
    cells.number("RESTART", actor.restarts, style=ODD if actor.restarts else "")
    cells.put("AT", actor.handling, actor.handling)
    cells.put("CLASS", actor.actor_class, actor.actor_class)
    cells.line(tuple(rates.history(("actor", actor.name))), blocks)
    return cells.row()


def _age_style(seconds: float | None) -> str:
    return "" if seconds is None or seconds < OLD else BAD if seconds >= TOO_OLD else ODD
