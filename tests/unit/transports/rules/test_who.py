"""Whom a rule speaks of, by what is proven of a peer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.rules import Subject, Who

ANN, BEN = "a" * 64, "b" * 64
IDS = st.sampled_from([ANN, BEN, "c" * 64])
ROLES = st.sampled_from(["archive", "index", "relay"])
ATTRIBUTES = st.dictionaries(st.sampled_from(["zone", "team"]), st.sampled_from(["eu", "us"]))
SUBJECTS = st.builds(Subject, st.none() | IDS, st.frozensets(ROLES), ATTRIBUTES)
TEXTS = st.lists(
    st.just("*")
    | IDS
    | ROLES.map("role:{}".format)
    | st.tuples(st.sampled_from(["zone", "team"]), st.sampled_from(["eu", "us"])).map("=".join),
    max_size=4,
)


def entitled(text: str, peer: Subject) -> bool:
    """One entry of a list, as its documentation says."""
    if text.startswith("role:"):
        return text[5:] in peer.roles
    key, equals, value = text.partition("=")
    return text in ("*", peer.node_id) or (bool(equals) and key in peer.attributes and peer.attributes[key] == value)


@given(texts=TEXTS, peer=SUBJECTS)
def test_one_entry_that_speaks_of_a_peer_is_enough_and_without_one_it_is_not_meant(
    texts: list[str], peer: Subject
) -> None:
    assert Who.of(texts).has(peer) == any(entitled(text, peer) for text in texts)


@given(texts=TEXTS, peer=SUBJECTS)
def test_who_is_meant_once_all_is_proven_could_be_meant_before(texts: list[str], peer: Subject) -> None:
    who = Who.of(texts)
    assert who.may_have(peer.node_id) or not who.has(peer)
    assert who.has(Subject(peer.node_id)) <= who.has(peer)  # a certificate takes nothing away


@given(texts=TEXTS)
def test_an_id_that_is_only_claimed_is_nobodys(texts: list[str]) -> None:
    assert Who.of(texts).has(Subject(None)) == ("*" in texts)


@pytest.mark.parametrize("text", ["", "archive", "role:", "role:No Role", "=eu", "A" * 64, "3f2a", "zone\n=eu"])
def test_what_stands_for_nobody_is_refused_and_what_would_be_right_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"stands for nobody; write .*role:archive"):
        Who.of([text])


def test_people_read_whom_it_means() -> None:
    assert str(Who.of([BEN, "zone=eu", "role:archive"])) == "bbbbbbbb…, role:archive, zone=eu"
    assert [str(Who.of(["*"])), str(Who.of([]))] == ["everybody", "nobody"]
