"""Memory of contexts has a bound on each node, and what they saved is counted by channel."""

from __future__ import annotations

from peerbus.transports.compression.pool import CompressedBytes, CompressionPool


def test_no_more_memory_is_taken_than_there_is() -> None:
    pool = CompressionPool(100)
    assert [pool.take(40), pool.take(40), pool.take(40)] == [True, True, False]
    pool.give_back(40)
    assert pool.take(60)
    assert pool.used == 100


def test_counts_are_kept_by_channel() -> None:
    pool = CompressionPool()
    pool.of("a").sent += 5
    pool.of("a").left_alone += 1
    pool.of("b").received_as += 2
    assert pool.seen() == {"a": CompressedBytes(5, 0, 0, 0, 1), "b": CompressedBytes(0, 0, 0, 2, 0)}
