"""`peerbus ledger`: what became of every send since the node started, by channel and side."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .shown import ShownAccount, ShownLedger
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import by_reason, many

__all__ = ["LEDGER"]

_COLUMNS = (
    TextColumn("CHANNEL", gives=1),
    TextColumn("SIDE"),
    TextColumn("SENT", right=True),
    TextColumn("DELIVERED", right=True),
    TextColumn("PENDING", right=True),
    TextColumn("FAILED", right=True),
    TextColumn("WHY", gives=2),
)


async def ledger(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/ledger", object))
        return 0
    seen = await node.get("/v1/ledger", ShownLedger)
    found = _entries(seen)
    rows: list[list[Cell]] = []
    for name, side, account in found:
        failed = sum(account.failed.values())
        why = [by_reason(account.failed)]
        why += [
            f"{word}: {by_reason(counts)}"
            for word, counts in (("dropped", account.dropped), ("undone", account.undone))
            if counts
        ]
        rows.append(
            [
                name,
                side,
                many(account.sent),
                many(account.delivered),
                many(account.pending),
                (many(failed), Colour.BAD if failed else None),
                "; ".join(filter(None, why)),
            ]
        )
    if not rows:
        terminal.say("nothing was sent")
        return 0
    word = "it adds up: sent = delivered + pending + failed" if seen.balanced else "IT DOES NOT ADD UP"
    terminal.say(*table_lines(terminal, _COLUMNS, rows), word)
    return 0


def _entries(seen: ShownLedger) -> list[tuple[str, str, ShownAccount]]:
    """By channel, and each channel's sides in their order."""
    sides = {"local": seen.local, "remote": seen.remote, "arrived": seen.arrived, "astray": seen.astray}
    found = [(name, side, account) for side, accounts in sides.items() for name, account in accounts.items()]
    return sorted(found, key=lambda entry: entry[0])


LEDGER = NodeCommand(
    ledger,
    lambda parser: None,
    "peerbus ledger\npeerbus ledger --json | jq .local",
    "SIDE: local, to actors here, whoever sent; remote, to peers; arrived, from peers; astray, to nobody.\n"
    "Dropped were delivered and never met their handler; undone did, and it failed or was too late.",
)
