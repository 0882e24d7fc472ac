"""One neighbour of a gossip: what waits for it is bounded, and it is believed so far."""

from __future__ import annotations

from peerbus.patterns.gossip.neighbour import DISTRUST, MOST_BROKEN, MOST_KNOWN, MOST_QUEUED, GossipNeighbour


def ids(count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(count)]


def test_each_queue_is_bounded() -> None:
    neighbour = GossipNeighbour(eager=True)
    many = ids(MOST_QUEUED + 10)
    for each in many:
        neighbour.push(each)
        neighbour.push(each)  # once
        neighbour.announce(each, 1.0)
    assert len(neighbour.pushes) == MOST_QUEUED
    told = 0
    while found := neighbour.take_announcements(1.0, 512, set(many))[0]:
        told += len(found)
    assert told == MOST_QUEUED
    neighbour.compare(many)
    assert len(neighbour.take_announcements(1.0, 1 << 20, set(many))[0]) == MOST_QUEUED


def test_announcements_go_together_and_not_to_one_who_knows() -> None:
    neighbour = GossipNeighbour(eager=False)
    one, two, three = ids(3)
    neighbour.announce(one, 1.0)
    neighbour.announce(two, 2.0)
    neighbour.announce(three, 3.0)
    neighbour.knows(two)
    held = {one, two}
    assert neighbour.take_announcements(0.9, 10, held) == ((), False)
    assert neighbour.take_announcements(1.0, 10, held) == ((one,), False)
    assert neighbour.announce_at is None
    neighbour.compare([one, three])
    assert neighbour.take_announcements(0.0, 10, held) == ((one,), True)


def test_what_it_is_known_to_have_is_remembered_so_long() -> None:
    neighbour = GossipNeighbour(eager=True)
    many = ids(MOST_KNOWN + 1)
    for each in many:
        neighbour.knows(each)
    neighbour.announce(many[-1], 0.0)
    neighbour.announce(many[0], 0.0)
    assert neighbour.take_announcements(0.0, 10, set(many))[0] == (many[0],)


def test_it_is_not_believed_after_so_many_broken_words_and_they_fade() -> None:
    neighbour = GossipNeighbour(eager=True)
    assert not any(neighbour.break_word(5.0) for _ in range(MOST_BROKEN - 1))
    neighbour.begin_anew(())
    assert not any(neighbour.wrong(5.0) for _ in range(MOST_BROKEN // 4))
    assert neighbour.wrong(5.0)
    assert neighbour.distrusted_until == 5.0 + DISTRUST


def test_what_it_was_asked_for_is_forgotten_once_nobody_looks_for_it() -> None:
    neighbour = GossipNeighbour(eager=True)
    one, two, three = ids(3)
    for each in (one, two, three):
        neighbour.ask(each)
    assert neighbour.take_asks(2) == (one, two)
    neighbour.begin_anew({two})
    assert neighbour.asked == {two: True, three: False}
    assert [neighbour.serve(one, 2) for _ in range(3)] == [True, True, False]
    neighbour.failed = True
    neighbour.begin_anew(())
    assert neighbour.serve(one, 2)
    assert neighbour.digest
    assert not neighbour.failed
