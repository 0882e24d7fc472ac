"""What of the peer manager's table goes into the book, and what of it comes back."""

from __future__ import annotations

import math
import random

import pytest
from minds import mind

from peerbus.discovery.book.book import BookChanges, BookContents, MemoryBook, PeerEntry
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.commands import Accept, Attempt, Refuse
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.discovery.mind.bookkeeping import Bookkeeping
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.snapshot import BanView
from peerbus.discovery.mind.wall_clock import WallClock
from peerbus.discovery.peer.options import PeerOptions
from peerbus.discovery.records.record import sign_record
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

SELF, LOW, HIGH, OTHER = "5" * 64, "1" * 64, "9" * 64, "8" * 64
#: The second life begins a thousand seconds after the first, and its clock at another place.
FIRST, SECOND = WallClock(1_700_000_000.0), WallClock(1_700_001_000.0 - 5.0)


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def manager(options: PeerOptions | None = None, wall: WallClock = FIRST) -> PeerManager:
    return PeerManager(SELF, options or PeerOptions(), random.Random(0), wall=wall)


def reborn(peers: PeerManager, now: float, options: PeerOptions | None = None) -> PeerManager:
    """The manager of the next life, at 5.0 on its clock."""
    book = MemoryBook()
    book.save(peers.bookkeeping("net").changes(now))
    again = manager(options, SECOND)
    again.bookkeeping("net").restore(book.load(), 5.0)
    return again


def connect(peers: PeerManager, node_id: str, now: float, *, host: str | None = None) -> None:
    for dial in peers.dials(now):
        if dial.node_id == node_id:
            assert peers.authenticated(Attempt(node_id, 1, node_id, dial, ("archive",), host), now) == Accept()
            peers.ready(node_id, node_id, now)
        else:
            peers.dial_failed(dial, "unreachable", now)


def test_addresses_scores_bans_and_reasons_come_back_and_time_has_passed_meanwhile() -> None:
    peers = manager(PeerOptions(score_half_life=1000.0))
    peers.found(Candidate(HIGH, (place(1), place(2)), ("archive",)), 0.0)
    connect(peers, HIGH, 0.0)
    peers.useful(HIGH, 100.0, 8)
    peers.disconnected(HIGH, HIGH, "eof", 100.0)
    peers.levers.ban(LOW, math.inf, "operator", 100.0)
    peers.levers.ban(OTHER, 2000.0, "flood", 100.0)
    again = reborn(peers, 100.0, PeerOptions(score_half_life=1000.0))
    (peer,) = again.snapshot(5.0).peers
    assert (peer.node_id, peer.offers) == (HIGH, ("archive",))
    assert [address.endpoint for address in peer.addresses] == [place(1), place(2)]
    # From 100 to 1000 seconds on the first clock.
    assert math.isclose(dict(peer.why)["useful"], 8 * 0.5**0.9)
    assert peer.last_connected == again.wall.epoch(0.0 - 1000.0 + 5.0)
    bans = {ban.target: ban for ban in again.snapshot(5.0).bans}
    assert bans == {LOW: BanView(LOW, None, "operator"), OTHER: BanView(OTHER, again.wall.epoch(1005.0), "flood")}
    assert [dial.endpoint for dial in again.dials(5.0)] == [place(1)]


def test_the_order_of_peers_by_rank_is_the_same_after_a_restart() -> None:
    peers = manager()
    for number, node_id in enumerate((LOW, HIGH, OTHER)):
        peers.found(Candidate(node_id, (place(number + 1),)), 0.0)
        peers.useful(node_id, 0.0, number)
    ranked = [dial.node_id for dial in reborn(peers, 10.0).dials(5.0)]
    assert ranked == [OTHER, HIGH, LOW]


def test_a_ban_that_has_ended_meanwhile_does_not_come_back() -> None:
    peers = manager()
    peers.levers.ban(LOW, 500.0, "flood", 0.0)
    assert reborn(peers, 0.0).snapshot(5.0).bans == ()


