"""The figures of a look at a node are there, of a small one here."""

from __future__ import annotations

import asyncio

from benchmarks.snapshots import _snapshots


def test_each_look_takes_some_time() -> None:
    figures = asyncio.run(_snapshots(20, 2))
    assert {"snapshot", "ledger", "page of actors", "waits"} <= figures.keys()
    assert all(0.0 < seconds < 60.0 for seconds in figures.values())
