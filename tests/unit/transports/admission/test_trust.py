"""Whom a network with an authority lets in, and why it lets others go."""

from __future__ import annotations

import pytest
from authorities import DAY, NOW, issued, new_authority, revoked, trust_in, trusted

from peerbus.actors.base import HandshakeFailed
from peerbus.transports.streams.identity import Identity

ALICE, BOB = (Identity.from_seed(name * 32) for name in (b"a", b"b"))
OLD, NEW = new_authority(), new_authority()


def reason(trust: object, der: bytes, node_id: str = ALICE.node_id, now: float = NOW) -> str:
    """Why a node that shows this is refused; '' where it is let in."""
    try:
        trust.member(der, node_id, now)  # type: ignore[attr-defined]  # a Trust
    except HandshakeFailed as error:
        return error.reason
    return ""


def test_a_member_is_let_in_and_everybody_else_has_a_reason() -> None:
    trust, mine = trust_in(OLD), issued(OLD, ALICE, roles=frozenset({"archive"}))
    certificate, authority = trust.member(mine.der, ALICE.node_id, NOW)
    assert (certificate, authority) == (mine, trusted(OLD).key_id)
    assert reason(trust, b"") == reason(trust, b"none") == "certificate"
    assert reason(trust, mine.der, BOB.node_id) == "certificate"  # another one's, which he may have seen
    assert reason(trust, issued(NEW, ALICE).der) == "certificate"
    assert reason(trust, mine.der, now=mine.ends) == "expired"
    assert reason(trust, issued(OLD, ALICE, begins=NOW + 600, ends=NOW + 900).der) == "certificate"
    assert reason(trust, issued(OLD, ALICE, begins=NOW + 200, ends=NOW + 900).der) == ""
    assert reason(trust.with_lists([revoked(OLD, mine)]), mine.der) == "revoked"


def test_while_a_root_is_rotated_both_count_and_afterwards_the_new_one() -> None:
    old, new, both = issued(OLD, ALICE), issued(NEW, BOB), trust_in(OLD, NEW)
    assert reason(both, old.der) == reason(both, new.der, BOB.node_id) == ""
    why = trust_in(NEW).why_not(old, trusted(OLD).key_id, NOW)
    assert why is not None
    assert why[0] == "certificate"
    # A list of one says nothing of the other's, whatever numbers they have.
    assert both.with_lists([revoked(NEW, old)]).why_not(old, trusted(OLD).key_id, NOW) is None


def test_what_was_let_in_ends_with_its_certificate_or_its_authority() -> None:
    short = new_authority(ends=NOW + 60)
    trust, mine = trust_in(short), issued(short, ALICE, ends=NOW + DAY)
    assert trust.ends_of(mine, trusted(short).key_id) == NOW + 60
    why = trust.why_not(mine, trusted(short).key_id, NOW + 61)
    assert why is not None
    assert why[0] == "expired"


def test_of_two_lists_of_one_authority_the_newer_one_counts() -> None:
    trust = trust_in(OLD)
    newer, older = revoked(OLD, number=2), revoked(OLD, issued(OLD, ALICE), number=1)
    known = trust.with_lists([newer])
    assert known.revoked == (newer,)
    assert known.with_lists([older]) is known
    assert known.knows(newer.der)
    assert not known.knows(older.der)
    with pytest.raises(AttributeError):
        known.revoked = ()  # type: ignore[misc]  # a value
