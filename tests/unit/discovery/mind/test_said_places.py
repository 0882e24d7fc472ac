"""Nodes whose ids a finder does not know: their handshakes tell them, under the rules that hold for everybody."""

from __future__ import annotations

import math
import random

from minds import ONE, SELF, TWO, place

from peerbus.discovery.facts.commands import Accept, Attempt, Dial, Refuse
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.said_places import MOST_OF_A_SOURCE, SaidPlaces
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint


def manager(**options: object) -> PeerManager:
    return PeerManager(SELF, PeerOptions(**options), random.Random(1))  # type: ignore[arg-type]  # as it takes them


def said(mind: PeerManager, *ports: int, source: str = "dns", now: float = 0.0) -> bool:
    return mind.found(Candidate(None, tuple(map(place, ports)), source=source), now)


def meet(mind: PeerManager, dial: Dial, node_id: str, now: float = 0.0) -> Accept | Refuse:
    verdict = mind.authenticated(Attempt(node_id, 1, f"to {dial.endpoint}", dial, (), "10.0.0.1"), now)
    if isinstance(verdict, Accept):
        mind.ready(node_id, f"to {dial.endpoint}", now)
    return verdict


def places(mind: PeerManager) -> dict[str | None, set[Endpoint]]:
    return {peer.node_id: {one.endpoint for one in peer.addresses} for peer in mind.snapshot().peers}


def test_a_place_is_dialed_with_nobody_expected_and_is_the_node_that_answers() -> None:
    mind = manager()
    assert said(mind, 1, 2)
    dials = sorted(mind.dials(0.0), key=lambda dial: dial.endpoint.port)
    assert [(dial.endpoint, dial.node_id) for dial in dials] == [(place(1), None), (place(2), None)]
    assert meet(mind, dials[0], ONE) == Accept()
    assert meet(mind, dials[1], TWO) == Accept()
    assert places(mind) == {ONE: {place(1)}, TWO: {place(2)}}
    assert not any(peer.persistent for peer in mind.snapshot().peers), "nobody is configured by what a finder says"
    assert list(mind._peers.pins) == [], "nor pinned: such places are given to others"
    assert not said(mind, 1, 2), "it says nothing new"
    assert mind.dials(1.0) == []
    mind.disconnected(ONE, f"to {place(1)}", "broken", 2.0)
    (again,) = mind.dials(600.0)
    assert (again.endpoint, again.node_id) == (place(1), ONE)
    mind.dial_failed(again, "node_id", 600.0)
    (again,) = mind.dials(1200.0)
    assert (again.endpoint, again.node_id) == (place(1), None), "another one is there now, and is met"


def test_what_a_source_says_no_more_is_dialed_no_more() -> None:
    mind = manager()
    said(mind, 1, 2, 3)
    said(mind, 1, source="folder")
    (one, two, _) = sorted(mind.dials(0.0), key=lambda dial: dial.endpoint.port)
    assert meet(mind, one, ONE) == Accept()
    said(mind, now=1.0)
    assert places(mind) == {ONE: {place(1)}}, "another source says it still"
    assert meet(mind, two, TWO) == Accept()
    assert not any(peer.persistent for peer in mind.snapshot().peers)
    said(mind, source="folder", now=2.0)
    mind.disconnected(ONE, f"to {place(1)}", "broken", 2.0)
    assert [dial.endpoint for dial in mind.dials(10_000.0)] == []


def test_this_node_itself_is_met_once() -> None:
    mind = manager()
    said(mind, 1)
    (dial,) = mind.dials(0.0)
    assert isinstance(meet(mind, dial, SELF), Refuse)
    said(mind, 1, 2, now=5.0)
    assert [dial.endpoint for dial in mind.dials(10_000.0)] == [place(2)]


def test_strangers_of_one_source_fill_no_more_than_their_share_and_push_out_nobody_proven() -> None:
    mind = manager(max_connected=12, max_known=20, max_outgoing=8, stable_after=10.0)
    said(mind, 1, source="mine")
    (dial,) = mind.dials(0.0)
    meet(mind, dial, ONE)
    for turn in range(1, 40):
        said(mind, *range(turn * 100, turn * 100 + 70), now=20.0 + turn)
    assert ONE in places(mind)
    assert len(mind.snapshot().peers) <= 20
    out = mind.dials(100.0)
    assert 0 < len(out) <= 4, "of one crowd half of the own dials at a time"


def test_an_operators_word_and_a_finders_stand_beside_each_other() -> None:
    mind = manager()
    mind.add_persistent(place(1), 0.0)
    said(mind, 1)
    (dial,) = mind.dials(0.0)
    assert meet(mind, dial, ONE) == Accept()
    said(mind)
    (peer,) = mind.snapshot().peers
    assert peer.persistent
    assert mind.pinned(place(1)) == ONE
    assert mind.next_due(0.0) in (None, math.inf)


def test_a_source_says_so_many_places_and_no_more() -> None:
    table = SaidPlaces()
    assert table.replace("dns", (place(port) for port in range(1, 200))) == []
    assert len(table.said_by("dns")) == MOST_OF_A_SOURCE
    assert table.of(place(1)) == ("dns",)
    assert len(table.replace("dns", [place(1)])) == MOST_OF_A_SOURCE - 1
    assert table.replace("dns", []) == [place(1)]
    assert not table.of(place(1))
    assert not table.said_by("dns")
