"""Whoever knocks is let in by turns: no source takes the places of another."""

from __future__ import annotations

from random import Random

from peerbus.transports.streams.startups import (
    AT_ONCE,
    BURST,
    GRACE,
    LEAST_PENALTY,
    MAX_SILENT,
    MAX_STARTUPS,
    PENALTIES,
    RESERVE,
    Startup,
    Startups,
)

FULL = MAX_STARTUPS[2]
NEVER = (FULL, 1.0, FULL)


def come(startups: Startups, host: str, now: float, *, known: bool = False) -> Startup:
    one, gone = arrive(startups, host, now, known=known)
    assert one is not None
    assert gone is None
    return one


def arrive(startups: Startups, host: str, now: float, *, known: bool = False) -> tuple[Startup | None, Startup | None]:
    """Somebody knocks, and says something at once."""
    one, gone = startups.arrive(host, now, known=known)
    if one is None:
        return None, None
    may, victim = startups.spoke(one, now)
    return (one if may else None), gone or victim


def test_a_full_table_makes_room_at_the_cost_of_the_source_that_has_most() -> None:
    startups = Startups(Random(1), max_startups=NEVER)
    flood = [come(startups, "10.0.0.1", 0.0) for _ in range(FULL - 1)]
    other = come(startups, "10.0.0.2", 0.0)
    one, gone = arrive(startups, "10.0.0.3", 0.0)
    assert one is not None
    assert gone is flood[0]
    startups.ended(gone, "evicted", 0.0)
    assert len(startups) == FULL
    assert other is not gone


def test_a_source_that_has_most_itself_waits_until_its_own_first_had_its_time() -> None:
    startups = Startups(Random(1), max_startups=NEVER)
    first, *_ = (come(startups, "10.0.0.1", 0.0) for _ in range(FULL))
    startups.begin(0.0)
    assert arrive(startups, "10.0.0.1", GRACE / 2) == (None, None)
    one, gone = arrive(startups, "10.0.0.1", GRACE * 2)
    assert one is not None
    assert gone is first


def test_near_the_bound_who_has_somebody_here_is_dropped_early_and_who_has_not_is_not() -> None:
    startups = Startups(Random(1))
    start = MAX_STARTUPS[0]
    for _ in range(start):
        come(startups, "10.0.0.1", 0.0)
    admitted = sum(arrive(startups, "10.0.0.1", 0.0)[0] is not None for _ in range(start // 2))
    assert 0 < admitted < start // 2
    for number in range(start // 4):
        come(startups, f"10.0.1.{number}", 0.0)


def test_handshakes_begin_at_a_pace_and_in_turns_of_their_sources() -> None:
    startups = Startups(Random(1), max_startups=NEVER)
    for _ in range(60):
        come(startups, "10.0.0.1", 0.0)
    late = come(startups, "10.0.0.2", 0.0)
    begun, gone = startups.begin(0.0)
    assert len(begun) == BURST
    assert begun[0] is late
    assert not gone
    assert startups.begin(0.0) == ([], [])
    due = startups.next_due(0.0)
    assert due is not None
    assert len(startups.begin(due)[0]) == 1


def test_who_hangs_in_the_handshake_makes_room_for_who_comes_from_elsewhere() -> None:
    startups = Startups(Random(1), max_startups=NEVER)
    for _ in range(AT_ONCE + RESERVE):
        come(startups, "10.0.0.1", 0.0)
    now, under_way = 0.0, 0
    while under_way < AT_ONCE + RESERVE:
        now += 1.0
        under_way += len(startups.begin(now)[0])
    late = come(startups, "10.0.0.2", now + 1.0)
    begun, gone = startups.begin(now + 1.0)
    assert begun == [late]
    assert [one.source for one in gone] == ["10.0.0.1"]


def test_known_sources_have_a_reserve_that_no_stranger_fills() -> None:
    startups = Startups(Random(1), max_startups=NEVER)
    for _ in range(FULL):
        come(startups, "10.0.0.1", 0.0)
    for _ in range(RESERVE):
        come(startups, "10.0.0.9", 0.0, known=True)
    begun, _ = startups.begin(0.0)
    assert sum(one.known for one in begun) == RESERVE


def test_a_source_whose_callers_fail_has_one_place_for_a_while() -> None:
    startups = Startups(Random(1))
    failures = int(LEAST_PENALTY / PENALTIES["certificate"])
    for _ in range(failures):
        startups.ended(come(startups, "10.0.0.1", 0.0), "certificate", 0.0)
    come(startups, "10.0.0.1", 1.0)
    assert arrive(startups, "10.0.0.1", 1.0) == (None, None)
    come(startups, "10.0.0.2", 1.0)
    over = LEAST_PENALTY + 1.0
    assert arrive(startups, "10.0.0.1", over)[0] is not None


def test_who_looks_whether_a_port_is_open_once_a_second_is_never_penalised() -> None:
    startups = Startups(Random(1))
    for second in range(1000):
        startups.ended(come(startups, "10.0.0.1", float(second)), "connection", float(second))
    come(startups, "10.0.0.1", 1000.0)
    come(startups, "10.0.0.1", 1000.0)


def test_an_honest_node_that_is_refused_again_and_again_is_not_penalised() -> None:
    startups = Startups(Random(1))
    for _ in range(100):
        startups.ended(come(startups, "10.0.0.1", 0.0), "full", 0.0)
    come(startups, "10.0.0.1", 0.0)
    come(startups, "10.0.0.1", 0.0)


def test_the_end_of_one_counts_once() -> None:
    startups = Startups(Random(1))
    one = come(startups, "10.0.0.1", 0.0)
    startups.ended(one, "", 0.0)
    startups.ended(one, "certificate", 0.0)
    assert len(startups) == 0
    assert startups.next_due(0.0) is None


def test_who_says_nothing_goes_for_the_next_and_takes_nobody_the_place() -> None:
    startups = Startups(Random(1))
    first, gone = startups.arrive("10.0.0.1", 0.0)
    assert first is not None
    assert gone is None
    for number in range(MAX_SILENT - 1):
        startups.arrive(f"10.0.1.{number}", 0.0)
    other, gone = startups.arrive("10.0.0.2", 0.0)
    assert gone is first
    startups.ended(first, "evicted", 0.0)
    assert other is not None
    assert startups.spoke(other, 0.0) == (True, None)
    assert startups.spoke(first, 0.0) == (False, None)
    assert startups.begin(0.0) == ([other], [])
