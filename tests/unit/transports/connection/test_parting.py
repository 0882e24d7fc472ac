"""How a connection ends: its tables, and two sides that part with each other."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.connection import SHUTTING_DOWN, SUPERSEDED, Disconnect
from peerbus.transports.connection.farewell import GOODBYE_TIMEOUT
from peerbus.transports.connection.parting import (
    GOODBYE,
    HEARD_WITHIN,
    LAST_WORD,
    OVERDUE,
    PHASES,
    PROOFS,
    SPOKEN,
    Act,
    Cut,
    Effect,
    Parting,
    Phase,
    Proof,
    Said,
    Word,
)
from peerbus.transports.wire.frames import GoAway, Ping

TABLES: list[dict[Enum, dict[Enum, Enum]]] = [PHASES, SPOKEN, PROOFS]  # type: ignore[list-item]  # dict is invariant


def part(reason: str, text: str = "") -> tuple[Parting, list[Effect]]:
    """A side that was told to end."""
    parting = Parting()
    parting.command = Disconnect(reason, text)
    return parting, parting.part(parting.command, 0.0)


def told(parting: Parting, reason: str, now: float = 0.0) -> list[Effect]:
    return parting.told(GoAway(reason, ""), now, asks_open=False)


# The tables.


@pytest.mark.parametrize("table", TABLES, ids=["phases", "spoken", "proofs"])
def test_a_table_has_each_state_and_each_but_the_first_can_be_reached(table: dict[Enum, dict[Enum, Enum]]) -> None:
    states = list(type(next(iter(table))))
    assert list(table) == states
    assert {after for steps in table.values() for after in steps.values()} >= set(states[1:])


def test_a_side_goes_only_on() -> None:
    order = list(Phase)
    assert all(order.index(after) > order.index(before) for before, steps in PHASES.items() for after in steps.values())


def test_each_side_can_say_anything_at_any_time() -> None:
    assert all(set(steps) == set(Word) for steps in SPOKEN.values())


# This side.


def test_a_node_that_shuts_down_says_so_at_once_and_goes_on_sending() -> None:
    parting = Parting()
    assert parting.shutdown(2.5, 0.0) == [GoAway(SHUTTING_DOWN, "", 2500), Ping(GOODBYE), Act.HASTEN]
    assert (parting.phase, parting.own) == (Phase.LEAVING, Said.GOODBYE)


def test_it_is_said_once_also_where_the_connection_ends_in_order_then() -> None:
    parting = Parting()
    parting.shutdown(2.5, 0.0)
    assert parting.part(Disconnect(SHUTTING_DOWN), 1.0) == [Act.LEAVE]
    assert parting.phase is Phase.PARTING


def test_it_closes_when_the_peer_knows_and_nothing_is_under_way() -> None:
    parting = Parting()
    parting.shutdown(2.5, 0.0)
    parting.part(Disconnect(SHUTTING_DOWN), 0.0)
    assert parting.look(at_rest=True) == []
    assert parting.ponged(GOODBYE) == []
    assert parting.look(at_rest=False) == []
    assert parting.look(at_rest=True) == [Act.SETTLED]


def test_a_peer_that_is_too_slow_to_hear_is_not_waited_for() -> None:
    parting = Parting()
    parting.shutdown(9.0, 0.0)
    parting.part(Disconnect(SHUTTING_DOWN), 0.0)
    assert parting.next_due() == HEARD_WITHIN
    assert parting.expire(HEARD_WITHIN, asks_open=False) == []
    assert parting.goodbye is Proof.GIVEN_UP
    assert parting.look(at_rest=True) == [Act.SETTLED]
    assert parting.next_due() == math.inf


def test_one_that_is_told_to_end_says_why_and_closes_when_nothing_is_under_way() -> None:
    parting, effects = part("operator", "at night")
    assert effects == [Act.LEAVE, GoAway("operator", "at night"), Act.HASTEN]
    assert parting.look(at_rest=False) == []
    assert parting.look(at_rest=True) == [Act.SETTLED]


def test_a_replaced_one_waits_for_the_second_word_of_both() -> None:
    parting, effects = part(SUPERSEDED)
    assert effects == [Act.SUSPEND, GoAway(SUPERSEDED, ""), Act.HASTEN]
    assert parting.look(at_rest=True) == [GoAway(SUPERSEDED, "")]
    assert told(parting, SUPERSEDED) == [Act.SUSPEND, Act.HASTEN]
    assert parting.look(at_rest=True) == []
    assert told(parting, SUPERSEDED) == []
    assert parting.look(at_rest=True) == [Act.SETTLED]


def test_who_hears_that_it_is_replaced_says_both_words_when_it_has_finished() -> None:
    parting = Parting()
    told(parting, SUPERSEDED)
    assert parting.cares
    assert parting.look(at_rest=False) == []
    assert parting.look(at_rest=True) == [GoAway(SUPERSEDED, "")] * 2
    assert parting.own is Said.DONE
    assert parting.look(at_rest=True) == []


def test_one_that_was_replaced_first_and_told_so_later_does_not_say_it_a_third_time() -> None:
    parting = Parting()
    told(parting, SUPERSEDED)
    parting.look(at_rest=True)
    parting.command = Disconnect(SUPERSEDED)
    assert parting.part(parting.command, 0.0) == [Act.SUSPEND]


def test_the_peer_proves_by_a_pong_that_it_has_read_the_last_word() -> None:
    parting, _ = part(SUPERSEDED)
    assert parting.wrote_last(1.0) == [Ping(LAST_WORD)]
    assert parting.wrote_last(1.0) == []
    assert parting.ponged(LAST_WORD) == [Act.ARRIVED]
    assert parting.next_due() == math.inf


def test_a_peer_that_does_not_read_the_last_word_is_cut_off() -> None:
    parting, _ = part(SUPERSEDED)
    parting.wrote_last(1.0)
    assert parting.next_due() == 1.0 + OVERDUE
    (cut,) = parting.expire(1.0 + OVERDUE, asks_open=False)
    assert isinstance(cut, Cut)
    assert cut.reason == SUPERSEDED


@pytest.mark.parametrize("token", [GOODBYE, LAST_WORD])
def test_an_answer_that_nobody_asked_for_proves_nothing(token: int) -> None:
    parting = Parting()
    assert parting.ponged(token) == []
    assert (parting.goodbye, parting.last_word) == (Proof.UNSENT, Proof.UNSENT)


def test_an_answer_that_comes_twice_or_late_proves_nothing_more() -> None:
    parting = Parting()
    parting.shutdown(9.0, 0.0)
    parting.expire(HEARD_WITHIN, asks_open=False)
    assert parting.ponged(GOODBYE) == []
    assert parting.goodbye is Proof.GIVEN_UP


# The peer.


@pytest.mark.parametrize(
    ("reason", "act"), [(SHUTTING_DOWN, Act.TURNED_AWAY), (SUPERSEDED, Act.SUSPEND), ("operator", Act.LEFT)]
)
def test_what_is_done_depends_on_the_reason_that_the_peer_gives(reason: str, act: Act) -> None:
    assert told(Parting(), reason) == [act, Act.HASTEN]


def test_a_peer_that_says_goodbye_and_stays_is_cut_off() -> None:
    parting = Parting()
    parting.told(GoAway("operator", "", 3000), 100.0, asks_open=False)
    assert parting.next_due() == 103.0 + GOODBYE_TIMEOUT
    assert parting.expire(110.0, asks_open=False) == []
    assert parting.expire(103.0 + GOODBYE_TIMEOUT, asks_open=False) == [
        Cut("goodbye", "the peer said goodbye and did not close")
    ]


def test_it_is_not_cut_off_while_asks_are_open() -> None:
    parting = Parting()
    parting.told(GoAway("operator", ""), 0.0, asks_open=True)
    at = parting.next_due()
    assert parting.expire(at, asks_open=True) == []
    assert parting.next_due() == at + GOODBYE_TIMEOUT


def test_a_peer_that_shuts_down_first_may_be_replaced_after_it() -> None:
    parting = Parting()
    told(parting, SHUTTING_DOWN)
    assert told(parting, SUPERSEDED) == [Act.SUSPEND, Act.HASTEN]
    assert parting.peer is Said.SUPERSEDED
    assert parting.superseded


@pytest.mark.parametrize(
    ("command", "farewell", "why"),
    [
        (None, None, ("closed", "by itself")),
        ("operator", None, ("operator", "")),
        (None, "tired", ("peer_tired", "")),
        ("operator", "tired", ("peer_tired", "")),
    ],
)
def test_why_a_stream_was_closed(command: str | None, farewell: str | None, why: tuple[str, str]) -> None:
    parting = Parting()
    if farewell is not None:
        told(parting, farewell)
    if command is not None:
        parting.command = Disconnect(command)
    assert parting.why_over("closed", "by itself") == why


# The end.


def test_what_has_ended_takes_no_step() -> None:
    parting = Parting()
    assert parting.end()
    assert not parting.end()
    assert parting.shutdown(1.0, 0.0) == []
    assert parting.part(Disconnect("operator"), 0.0) == []
    assert parting.look(at_rest=True) == []
    assert parting.wrote_last(0.0) == []
    assert told(parting, SUPERSEDED) == []
    assert parting.settled(at_rest=False)
    assert parting.next_due() == math.inf


# Two sides, wired back to back.


class Side:
    """One of two: it is at rest when it likes, hears what the other one says in order, and says what it should."""

    def __init__(self) -> None:
        self.parting = Parting()
        self.busy = True
        self.heard: deque[Effect] = deque()
        self.other: Side
        self.said: list[GoAway] = []
        self.closed = False

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, GoAway):
                self.said.append(effect)
            if isinstance(effect, GoAway | Ping):
                self.other.heard.append(effect)
            elif effect is Act.SETTLED:
                self.closed = True

    def look(self) -> None:
        self.perform(self.parting.look(at_rest=not self.busy))

    def do(self, what: str) -> None:
        if what == "shutdown":
            self.perform(self.parting.shutdown(9.0, 0.0))
        elif what == "finish":
            self.busy = False
        elif what == "hear" and self.heard:
            frame = self.heard.popleft()
            if isinstance(frame, GoAway):
                self.perform(self.parting.told(frame, 0.0, asks_open=self.busy))
            elif isinstance(frame, Ping):
                self.other.perform(self.other.parting.ponged(frame.token))
                self.other.look()
        elif what in ("operator", SUPERSEDED) and self.parting.phase in (Phase.OPEN, Phase.LEAVING):
            self.parting.command = Disconnect(what)
            self.perform(self.parting.part(self.parting.command, 0.0))
        self.look()


steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["hear", "hear", "hear", "finish", "shutdown", "operator", SUPERSEDED])),
    max_size=40,
)


@given(steps)
def test_whatever_two_sides_do_if_one_means_to_end_one_can_close_once_both_have_finished(
    program: list[tuple[bool, str]],
) -> None:
    one, two = Side(), Side()
    one.other, two.other = two, one
    for first, what in program:
        side = one if first else two
        side.do(what)
        assert not (side.closed and side.busy)
        if SUPERSEDED in {word.reason for word in side.said}:
            assert [word.reason for word in side.said].count(SUPERSEDED) <= 2
    for side in (one, two):
        side.do("finish")
    for _, side in product(range(10), (one, two)):
        side.do("hear")
    # The first that closes ends it for both.
    if Phase.PARTING in (one.parting.phase, two.parting.phase):
        assert one.closed or two.closed


@given(steps)
def test_a_replaced_connection_is_closed_by_nobody_while_the_other_side_has_something_under_way(
    program: list[tuple[bool, str]],
) -> None:
    one, two = Side(), Side()
    one.other, two.other = two, one
    one.do(SUPERSEDED)
    for first, what in program:
        (one if first else two).do(what if what in ("hear", "finish", SUPERSEDED) else "hear")
        if one.closed or two.closed:
            assert not one.busy
            assert not two.busy