def test_a_ban_of_the_configuration_is_in_no_book() -> None:
    banned = PeerOptions(banned=frozenset({LOW, "10.9.0.0/16", SELF}))
    peers = manager(banned)
    peers.levers.ban(OTHER, math.inf, "operator", 0.0)
    assert {(ban.target, ban.reason) for ban in peers.snapshot(0.0).bans} == {
        (LOW, "configuration"),
        ("10.9.0.0/16", "configuration"),
        (OTHER, "operator"),
    }
    verdict = peers.authenticated(Attempt(HIGH, 1, HIGH, host="10.9.1.1"), 0.0)
    assert isinstance(verdict, Refuse)
    assert verdict.reason == "banned"
    assert [ban.target for ban in peers.bookkeeping("net").changes(0.0).bans] == [OTHER]
    assert [ban.target for ban in reborn(peers, 0.0).snapshot(5.0).bans] == [OTHER]


def test_what_the_configuration_bans_today_was_banned_before_by_the_book() -> None:
    peers = manager()
    peers.levers.ban(LOW, math.inf, "operator", 0.0)
    again = reborn(peers, 0.0, PeerOptions(banned=frozenset({LOW})))
    assert [(ban.target, ban.reason) for ban in again.snapshot(5.0).bans] == [(LOW, "configuration")]


def test_who_is_persistent_or_has_a_fixed_score_is_in_todays_configuration() -> None:
    peers = manager(PeerOptions(scores={OTHER: 7.0}))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    connect(peers, HIGH, 0.0)
    peers.found(Candidate(OTHER, (place(2),)), 0.0)
    peers.found(Candidate(LOW, (place(3),)), 0.0)
    peers.levers.set_score(LOW, 4.0)
    views = {peer.node_id: peer for peer in reborn(peers, 1.0, PeerOptions(scores={LOW: -3.0})).snapshot(5.0).peers}
    assert not views[HIGH].persistent
    assert [address.endpoint for address in views[HIGH].addresses] == [place(1)]  # it answered there
    assert views[OTHER].fixed_score is None
    assert views[LOW].fixed_score == -3.0
    assert {peer.node_id: peer.fixed_score for peer in reborn(peers, 1.0).snapshot(5.0).peers}[LOW] == 4.0


def test_the_node_itself_is_no_peer_even_if_its_book_was_another_nodes() -> None:
    again = manager()
    again.bookkeeping("net").restore(
        BookContents(peers=(PeerEntry(node_id=SELF, seen=0.0),), bans=(Ban(SELF, math.inf, "x"),)), 0.0
    )
    assert again.snapshot().peers == ()
    assert again.snapshot().bans == ()


def test_an_inactive_peer_stays_so_over_a_restart() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    peers.dial_failed(peers.dials(0.0)[0], "network", 0.0, by_peer=True)
    again = reborn(peers, 1.0)
    assert again.dials(1e6) == []
    assert [peer.inactive for peer in again.snapshot().peers] == ["network"]


def test_a_record_comes_back_unless_somebody_changed_it_or_it_expired() -> None:
    identity = Identity.from_seed(b"x" * 32)
    expires = int(FIRST.offset) + 5000
    record = sign_record(identity, network="net", sequence=1, expires=expires, endpoints=(place(1),))
    peers = manager()
    peers.found(Candidate(record.node_id, (place(1),), record=record), 0.0)
    changes = peers.bookkeeping("net").changes(0.0)
    (entry,) = changes.peers
    assert entry.record == record.data
    for network, data, comes_back in (
        ("net", record.data, True),
        ("other", record.data, False),
        ("net", record.data[:-1] + bytes([record.data[-1] ^ 1]), False),
    ):
        again = manager(wall=SECOND)
        book = again.bookkeeping(network)
        forged = PeerEntry(
            node_id=entry.node_id, seen=entry.seen, addresses=entry.addresses, last_connected=1e9, record=data
        )
        book.restore(BookContents(peers=(forged,)), 5.0)
        (advert,) = again.advertise("0" * 64, 9, 5.0) or (None,)
        assert (advert is not None and advert.record == record) is comes_back


