"""Who runs what only one is to run, one event at a time."""

from __future__ import annotations

from peerbus.patterns.singleton.core import ClaimOf, SingletonCore, StartIt, StopIt

IDS = [f"{number:064x}" for number in range(5)]


def ranked() -> list[str]:
    """The ids in the order that all agree on."""
    core = SingletonCore("ledger", IDS[0], 2.0, 10.0)
    left, found = set(IDS), []
    while left:
        found.append(core._first(left))
        left.remove(found[-1])
    return found


FIRST, SECOND, THIRD, *_ = ranked()


def core_of(me: str, *members: str) -> SingletonCore:
    core = SingletonCore("ledger", me, 2.0, 10.0)
    core.saw(members, True, 0.0)
    return core


def test_the_first_starts_when_all_have_granted_and_not_before_things_have_settled() -> None:
    core = core_of(FIRST, SECOND, THIRD)
    assert core.next(1.9) == []
    assert core.next(2.0) == [ClaimOf(peer) for peer in sorted((SECOND, THIRD))]
    assert core.next(2.1) == []
    core.answered(SECOND, granted=True)
    assert core.next(2.2) == []
    core.answered(THIRD, granted=False)
    assert core.next(2.3) == [ClaimOf(THIRD)]
    core.answered(THIRD, granted=True)
    assert core.next(2.4) == [StartIt()]
    core.running = True
    assert core.next(2.5) == []


def test_another_waits_for_the_first_and_follows_it_when_it_is_gone() -> None:
    core = core_of(SECOND, FIRST, THIRD)
    assert core.next(5.0) == []
    assert core.claimed(FIRST)
    core.lost(FIRST, 6.0, in_order=False)
    core.saw([THIRD], True, 6.0)
    assert core.next(7.9) == []
    assert core.next(8.0) == [ClaimOf(THIRD)]


def test_alone_it_runs_and_a_better_one_gets_it() -> None:
    core = core_of(SECOND)
    assert core.next(2.0) == [StartIt()]
    core.running = True
    assert not core.claimed(FIRST)  # whoever is no member is nobody, whatever its id
    core.saw([FIRST, THIRD], True, 3.0)
    assert not core.claimed(THIRD)
    assert core.claimed(FIRST)
    core.running = False
    assert core.next(9.0) == []


def test_whoever_sees_a_better_one_denies() -> None:
    core = core_of(THIRD, FIRST, SECOND)
    assert not core.claimed(SECOND)
    assert core.claimed(FIRST)
    assert core.holder == FIRST


def test_who_leaves_in_order_has_time_and_says_when_it_has_stopped() -> None:
    core = core_of(SECOND, FIRST)
    assert core.claimed(FIRST)
    core.lost(FIRST, 5.0, in_order=True)
    core.saw([], True, 5.0)
    assert core.next(14.9) == []
    core.released(FIRST, 8.0)
    assert core.next(8.0) == [StartIt()]
    core = core_of(SECOND, FIRST)
    assert core.claimed(FIRST)
    core.lost(FIRST, 5.0, in_order=True)
    core.saw([], True, 5.0)
    core.released(THIRD, 6.0)  # it is none of its business
    assert core.next(14.9) == []
    assert core.next(15.0) == [StartIt()]


def test_who_offers_the_role_no_longer_stops() -> None:
    core = core_of(FIRST)
    core.running = True
    core.saw([], False, 1.0)
    assert core.next(1.0) == [StopIt()]
    core.running = False
    assert core.next(9.0) == []
    core.saw([SECOND], False, 9.0)
    assert core.claimed(SECOND)  # whoever offers it not is not in the way


def test_a_member_that_was_lost_and_is_back_is_asked_anew() -> None:
    core = core_of(FIRST, SECOND)
    assert core.next(2.0) == [ClaimOf(SECOND)]
    core.answered(SECOND, granted=True)
    core.lost(SECOND, 3.0, in_order=False)
    core.saw([SECOND], True, 3.0)
    assert core.next(5.0) == [ClaimOf(SECOND)]
    core.lost(SECOND, 5.5, in_order=False)
    core.answered(SECOND, granted=True)
    core.saw([], True, 6.0)
    assert core.next(8.0) == [StartIt()]
