"""Memory of contexts has a bound on each node, and what they saved is counted by channel."""

from __future__ import annotations

from peerbus.transports.compression.pool import CompressedBytes, CompressionPool


class Lane:
    """One that compresses, if it may."""

    def __init__(self, pool: CompressionPool, size: int) -> None:
        self.pool, self.size = pool, size
        self.has = False

    def takes(self) -> bool:
        self.has = self.pool.take(self, self.size)
        return self.has

    def end(self) -> None:
        if self.has:
            self.has = False
            self.pool.give_back(self, self.size)


def test_no_more_memory_is_taken_than_there_is() -> None:
    pool = CompressionPool(100)
    lanes = [Lane(pool, 40) for _ in range(3)]
    assert [lane.takes() for lane in lanes] == [True, True, False]
    lanes[0].end()
    assert Lane(pool, 60).takes()
    assert pool.used == 100


def test_no_more_is_taken_than_peers_leave_and_what_is_needed_is_given_back() -> None:
    pool = CompressionPool(100)
    pool.room = 50
    lanes = [Lane(pool, 20) for _ in range(3)]
    assert [lane.takes() for lane in lanes] == [True, True, False]
    pool.give_way()
    assert pool.used == 0
    assert not any(lane.has for lane in lanes)
    assert lanes[2].takes()


def test_counts_are_kept_by_channel() -> None:
    pool = CompressionPool()
    pool.of("a").sent += 5
    pool.of("a").left_alone += 1
    pool.of("b").received_as += 2
    assert pool.seen() == {"a": CompressedBytes(5, 0, 0, 0, 1), "b": CompressedBytes(0, 0, 0, 2, 0)}
