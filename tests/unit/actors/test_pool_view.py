"""A pool at an instant is a value that becomes JSON."""

from __future__ import annotations

import msgspec

from peerbus.actors import MemberView, PoolView


def test_it_goes_through_json() -> None:
    member = MemberView("work.1", "running", "thread", 2, 1, 30, 0)
    pool = PoolView("work", "WorkerPool", "work", "running", "least", 1, (member,), 1, 8, True, 0, 0.5, 0, False)
    assert msgspec.json.decode(msgspec.json.encode(pool), type=PoolView) == pool
