"""A ticket lets one browser in, once; a cookie without its key opens nothing, nor a key without its cookie."""

from __future__ import annotations

from peerbus.operate.serving import Sessions
from peerbus.operate.serving.sessions import MOST, TICKET, UNUSED


def test_a_ticket_is_exchanged_once() -> None:
    sessions = Sessions()
    ticket = sessions.ticket(0.0)
    session = sessions.redeem(ticket, 1.0)
    assert session is not None
    assert sessions.known(session.cookie, session.key, 2.0)
    assert sessions.redeem(ticket, 1.0) is None
    assert sessions.redeem("", 1.0) is None


def test_a_ticket_works_no_longer_than_its_time() -> None:
    sessions = Sessions()
    assert sessions.redeem(sessions.ticket(0.0), TICKET) is None


def test_a_cookie_and_a_key_open_together_only() -> None:
    sessions = Sessions()
    one, other = sessions.open(0.0), sessions.open(0.0)
    assert not sessions.known(one.cookie, "", 0.0)
    assert not sessions.known(one.cookie, other.key, 0.0)
    assert not sessions.known("", one.key, 0.0)
    assert not sessions.known(one.key, one.cookie, 0.0)
    assert sessions.known(one.cookie, one.key, 0.0)


def test_who_asks_nothing_for_long_is_out_and_so_is_who_leaves() -> None:
    sessions = Sessions()
    one, other = sessions.open(0.0), sessions.open(0.0)
    assert sessions.known(one.cookie, one.key, UNUSED - 1)
    assert sessions.known(one.cookie, one.key, UNUSED + 1)
    assert not sessions.known(other.cookie, other.key, UNUSED + 1)
    sessions.close(one.cookie)
    assert not sessions.known(one.cookie, one.key, UNUSED + 1)


def test_of_too_many_the_one_that_asked_least_recently_makes_room() -> None:
    sessions = Sessions()
    first, second = sessions.open(0.0), sessions.open(0.0)
    assert sessions.known(first.cookie, first.key, 1.0)
    for _ in range(MOST - 1):
        sessions.open(2.0)
    assert sessions.known(first.cookie, first.key, 3.0)
    assert not sessions.known(second.cookie, second.key, 3.0)


def test_of_too_many_tickets_the_oldest_makes_room_and_no_secret_is_kept() -> None:
    sessions = Sessions()
    tickets = [sessions.ticket(0.0) for _ in range(100)]
    assert sessions.redeem(tickets[0], 0.0) is None
    assert sessions.redeem(tickets[-1], 0.0) is not None
    assert not any(ticket in repr(vars(sessions)) for ticket in tickets)
