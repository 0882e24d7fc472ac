"""Requirements: what is wanted, who helps, whom they need, and why they are not met."""

from __future__ import annotations

import random

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.commands import Accept, Attempt, CloseConnection, Refuse
from peerbus.discovery.facts.events import Candidate, RequirementMet, RequirementUnmet
from peerbus.discovery.facts.require import Require
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

SELF = "5" * 64
ARCHIVES = Require(role="archive", at_least=1)


def node(number: int) -> str:
    return f"{number:064x}"


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def manager(*requires: Require, connected: int = 2, upgrade: int = 1) -> PeerManager:
    options = PeerOptions(
        max_connected=connected, max_connected_upgrade=upgrade, max_outgoing=None, requires=requires, upgrade_tenure=0.0
    )
    return PeerManager(SELF, options, random.Random(0))


def connect(peers: PeerManager, number: int, *offers: str) -> tuple[CloseConnection, ...]:
    assert peers.authenticated(Attempt(node(number), 1, number, offers=offers), 0.0) == Accept()
    return peers.ready(node(number), number, 0.0).close


@pytest.mark.parametrize(
    ("require", "connected", "wanted"),
    [
        (Require(role="archive", at_least=2), 0, 2),
        (Require(role="archive", share=0.3), 0, 0),
        (Require(role="archive", share=0.3), 1, 1),
        (Require(role="archive", share=0.3), 10, 3),
        (Require(role="archive", share=0.3), 11, 4),
        (Require(role="archive", at_least=2, share=0.5), 10, 5),
        (Require(role="archive", share=1.0), 7, 7),
    ],
)
def test_what_is_wanted_is_the_greater_of_the_number_and_the_share(
    require: Require, connected: int, wanted: int
) -> None:
    assert require.wanted(connected) == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        {"role": "archive"},
        {"role": "Not A Role", "at_least": 1},
        {"role": "archive", "share": 1.1},
        {"role": "archive", "at_least": -1},
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="require"):
        Require(**arguments)  # type: ignore[arg-type]  # wrong values are what is tried


def test_who_is_said_to_offer_what_is_lacking_is_dialed_first() -> None:
    peers = manager(ARCHIVES, connected=1)
    peers.found(Candidate(node(1), (place(1),)), 0.0)
    peers.useful(node(1), 0.0, 50)
    peers.found(Candidate(node(2), (place(2),), ("archive",)), 0.0)
    assert [dial.node_id for dial in peers.dials(0.0)] == [node(2)]


def test_an_archive_takes_the_place_of_a_better_peer_that_nobody_needs() -> None:
    peers = manager(ARCHIVES)
    connect(peers, 1)
    connect(peers, 2)
    peers.useful(node(1), 0.0, 50)
    peers.useful(node(2), 0.0, 60)
    peers.found(Candidate(node(3), (place(3),), ("archive",)), 0.0)
    (dial,) = peers.dials(0.0)
    assert peers.authenticated(Attempt(node(3), 1, 3, dial, ("archive",)), 0.0) == Accept()
    assert [close.node_id for close in peers.ready(node(3), 3, 0.0).close] == [node(1)]


def test_who_was_said_to_be_an_archive_and_is_none_is_turned_away_and_not_tried_for_it_again() -> None:
    peers = manager(ARCHIVES)
    connect(peers, 1)
    connect(peers, 2)
    peers.found(Candidate(node(3), (place(3),), ("archive",)), 0.0)
    (dial,) = peers.dials(0.0)
    assert isinstance(peers.authenticated(Attempt(node(3), 1, 3, dial, ()), 0.0), Refuse)
    assert peers.next_due(1000.0) is None
    assert peers.dials(1e6) == []


def test_the_last_archive_leaves_for_nobody() -> None:
    peers = manager(ARCHIVES, connected=1)
    connect(peers, 1, "archive")
    peers.found(Candidate(node(2), (place(2),)), 0.0)
    peers.useful(node(2), 0.0, 500)
    assert peers.dials(0.0) == []
    verdict = peers.authenticated(Attempt(node(2), 1, 2), 0.0)
    assert isinstance(verdict, Refuse)
    assert verdict.reason == "full"


def test_one_archive_more_than_needed_may_leave() -> None:
    peers = manager(ARCHIVES)
    connect(peers, 1, "archive")
    connect(peers, 2, "archive")
    peers.found(Candidate(node(3), (place(3),)), 0.0)
    peers.useful(node(3), 0.0, 5)
    (dial,) = peers.dials(0.0)
    peers.authenticated(Attempt(node(3), 1, 3, dial), 0.0)
    assert len(peers.ready(node(3), 3, 0.0).close) == 1


def test_an_archive_that_comes_by_itself_gets_a_place_too() -> None:
    peers = manager(ARCHIVES, connected=1)
    connect(peers, 1)
    assert [close.node_id for close in connect(peers, 2, "archive")] == [node(1)]


def test_no_more_archives_are_dialed_for_places_than_are_lacking() -> None:
    peers = manager(ARCHIVES, connected=2, upgrade=2)
    connect(peers, 1)
    connect(peers, 2)
    for number in (3, 4):
        peers.found(Candidate(node(number), (place(number),), ("archive",)), 0.0)
    assert len(peers.dials(0.0)) == 1


def test_news_are_told_once_and_say_why() -> None:
    peers = manager(ARCHIVES, connected=1, upgrade=0)

    def reasons() -> list[str]:
        return [n.reason if isinstance(n, RequirementUnmet) else "met" for n in peers.review(0.0)]

    assert reasons() == ["unknown"]
    assert reasons() == []
    peers.found(Candidate(node(2), (place(2),), ("archive",)), 0.0)
    (dial,) = peers.dials(0.0)
    assert reasons() == []  # on its way
    peers.dial_failed(dial, "unreachable", 0.0)
    assert reasons() == ["waiting"]
    connect(peers, 1)
    (view,) = peers.snapshot(1e6).requirements
    assert view.reason == "no_slot"
    peers.disconnected(node(1), 1, "eof", 0.0)
    connect(peers, 2, "archive{from=1}")
    (met,) = peers.review(0.0)
    assert met == RequirementMet(ARCHIVES, 1, 1)
    peers.offers(node(2), ())
    assert reasons() == ["unknown"]


def test_one_whose_place_is_dialed_under_another_name_is_on_its_way_and_no_slot_is_missing() -> None:
    peers = manager(ARCHIVES)
    peers.found(Candidate(node(1), (place(1),), ("archive",)), 0.0)
    peers.add_persistent(place(1), 0.0)  # the same place, without its id
    (dial,) = peers.dials(0.0)
    assert dial.node_id is None
    (view,) = peers.snapshot().requirements
    assert (view.reason, "slot" in view.text) == ("on_its_way", False)
    assert peers.review(0.0) == ()


def test_one_that_has_not_had_its_turn_waits_and_no_slot_is_missing() -> None:
    peers = manager(ARCHIVES)
    peers.found(Candidate(node(1), (place(1),), ("archive",)), 0.0)
    (view,) = peers.snapshot().requirements
    assert (view.reason, "slot" in view.text) == ("waiting", False)
