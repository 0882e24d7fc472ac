"""The mind of peer exchange: whom it asks, when, and whom it answers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gossips_of_records import ALICE, BOB, WALL, ask, connect, hear, identity, introduce, last, pex, record, told
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors import ConfigError
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import (
    FIRST_ASK,
    LEAST_GAP,
)
from peerbus.discovery.pex.values import Fault, News, Poll


def test_a_new_neighbour_is_asked_at_once_and_then_ever_more_rarely() -> None:
    mind = pex()
    connect(mind, "alice")
    times: list[float] = []
    for _ in range(9):
        now = mind.next_due(times[-1] if times else 0.0)
        assert now is not None
        assert mind.polls(now - 0.001) == []
        assert ask(mind, now) == ALICE
        assert mind.next_due(now) is None  # one request at a time
        hear(mind, ALICE, [], now)
        times.append(now)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert times[0] <= FIRST_ASK
    assert all(2**n * 2.0 <= gap <= 2**n * 2.0 * 1.25 for n, gap in enumerate(gaps[:4], 1))
    assert all(60.0 <= gap <= 75.0 for gap in gaps[-3:])


def test_news_bring_the_next_request_near() -> None:
    mind = pex()
    connect(mind, "alice")
    for now in (1.0, 100.0, 200.0, 300.0):
        ask(mind, now)
        hear(mind, ALICE, [], now)
    ask(mind, 400.0)
    hear(mind, ALICE, [record("carol")], 400.0)
    due = mind.next_due(400.0)
    assert due is not None
    assert 402.0 <= due <= 402.5


def test_neighbours_take_turns_and_nobody_is_asked_twice_at_once() -> None:
    mind = pex()
    names = [f"peer{number}" for number in range(10)]
    for name in names:
        connect(mind, name)
    asked: list[str] = []
    now = 0.0
    while (due := mind.next_due(now)) is not None:
        assert due >= now + LEAST_GAP - 1e-9 or not asked
        now = due
        asked.append(ask(mind, now))
    assert sorted(asked) == sorted(identity(name).node_id for name in names)


def test_a_peer_that_does_not_take_part_is_not_asked() -> None:
    mind = pex()
    node_id = connect(mind, "alice")
    mind.takes_part(node_id, 0.0, really=False)
    assert mind.next_due(0.0) is None
    mind.takes_part(node_id, 5.0)
    assert mind.next_due(5.0) is not None


def test_a_missing_role_is_asked_for_in_turn_and_soon() -> None:
    mind = pex()
    connect(mind, "alice")
    for now in (1.0, 100.0, 200.0, 300.0):
        ask(mind, now)
        hear(mind, ALICE, [], now)
    mind.want(("archive", "index"))
    roles: list[str] = []
    now = 300.0
    for _ in range(8):
        due = mind.next_due(now)
        assert due is not None
        if not roles:
            assert due <= 302.0
        now = due
        ask(mind, now)
        roles.append(last(mind, ALICE).role)
        hear(mind, ALICE, [], now)
    assert roles.count("") == 4
    assert roles.count("archive") == roles.count("index") == 2


def test_a_full_store_has_little_left_to_learn() -> None:
    mind = pex(PexOptions(max_records=20))
    connect(mind, "alice")
    ask(mind)
    hear(mind, ALICE, [record(f"node{number}") for number in range(19)])
    assert mind.statistics().records == 17  # one teller has a share
    connect(mind, "bob")
    ask(mind, 2.0)
    hear(mind, BOB, [record(f"other{number}") for number in range(9)], 2.0)
    due = mind.next_due(2.0)
    assert due is not None
    assert due < 10.0  # alice still has her turn
    ask(mind, due)
    hear(mind, ALICE, [], due)
    later = mind.next_due(due)
    assert later is not None
    assert later >= 300.0


def test_busy_inbound_traffic_does_not_delay_own_polling() -> None:
    quiet, busy = pex(), pex()
    for mind in (quiet, busy):
        connect(mind, "alice")
        connect(mind, "bob")
    polls: list[list[tuple[float, str]]] = [[], []]
    for step in range(6000):
        now = step / 50
        for each, mind in zip(polls, (quiet, busy), strict=True):
            for poll in mind.polls(now):
                each.append((now, poll.node_id))
                assert list(mind.answered(poll, [], now, WALL)) == []
        busy.asked(ALICE, now)
        busy.unsolicited(ALICE)
        busy.introduced(ALICE, record("alice", "tcp://93.184.216.34:7400", sequence=step + 2).data, now, WALL)
    assert polls[0] == polls[1]
    assert len(polls[0]) > 5


def test_a_request_that_is_not_answered_expires_and_the_peer_is_usable_again_and_penalised() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert mind.next_due(1.0) is None
    assert mind.unanswered(last(mind, ALICE), 6.0, "no_answer").faults == (Fault(ALICE, "no_answer"),)
    due = mind.next_due(6.0)
    assert due is not None
    assert ask(mind, due) == ALICE
    assert mind.unanswered(last(mind, ALICE), due + 1) == News()  # it refused: that is its right
    assert mind.unanswered(last(mind, ALICE), due + 1, "no_answer") == News()  # nothing is under way
    assert hear(mind, ALICE, [record("carol")], due + 2) == News()


def test_a_second_request_within_100_ms_is_too_soon_and_gets_no_answer() -> None:
    mind = pex()
    connect(mind, "alice")
    assert mind.asked(ALICE, 10.0) is None
    refusal = mind.asked(ALICE, 10.1)
    assert refusal is not None
    assert refusal.code == "too_soon"
    assert refusal.fault is None  # once is forgiven
    assert mind.asked(ALICE, 11.0) is None


def test_who_goes_on_asking_too_soon_is_penalised() -> None:
    mind = pex()
    connect(mind, "alice")
    refusals = [mind.asked(ALICE, 10.0 + step / 100) for step in range(10)]
    faults = [refusal.fault for refusal in refusals if refusal is not None]
    assert faults == [None] * 3 + [Fault(ALICE, "too_soon")] * 6


@given(st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=100))
def test_an_honest_peer_is_not_punished_for_jitter_of_100_ms(jitters: list[float]) -> None:
    mind = pex()
    connect(mind, "alice")
    for number, jitter in enumerate(jitters, 1):
        assert mind.asked(ALICE, number + jitter) is None


def test_our_own_pace_is_one_that_we_would_answer() -> None:
    asker, asked = pex(), pex()
    connect(asker, "bob")
    connect(asked, "alice")
    now = 0.0
    for number in range(200):
        due = asker.next_due(now)
        assert due is not None
        now = due
        ask(asker, now)
        assert asked.asked(ALICE, now) is None
        hear(asker, BOB, [record(f"node{number}")], now)


def test_a_reconnect_clears_the_rate_and_the_end_of_an_old_connection_does_not() -> None:
    mind = pex()
    connect(mind, "alice")
    assert mind.asked(ALICE, 1.0) is None
    assert mind.asked(ALICE, 1.01) is not None
    mind.down(ALICE)
    assert mind.asked(ALICE, 1.02) is not None  # unknown now
    connect(mind, "alice", 1.03, known=False)
    assert mind.asked(ALICE, 1.04) is None
    assert mind.asked(ALICE, 1.05) is not None


def test_a_request_under_way_when_the_connection_ends_does_not_block_the_next_connection() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    mind.down(ALICE)
    old = last(mind, ALICE)
    connect(mind, "alice", 2.0, known=False)
    due = mind.next_due(2.0)
    assert due is not None
    assert ask(mind, due) == ALICE
    assert list(mind.answered(old, [record("carol").data], due, WALL)) == []
    assert mind.unanswered(old, due, "no_answer") == News()
    assert len(hear(mind, ALICE, [record("carol")], due).found) == 1


def test_who_is_no_seed_parts_with_nobody() -> None:
    mind = pex()
    connect(mind, "alice")
    mind.answer(ALICE, "", 100, (), 1.0, WALL)
    assert mind.partings(1e6) == ()
    assert mind.next_parting() is None


def test_who_is_not_connected_is_neither_answered_nor_heard() -> None:
    mind = pex()
    refusal = mind.asked(ALICE, 1.0)
    assert refusal is not None
    assert refusal.code == "unknown"
    assert told(mind, ALICE, "bob") == ()
    assert hear(mind, ALICE, [record("bob")]) == News()
    assert introduce(mind, ALICE, record("alice").data) == News()


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_interval": 1.9},
        {"min_interval": 90.0},
        {"max_interval": 400.0},
        {"full_interval": float("inf")},
        {"answer_within": 0.0},
        {"max_records": 0},
    ],
    ids=repr,
)
def test_options_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        PexOptions(**wrong)  # type: ignore[arg-type]  # one is a number of records


@settings(max_examples=50)
@given(st.data())
def test_whatever_happens_one_request_is_under_way_and_the_next_one_is_due(data: st.DataObject) -> None:
    mind, now, up, under_way = pex(), 0.0, set[str](), dict[str, Poll]()
    for _ in range(data.draw(st.integers(1, 40))):
        now += data.draw(st.sampled_from([0.0, 0.05, 1.0, 30.0]))
        name = data.draw(st.sampled_from(["alice", "bob", "carol"]))
        node_id = identity(name).node_id
        match data.draw(st.sampled_from(["up", "down", "poll", "answer", "fail", "asked"])):
            case "up" if node_id not in up:
                connect(mind, name, now, known=False)
                up.add(node_id)
            case "down":
                mind.down(node_id)
                up.discard(node_id)
                under_way.pop(node_id, None)
            case "poll":
                for poll in mind.polls(now):
                    assert poll.node_id in up - under_way.keys()
                    under_way[poll.node_id] = poll
            case "answer" if node_id in under_way:
                heard = [record(data.draw(st.sampled_from(["x", "y", "z"]))).data]
                for _ in mind.answered(under_way.pop(node_id), heard, now, WALL):
                    pass
            case "fail" if node_id in under_way:
                mind.unanswered(under_way.pop(node_id), now, "no_answer")
            case "asked":
                assert (mind.asked(node_id, now) is None) <= (node_id in up)
        due = mind.next_due(now)
        assert (due is None) == (not up - under_way.keys())
        assert due is None or due >= now
