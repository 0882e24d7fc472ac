"""Subjects: a network's own, and none that others could make a node publish to."""

from __future__ import annotations

import pytest

from peerbus.transports.nats.subjects import Subjects, is_token, new_token, session_number, token_of

MINE = Subjects("lan")


def test_a_network_is_named_by_its_hash_alone() -> None:
    assert "lan" not in MINE.prefix
    assert MINE.prefix == Subjects("lan").prefix != Subjects("wan").prefix
    assert MINE.presence.startswith(MINE.prefix.encode())


def test_a_session_tells_whose_it_is_and_which() -> None:
    token = new_token()
    subject = MINE.session(token, 12)
    assert MINE.is_session(subject)
    assert (token_of(subject), session_number(subject)) == (token, 12)
    assert subject.startswith(MINE.sessions(token)[:-1])


@pytest.mark.parametrize(
    "subject",
    [
        b"",
        b"$SYS.REQ.SERVER.PING",
        MINE.inbox("a" * 32),
        MINE.session("a" * 32, 1) + b".more",
        MINE.sessions("a" * 32),
        MINE.session("a" * 32, 1).replace(b"aaaa", b"a a\r\nPUB x"),
        Subjects("wan").session("a" * 32, 1),
    ],
)
def test_what_is_no_session_of_this_network_is_not_answered(subject: bytes) -> None:
    assert not MINE.is_session(subject)


def test_tokens_are_new_and_fit_into_a_subject() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert is_token(new_token())
    assert not any(map(is_token, ("", "short", "a.b.c.d.e", "*" * 9, ">" * 9, "a" * 65, "a b c d e")))
