"""PROBE of a peer: what a reactor of this node waits for, as far as that is the peer's to ask; see `probing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...actors.engine import Cell
from ..lanes import Answering, AskedElsewhere, ForwardedAsk, InLane, RemoteReply
from ..sending import InsideLink
from ..wire import ProbeFrame

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["probe"]


def probe(bus: Bus, lane: InLane, reply: RemoteReply | None, frame: ProbeFrame, own_id: str, by: str) -> None:
    """Have the bus look further, from that lane's reactor on. `reply`: of the ask that is named; `by`: the peer.

    `by` is "" where another process of this node asks.
    """
    if frame.rid and (reply is None or reply.channel != frame.channel):
        return  # answered meanwhile
    cell: Answering | None = bus.cell(lane.info.name) if reply is None else reply.cell
    if cell is None or isinstance(cell, AskedElsewhere):
        _hand_on(bus, lane.info.name, None if cell is None else cell.ask, frame, by)
        return
    if isinstance(cell, Cell):
        bus.deadlocks.probed(cell, reply, frame.token, frame.path, own_id, by=by)


def _hand_on(bus: Bus, name: str, ask: ForwardedAsk | None, frame: ProbeFrame, by: str) -> None:
    """Another process of this node runs the reactor: have that look, as if the peer had asked it."""
    link = bus.routes.inside.get(name)
    if isinstance(link, InsideLink) and bus.deadlocks.hands_on(frame.token, frame.path, by):
        there = link.lanes.by_name.get(name) if ask is None else ask.lane
        if there is not None and (ask is None or ask.holder() is link):
            link.hand_on(ProbeFrame(0 if ask is None else ask.rid, there.index, frame.token, frame.path))