def test_only_what_differs_is_written_and_what_was_not_written_is_written_again() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    peers.found(Candidate(LOW, (place(2),)), 0.0)
    peers.levers.ban(OTHER, math.inf, "operator", 0.0)
    book = peers.bookkeeping("net")
    everything = book.changes(0.0)
    assert {entry.node_id for entry in everything.peers} == {HIGH, LOW}
    assert not book.changes(1.0)
    book.not_written(everything)
    assert book.changes(1.0) == everything
    peers.useful(HIGH, 2.0)
    assert [entry.node_id for entry in book.changes(2.0).peers] == [HIGH]
    peers.levers.unban(OTHER, 3.0)
    lifted = book.changes(3.0)
    assert lifted == BookChanges(lifted=(OTHER,))
    book.not_written(lifted)
    assert book.changes(4.0) == lifted


def test_a_book_with_more_peers_than_may_be_known_gives_the_latest() -> None:
    options = PeerOptions(max_connected=1, max_connected_upgrade=0, max_known=2)
    again = manager(options)
    entries = tuple(PeerEntry(node_id=f"{n:064x}", seen=0.0, last_connected=float(n)) for n in range(1, 6))
    again.bookkeeping("net").restore(BookContents(peers=entries), 1e9)
    assert {peer.node_id for peer in again.snapshot().peers} == {f"{n:064x}" for n in (4, 5)}


def test_a_banned_peer_is_refused_after_the_restart_by_id_and_by_network() -> None:
    peers = manager()
    peers.misbehaved(HIGH, ScoreReason.FORGED_RECORD, 0.0)  # unknown: nothing
    connect(peers, HIGH, 0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "in", host="10.0.0.7"), 0.0) == Accept()
    peers.misbehaved(HIGH, ScoreReason.FORGED_RECORD, 0.0)
    again = reborn(peers, 0.0)
    verdict = again.authenticated(Attempt(HIGH, 2, "in"), 5.0)
    assert isinstance(verdict, Refuse)
    assert (verdict.reason, verdict.text) == ("banned", "banned for forged_record")


@pytest.mark.parametrize("made", [1000.0, 4e9], ids=["in 1970", "in the future"])
def test_a_ban_that_was_made_while_the_calendar_was_wrong_holds_its_whole_time_from_now(made: float) -> None:
    contents = BookContents(bans=(Ban("1" * 64, made + 3600.0, "operator", made),))
    state = mind()
    Bookkeeping(state, WallClock(1.8e9), "demo").restore(contents, 5.0)
    (ban,) = state.bans
    assert ban.until == 3605.0


def test_a_ban_of_this_run_is_written_anew_when_the_calendar_was_set() -> None:
    state, wall = mind(), WallClock(1000.0)
    books = Bookkeeping(state, wall, "demo")
    state.ban(Ban("1" * 64, 3600.0, "operator", 0.0), 0.0)
    (ban,) = books.changes(1.0).bans
    assert (ban.until, ban.made) == (4600.0, 1000.0)
    wall.adjust(1.8e9, 1.0)
    (ban,) = books.changes(2.0).bans
    assert ban.until - ban.made == 3600.0 if ban.made is not None else False
    assert ban.until > 1.8e9


def test_the_number_of_the_last_record_is_written_once() -> None:
    books = Bookkeeping(mind(), WallClock(), "demo")
    books.restore(BookContents(sequence=5), 0.0)
    assert books.sequence == 5
    books.sequence = 6
    changes = books.changes(1.0)
    assert (changes.sequence, books.changes(1.0).sequence) == (6, 0)
    books.not_written(changes)
    assert books.changes(1.0).sequence == 6
