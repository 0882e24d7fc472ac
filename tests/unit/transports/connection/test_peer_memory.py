"""One budget for what all peers make a node hold."""

from __future__ import annotations

import pytest

from peerbus.transports.compression import CompressionPool
from peerbus.transports.connection import peer_memory
from peerbus.transports.connection.peer_memory import (
    PEER_MEMORY,
    PROVEN,
    SHORTEST,
    WORTH_GIVING_BACK,
    MemoryShare,
    PeerMemory,
    give_back_freed_memory,
)


class Holder:
    def __init__(self, memory: PeerMemory) -> None:
        self.holds = 0
        self.let_go: list[str] = []
        self.share: MemoryShare = memory.share(lambda: self.holds, self._shed)

    def _shed(self, why: str) -> None:
        self.let_go.append(why)
        self.holds = 0
        self.share.close()

    def has(self, holds: int) -> None:
        self.holds = holds
        self.share.look()


def test_the_largest_goes_whoever_asked_for_the_last_byte() -> None:
    memory = PeerMemory(100)
    large, small, newcomer = (Holder(memory) for _ in range(3))
    large.has(80)
    small.has(15)
    assert memory.total == 95
    newcomer.has(10)
    assert len(large.let_go) == 1
    assert "80 of 105 bytes" in large.let_go[0]
    assert not small.let_go
    assert not newcomer.let_go
    assert memory.total == 25


def test_as_many_go_as_have_to() -> None:
    memory = PeerMemory(100)
    holders = [Holder(memory) for _ in range(50)]
    for number, holder in enumerate(holders):
        holder.has(number)
    assert memory.total <= 100
    assert sum(bool(holder.let_go) for holder in holders) > 30
    assert not holders[0].let_go


class Context:
    """Of a lane that is compressed."""

    def __init__(self, pool: CompressionPool) -> None:
        self.pool = pool
        self.size = 0

    def takes(self, size: int) -> bool:
        self.size = size if self.pool.take(self, size) else 0
        return self.size > 0

    def end(self) -> None:
        self.pool.give_back(self, self.size)
        self.size = 0


def test_what_is_compressed_with_has_what_peers_leave_and_gives_way_before_anybody_goes() -> None:
    pool = CompressionPool(80)
    memory = PeerMemory(100, contexts=pool)
    holder, context = Holder(memory), Context(pool)
    holder.has(70)
    assert not context.takes(31)
    assert context.takes(30)
    holder.has(71)
    assert (context.size, pool.used, holder.let_go) == (0, 0, [])
    holder.has(101)
    assert holder.let_go
    assert not context.takes(81)
    assert context.takes(80)


def test_contexts_have_no_more_than_a_small_budget() -> None:
    pool = CompressionPool(80)
    memory = PeerMemory(50, contexts=pool)
    assert not Context(pool).takes(51)
    assert not memory.too_much


def test_nobody_goes_for_what_was_there_a_while_ago() -> None:
    memory = PeerMemory(100)
    before, now = Holder(memory), Holder(memory)
    before.has(90)
    before.holds = 0
    now.has(60)
    assert not before.let_go
    assert not now.let_go
    assert memory.total == 60


def test_what_ends_by_itself_holds_nothing() -> None:
    memory = PeerMemory(100)
    holder = Holder(memory)
    holder.has(50)
    holder.share.close()
    holder.share.close()
    assert memory.total == 0


def test_what_was_held_goes_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(peer_memory, "give_back_freed_memory", lambda: given.append(True))
    memory = PeerMemory()
    large, other = Holder(memory), Holder(memory)
    large.has(WORTH_GIVING_BACK)
    large.share.close()
    assert not given
    other.has(1)
    other.has(2)
    assert given == [True]


def test_the_more_is_held_and_the_more_hold_it_the_sooner_each_is_looked_at() -> None:
    memory = PeerMemory()
    assert memory.limit == PEER_MEMORY
    first = memory.pause
    holders = [Holder(memory) for _ in range(10)]
    tenth = memory.pause
    assert tenth <= first // 10
    holders[0].has(PEER_MEMORY - 1000)
    assert memory.pause == SHORTEST


def test_giving_back_does_no_harm_where_there_is_nothing_to_give() -> None:
    give_back_freed_memory()


class Place:
    """Connections of one source, which have come now."""

    def __init__(self, memory: PeerMemory, source: str, *, dialed: bool = False) -> None:
        self.memory = memory
        self.source = source
        self.dialed = dialed
        self.went = 0
        self.shares: list[MemoryShare] = []

    def holds(self, size: int) -> None:
        def shed(_why: str) -> None:
            self.went += 1

        share = self.memory.share(lambda: size, shed, self.source, dialed=self.dialed)
        self.shares.append(share)
        share.look()


@pytest.mark.parametrize("keys", [64, 500])
def test_many_fresh_keys_crowd_out_nobody_who_was_here_before_or_was_chosen(keys: int) -> None:
    now = 0.0
    memory = PeerMemory(96 << 20, lambda: now)
    before, chosen = Place(memory, "a"), Place(memory, "b", dialed=True)
    for _ in range(8):
        before.holds(3 << 20)
        chosen.holds(2 << 20)
    now = PROVEN
    crowd = [Place(memory, f"c{number}") for number in range(keys)]
    for place in crowd:
        place.holds((128 << 20) // keys)
    assert before.went == chosen.went == 0
    assert 0 < sum(place.went for place in crowd) < keys
    assert memory.total <= 96 << 20


def test_nobody_who_was_here_before_keeps_newcomers_out() -> None:
    now = 0.0
    memory = PeerMemory(96 << 20, lambda: now)
    before = [Place(memory, f"a{number}") for number in range(95)]
    for place in before:
        place.holds(1 << 20)
    now = 2 * PROVEN
    newcomer = Place(memory, "b")
    for _ in range(10):
        newcomer.holds(4 << 20)
    assert newcomer.went == 0
    assert sum(place.went for place in before) == 39


@pytest.mark.parametrize("keys", [64, 500])
def test_keys_of_one_address_go_before_another_ones_who_holds_more_than_each(keys: int) -> None:
    memory = PeerMemory(96 << 20)
    honest = [Place(memory, f"a{number}") for number in range(6)]
    for place in honest:
        place.holds(3 << 20)
    crowd = Place(memory, "c")
    for _ in range(keys):
        crowd.holds((200 << 20) // keys)
    assert not any(place.went for place in honest)
    assert crowd.went > 0


def test_a_large_one_goes_before_many_small_ones_of_one_address() -> None:
    memory = PeerMemory(96 << 20)
    shared = Place(memory, "a")
    for _ in range(60):
        shared.holds(1 << 20)
    large = Place(memory, "b")
    large.holds(40 << 20)
    assert (large.went, shared.went) == (1, 0)
