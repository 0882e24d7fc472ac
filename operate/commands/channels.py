"""`peerbus channels`: what lies in mailboxes, how old it is, how long handlers take, and how sends went, by channel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from ..client import AdminClient
from .node_command import NodeCommand
from .shown import ShownAccount, ShownChannel
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import many, span

__all__ = ["CHANNELS", "quantile"]

_COLUMNS = (
    TextColumn("CHANNEL", gives=1),
    TextColumn("QUEUED", right=True),
    TextColumn("OLDEST", right=True),
    TextColumn("LOCAL", right=True),
    TextColumn("OUT", right=True),
    TextColumn("IN", right=True),
    TextColumn("REFUSED", right=True),
    TextColumn("FAILED", right=True),
    TextColumn("STOOD", right=True),
    TextColumn("P50", right=True),
    TextColumn("P99", right=True),
)


class Histogram(Protocol):
    """Samples by bucket, those above the last bound at the end."""

    @property
    def bounds(self) -> Sequence[float]:
        """The largest of each bucket but the last."""

    @property
    def counts(self) -> Sequence[int]:
        """How many are in each."""


async def channels(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/channels", object))
        return 0
    found = await node.get("/v1/channels", tuple[ShownChannel, ...])
    rows = [_row(channel) for channel in found]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no channels"]))
    return 0


def _row(channel: ShownChannel) -> list[Cell]:
    load = channel.load
    ages = [age for age in (channel.oldest, channel.oldest_to_peers) if age is not None]
    sides = (channel.local, channel.remote, channel.astray)
    failed = sum(sum(side.failed.values()) for side in sides if side is not None)
    stood = 0.0 if channel.remote is None else channel.remote.stood
    return [
        channel.name if channel.announced else f"{channel.name} (stays here)",
        "" if load is None else many(load.queued + load.waiting),
        span(max(ages, default=None), short=True),
        _sent(channel.local),
        _sent(channel.remote),
        _sent(channel.arrived),
        _refused(channel.arrived),
        (many(failed), Colour.BAD) if failed else "0",
        span(stood, short=True) if stood else "",
        span(quantile(channel.handling, 0.5), short=True),
        span(quantile(channel.handling, 0.99), short=True),
    ]


def _refused(account: ShownAccount | None) -> Cell:
    """What peers sent that they may not send."""
    count = 0 if account is None else account.failed.get("not_allowed", 0)
    return (many(count), Colour.NOTABLE) if count else ""


def _sent(account: ShownAccount | None) -> str:
    return "" if account is None else many(account.sent)


def quantile(seen: Histogram | None, share: float) -> float | None:
    """Seconds that such a share of samples took at most, by the bounds of buckets; None: no sample, or above them."""
    count_of_all = 0 if seen is None else sum(seen.counts)
    if seen is None or not count_of_all:
        return None
    reached = 0
    for bound, count in zip(seen.bounds, seen.counts, strict=False):
        reached += count
        if reached >= share * count_of_all:
            return bound
    return None


CHANNELS = NodeCommand(
    channels,
    lambda parser: None,
    "peerbus channels\npeerbus channels --json | jq '.[] | {name, oldest}'",
    "QUEUED and OLDEST are of messages that wait, in mailboxes here or on their way to peers. LOCAL, OUT and IN count\n"
    "sends since the start, to actors here, to peers and from peers; REFUSED those of peers that may not send them,\n"
    "FAILED those that did not arrive. (stays here): no peer is told of that channel. STOOD is how\n"
    "long sends stood for a peer's credit, all together. P50, P99: half, and 99 of 100, handlers took at most so long\n"
    "(of one turn in 127).",
)
