"""What the allocator keeps: no more than it says."""

from __future__ import annotations

import tracemalloc

from peerbus.node.process.allocator import KEPT, keep_freed_memory


def test_nothing_stays_allocated() -> None:
    tracemalloc.start()
    try:
        keep_freed_memory()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak >= KEPT
    assert now < KEPT // 100
