"""A peer's PROBE: what a reactor here waits for, as far as that is the peer's to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lanes import InLane, RemoteReply
from ..wire import ProbeFrame

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["probe"]


def probe(bus: Bus, lane: InLane, reply: RemoteReply | None, frame: ProbeFrame, own_id: str, by: str) -> None:
    """Have the bus look further, from that lane's reactor on. `reply`: of the ask that is named; `by`: the peer."""
    if frame.rid and (reply is None or reply.channel != frame.channel):
        return  # answered meanwhile
    cell = bus.cell(lane.info.name) if reply is None else reply.cell
    if cell is None:
        return
    task = cell.task_of(reply)
    if task is not None:
        bus.deadlocks.probed(cell, task, frame.token, frame.path, own_id, by=by)
