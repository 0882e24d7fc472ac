"""`peerbus status`: the node as a whole, ready or why not."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from ...actors.base import printable
from ..client import AdminClient, RequestRefused
from .node_command import NodeCommand
from .peer_ids import without_id
from .pools import pool_line
from .shown import ShownBan, ShownBook, ShownChannel, ShownNode, ShownRequirement
from .shown_work import ShownPatterns, ShownPool, ShownStreams, ShownWorker
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
        terminal.say(*_lines(terminal, seen, channels, requirements, bans, await _work(node)))
    elif not ready:
        terminal.say(*(f"{each.reason}: {printable(each.text)}" for each in seen.ready.why_not))
    return NOT_READY if options.ready and not ready else 0


async def _work(node: AdminClient) -> list[tuple[str, str]]:
    """What is at work beside plain actors, as far as there is some: a name, and what there is to say."""
    rows = []
    for name, path, kind, text in _WORK:
        try:
            found: object = await node.get(path, kind)
        except RequestRefused:  # a node of a version that knows none
            continue
        rows.append((name, text(found)))
    return rows


def _pools(found: Any) -> str:
    return "; ".join(f"{each.name} {pool_line(each)}" for each in found)


def _workers(found: Any) -> str:
    lost = [each for each in found if each.state != "running"]
    memory = size(sum(each.memory for each in found))
    odd = "".join(f"; {each.name} is {each.state}" for each in lost)
    return f"{len(found) - len(lost)} of {len(found)} run, {memory}{odd}" if found else ""


def _streams(found: Any) -> str:
    total = [sum(getattr(each, name) for each in found.values()) for name in ("sending", "standing", "reading")]
    return "{} sent, {} of them wait for their readers; {} read".format(*total) if any(total) else ""


def _patterns(found: Any) -> str:
    gossips = [f"{each.name} holds {each.figures.held}, {each.figures.neighbours} neighbours" for each in found.gossips]
    return "; ".join([*gossips, *(f"{each.reactor} runs {each.state}" for each in found.singletons)])


_WORK: tuple[tuple[str, str, Any, Callable[[Any], str]], ...] = (
    ("pools", "/v1/pools", tuple[ShownPool, ...], _pools),
    ("workers", "/v1/workers", tuple[ShownWorker, ...], _workers),
    ("streams", "/v1/streams", dict[str, ShownStreams], _streams),
    ("patterns", "/v1/patterns", ShownPatterns, _patterns),
)


def _book(seen: ShownBook | None) -> str:
    """What of it the operator must know: nothing while it is written."""
    if seen is None or not seen.error:
        return ""
    return f"CANNOT BE WRITTEN ({seen.error}): bans and what is learnt of peers are forgotten when the node stops"


def _lines(
    terminal: Terminal,
    seen: ShownNode,
    channels: tuple[ShownChannel, ...],
    requirements: list[str],
    bans: int,
    work: list[tuple[str, str]],
) -> list[str]:
    word = terminal.paint("ready", Colour.GOOD) if seen.ready.ready else terminal.paint("NOT READY", Colour.BAD)
    up = span(max(0.0, time.time() - seen.process.started))
    peers = ", ".join(f"{count} {state}" for state, count in sorted(seen.peers.items()))
    known = sum(seen.peers.values())
    of = "" if known == seen.connected else f", of {known} that are known"
    queued = sum(each.load.queued for each in channels if each.load is not None)
    oldest = max((each.oldest for each in channels if each.oldest is not None), default=None)
    process = seen.process
    rows = [
        ("why not", "; ".join(each.text for each in seen.ready.why_not)),
        ("id", seen.node_id),
        ("version", f"{seen.version}, process {process.pid}, up {up}"),
        ("listens", ", ".join(map(without_id, seen.endpoints)) or "nowhere"),
        ("offers", ", ".join(seen.offers) or "nothing"),
        ("peers", f"{seen.connected} connected{of}" + (f" ({peers})" if peers else "")),
        ("requires", "; ".join(requirements)),
        ("bans", str(bans) if bans else ""),
        ("book", _book(seen.book)),
        ("carriers", by_reason({carrier: each.open for carrier, each in seen.carried.carried.items() if each.open})),
        ("opened", by_reason(seen.carried.opened)),
        ("ended", by_reason(seen.carried.ended)),
        ("actors", f"{seen.actors}, {seen.restarts} restarts"),
        ("mailboxes", f"{queued} messages" + (f", the oldest for {span(oldest)}" if oldest is not None else "")),
        *work,
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
