"""`peerbus status`: the node as a whole, ready or why not."""

from __future__ import annotations

import argparse
import time

from ...actors.base import printable
from ..client import AdminClient, RequestRefused
from .node_command import NodeCommand
from .peer_ids import without_id
from .pools import pool_line
from .shown import ShownBan, ShownChannel, ShownNode, ShownPool, ShownRequirement
from .terminal import Colour, Terminal
from .units import by_reason, size, span

__all__ = ["STATUS"]

#: The exit status of `--ready` where the node is not.
NOT_READY = 1


async def status(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    seen = await node.get("/v1/node", ShownNode)
    ready = seen.ready.ready
    if options.json:
        terminal.say_json(await node.get("/v1/node", object))
    elif not options.ready:
        needs = await node.get("/v1/requirements", tuple[ShownRequirement, ...])
        requirements = [f"{each.require}: {each.have} of {each.want}" for each in needs]
        bans = len(await node.get("/v1/bans", tuple[ShownBan, ...]))
        channels = await node.get("/v1/channels", tuple[ShownChannel, ...])
        pools = await _pools(node)
        terminal.say(*_lines(terminal, seen, channels, requirements, bans, pools))
    elif not ready:
        terminal.say(*(f"{each.reason}: {printable(each.text)}" for each in seen.ready.why_not))
    return NOT_READY if options.ready and not ready else 0


async def _pools(node: AdminClient) -> list[str]:
    try:
        found = await node.get("/v1/pools", tuple[ShownPool, ...])
    except RequestRefused:  # a node of a version that knows none
        return []
    return [f"{each.name} {pool_line(each)}" for each in found]


def _lines(
    terminal: Terminal,
    seen: ShownNode,
    channels: tuple[ShownChannel, ...],
    requirements: list[str],
    bans: int,
    pools: list[str],
) -> list[str]:
    word = terminal.paint("ready", Colour.GOOD) if seen.ready.ready else terminal.paint("NOT READY", Colour.BAD)
    up = span(max(0.0, time.time() - seen.process.started))
    peers = ", ".join(f"{count} {state}" for state, count in sorted(seen.peers.items()))
    queued = sum(each.load.queued for each in channels if each.load is not None)
    oldest = max((each.oldest for each in channels if each.oldest is not None), default=None)
    process = seen.process
    rows = [
        ("why not", "; ".join(each.text for each in seen.ready.why_not)),
        ("id", seen.node_id),
        ("version", f"{seen.version}, process {process.pid}, up {up}"),
        ("listens", ", ".join(map(without_id, seen.endpoints)) or "nowhere"),
        ("offers", ", ".join(seen.offers) or "nothing"),
        ("peers", f"{seen.connected} connected" + (f" ({peers})" if peers else "")),
        ("requires", "; ".join(requirements)),
        ("bans", str(bans) if bans else ""),
        ("carriers", by_reason({carrier: each.open for carrier, each in seen.carried.carried.items() if each.open})),
        ("opened", by_reason(seen.carried.opened)),
        ("ended", by_reason(seen.carried.ended)),
        ("actors", f"{seen.actors}, {seen.restarts} restarts"),
        ("mailboxes", f"{queued} messages" + (f", the oldest for {span(oldest)}" if oldest is not None else "")),
        ("pools", "; ".join(pools)),
        ("dead", by_reason(seen.dead_letters)),
        ("loop lag", f"{span(seen.loop_lag.last)} now, {span(seen.loop_lag.worst)} at most in a minute"),
        ("process", f"{span(process.cpu_seconds)} of a processor, {size(process.resident_bytes)}, "
         f"{process.threads} threads, {process.open_fds if process.open_fds is not None else '?'} of "
         f"{process.max_fds} descriptors"),
    ]  # fmt: skip
    head = f"{terminal.paint(printable(seen.name), Colour.HEAD)} in network {printable(seen.network)} is {word}"
    return [head, *(f"  {name:<10} {printable(text)}" for name, text in rows if text)]


STATUS = NodeCommand(
    status,
    lambda parser: parser.add_argument(
        "--ready", action="store_true", help="say nothing where it is ready; else why not, and exit status 1"
    ),
    "peerbus status\npeerbus status --node alice --json\npeerbus status --ready || echo wait",
    "Not ready: it shuts down, is being emptied, or lacks peers that it requires.",
)
