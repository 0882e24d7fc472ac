"""What one peer may not do here, and what it does not let this node do, as far as it says."""

from __future__ import annotations

from ...actors.base import printable
from ..client import AdminClient, RequestRefused
from .peer_ids import connections_of, full_id, short_id
from .shown import ShownConnection
from .terminal import Terminal

__all__ = ["limits_of", "say_rights"]


async def say_rights(node: AdminClient, said: str, terminal: Terminal, *, json: bool) -> int:
    """Of the peer that is meant. Raises as `full_id`, and RequestRefused for one that is not connected."""
    node_id = await full_id(node, said)
    seen = [each for each in (await connections_of(node, ShownConnection)).values() if each.peer_id == node_id]
    if not seen:
        text = f"{short_id(node_id)} is not connected, and what it may do is judged when it is"
        raise RequestRefused(text, status=404, reason="unknown_peer")
    if json:
        here = {name: verbs for each in seen for name, verbs in each.refused.items()}
        there = {name: lane.not_allowed for each in seen for name, lane in each.lanes.items() if lane.not_allowed}
        terminal.say_json({"peer": node_id, "refused_here": here, "refused_there": there})
        return 0
    lines = [line for each in seen for line in limits_of(each)]
    name = f" ({seen[0].name})" if seen[0].name else ""
    lines = lines or ["  may do everything here, and lets this node do everything there, as far as it says"]
    terminal.say(*map(printable, [f"peer {node_id}{name}", *lines]))
    return 0


def limits_of(each: ShownConnection) -> list[str]:
    """Lines for people; none where nothing is refused."""
    lines = [f"  may not {' or '.join(verbs)} on {name}" for name, verbs in sorted(each.refused.items())]
    if each.disbelieved:
        lines.append(f"  is not believed to offer {', '.join(each.disbelieved)}")
    return lines + [
        f"  does not let this node {' or '.join(lane.not_allowed)} on {name}"
        for name, lane in sorted(each.lanes.items())
        if lane.not_allowed
    ]
