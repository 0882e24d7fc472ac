"""The mind of peer exchange: what it asks, answers and believes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random
from weakref import WeakKeyDictionary

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors import Capability, ConfigError
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.pex.exchange import GetPeers, PeerRecords
from peerbus.discovery.pex.neighbour import SEED_LINGER, SEED_PATIENCE, SEED_VISIT
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import (
    AMPLIFICATION,
    FIRST_ASK,
    LEAST_GAP,
    MAX_ANSWER_BYTES,
    MAX_RECORDS,
    MIN_REQUEST_BYTES,
    Pex,
)
from peerbus.discovery.pex.values import Fault, News, Poll
from peerbus.discovery.records.advert import Advert
from peerbus.discovery.records.record import DOMAIN, PeerRecord, sign_record
from peerbus.transports import Endpoint, Identity

WALL = 1_800_000_000
OUTSIDE = Endpoint.parse("tcp://93.184.216.34:40000")
INSIDE = Endpoint.parse("tcp://10.0.0.9:40000")
OPTIONS = PexOptions()


@cache
def identity(name: str) -> Identity:
    return Identity.from_seed(name.encode().ljust(32, b"."))


@cache
def record(
    name: str,
    *places: str,
    sequence: int = 1,
    offers: tuple[str, ...] = (),
    private: bool = False,
    network: str = "demo",
    expires: int = WALL + 3600,
) -> PeerRecord:
    return sign_record(
        identity(name),
        network=network,
        sequence=sequence,
        expires=expires,
        private=private,
        endpoints=[Endpoint.parse(place) for place in places or ("tcp://93.184.1.1:7400",)],
        offers=[Capability.parse(offer) for offer in offers],
    )


ME, ALICE, BOB, CAROL = (identity(name).node_id for name in ("me", "alice", "bob", "carol"))


def pex(options: PexOptions = OPTIONS) -> Pex:
    return Pex(ME, "demo", options, Random(1))


def connect(
    mind: Pex, name: str, now: float = 0.0, *, remote: Endpoint = OUTSIDE, dialed: bool = True, known: bool = True
) -> str:
    """A peer that takes part; `known`: it said who it is, and came from there."""
    node_id = identity(name).node_id
    mind.up(node_id, remote, now, dialed=dialed)
    mind.takes_part(node_id, now)
    if known:
        place = str(Endpoint("tcp", remote.host, 7400))
        assert introduce(mind, node_id, record(name, place).data).found
    return node_id


def introduce(mind: Pex, node_id: str, data: bytes, now: float = 0.0) -> News:
    """What follows from a peer's own record."""
    news = mind.introduced(node_id, data, now, WALL)
    assert news is not None
    return news


#: The last request to each node, of the mind that made it.
UNDER_WAY: WeakKeyDictionary[Pex, dict[str, Poll]] = WeakKeyDictionary()


def ask(mind: Pex, now: float = 1.0) -> str:
    """Let it ask somebody; whom?"""
    (poll,) = mind.polls(now)
    UNDER_WAY.setdefault(mind, {})[poll.node_id] = poll
    return poll.node_id


def last(mind: Pex, node_id: str) -> Poll:
    """The last request to that node; one that is not under way where there was none."""
    return UNDER_WAY.get(mind, {}).get(node_id, Poll(-1, node_id, "", MAX_RECORDS))


def hear(mind: Pex, teller: str, records: Iterable[PeerRecord | bytes], now: float = 1.0) -> News:
    """All that follows from an answer."""
    data = [one if isinstance(one, bytes) else one.data for one in records]
    heard = list(mind.answered(last(mind, teller), data, now, WALL))
    return News(
        tuple(one for news in heard for one in news.found),
        tuple(one for news in heard for one in news.lost),
        tuple(one for news in heard for one in news.faults),
    )


def found(record: PeerRecord, endpoints: tuple[Endpoint, ...], teller: str | None) -> Candidate:
    """What peer exchange tells the manager of a node."""
    return Candidate(record.node_id, endpoints, record.roles, "pex", teller, record, OUTSIDE.host, OUTSIDE.scope)


def advert(node_id: str, record: PeerRecord | None = None, verified: tuple[Endpoint, ...] = ()) -> Advert:
    return Advert(node_id=node_id, verified=verified, record=record)


def told(mind: Pex, asker: str, *names: str, role: str = "", limit: int = MAX_RECORDS) -> tuple[bytes, ...]:
    """What it answers, where the manager says that these nodes may be told of."""
    adverts = [advert(identity(name).node_id) for name in names]
    return mind.answer(asker, role, limit, adverts, 1.0, WALL)


# Whom it asks, and when.


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


# What it answers.


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


def test_of_110_nodes_at_most_100_are_told() -> None:
    mind = pex()
    names = [f"n{number}" for number in range(110)]
    for name in names:
        mind.up(identity(name).node_id, OUTSIDE, 0.0, dialed=True)
        introduce(mind, identity(name).node_id, record(name, "tcp://93.184.216.34:1").data)
    connect(mind, "alice")
    answer = told(mind, ALICE, *names)
    assert len(answer) == min(MAX_RECORDS, MAX_ANSWER_BYTES // len(answer[0]))
    assert len(told(mind, ALICE, *names, limit=7)) == 7
    assert len(set(answer)) == len(answer)


def test_an_answer_has_bounded_bytes_for_each_byte_of_a_request() -> None:
    """What docs/peers.md says: at most 1,024 bytes of answer for one of request."""
    mind = pex()
    names = [f"n{number}" for number in range(110)]
    for name in names:
        mind.up(identity(name).node_id, OUTSIDE, 0.0, dialed=True)
        long = record(name, "tcp://93.184.216.34:7400", offers=tuple(f"role{n}-{'x' * 40}" for n in range(20)))
        introduce(mind, long.node_id, long.data)
    connect(mind, "alice")
    answer = PeerRecords(told(mind, ALICE, *names))
    assert len(answer.records) > 10
    smallest = min(len(msgspec.msgpack.encode(GetPeers(role, limit))) for role in ("", "a") for limit in (1, 100))
    assert smallest == MIN_REQUEST_BYTES
    for left_out in ({"role": ""}, {"limit": 1}, {}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(msgspec.msgpack.encode(left_out), type=GetPeers)
    assert sum(map(len, answer.records)) <= AMPLIFICATION * MIN_REQUEST_BYTES
    frame = len(msgspec.msgpack.encode(answer)) - sum(map(len, answer.records))
    assert frame <= 3 * len(answer.records) + 16


def test_who_asks_is_not_told_of_itself() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob")
    assert told(mind, ALICE, "alice", "bob") == (record("bob", "tcp://93.184.216.34:7400").data,)


def test_only_who_offers_the_role_is_told() -> None:
    mind = pex()
    connect(mind, "alice")
    for name, offers in (("bob", ("archive{from=1000}",)), ("carol", ("index",))):
        connect(mind, name, known=False)
        mine = record(name, "tcp://93.184.216.34:7400", offers=offers, sequence=2)
        introduce(mind, mine.node_id, mine.data)
    answer = told(mind, ALICE, "bob", "carol", role="archive")
    assert answer == (record("bob", "tcp://93.184.216.34:7400", offers=("archive{from=1000}",), sequence=2).data,)
    assert len(told(mind, ALICE, "bob", "carol")) == 2
    assert told(mind, ALICE, "bob", "carol", role="nothing") == ()


def test_a_private_peer_is_never_told_of() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob")
    secret = record("bob", "tcp://93.184.216.34:7400", private=True, sequence=2)
    introduce(mind, BOB, secret.data)
    assert told(mind, ALICE, "bob") == ()
    assert mind.answer(ALICE, "", 100, [advert(BOB, secret, secret.endpoints)], 1.0, WALL) == ()


def test_a_private_peer_that_is_told_of_by_somebody_else_is_not_believed_and_the_teller_is_penalised() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    news = hear(mind, ALICE, [record("bob", private=True), record("carol")])
    assert news == News(faults=(Fault(ALICE, "private_record"),))
    assert mind.statistics().refused == {"private": 1}


def test_only_nodes_that_were_connected_to_us_are_told_of() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob")
    ask(mind, 0.3)
    assert hear(mind, ask(mind), [record("carol")]).found
    assert told(mind, BOB, "carol") == ()  # heard of, never met, even where a manager said otherwise
    connect(mind, "carol", known=False)
    introduce(mind, CAROL, record("carol", "tcp://93.184.216.34:7400", sequence=2).data)
    assert len(told(mind, BOB, "carol")) == 1
    mind.down(CAROL)
    assert len(told(mind, BOB, "carol")) == 1


def test_a_node_that_points_at_a_strangers_machine_is_not_told_of() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob", known=False)
    victim = record("bob", "tcp://198.41.0.4:53", sequence=2)
    introduce(mind, BOB, victim.data)
    assert told(mind, ALICE, "bob") == ()
    # Once this node reached it there itself, it is told.
    assert mind.answer(ALICE, "", 100, [advert(BOB, None, victim.endpoints)], 1.0, WALL) == (victim.data,)


def test_a_record_whose_schemes_are_all_unknown_is_passed_on_and_nominates_nobody() -> None:
    mind = pex()
    connect(mind, "alice")
    place = ("tcp://93.184.1.1:7400", "quic://93.184.1.1:7400")
    later = replace(record("bob", *place[:1]), endpoints=(), foreign=place[1:])
    assert mind.answer(ALICE, "", 100, [advert(BOB, later)], 1.0, WALL) == ()  # nobody here has met it
    connect(mind, "bob", known=True)
    newer = replace(later, sequence=9)
    assert mind.answer(ALICE, "", 100, [advert(BOB, newer)], 1.0, WALL) == (newer.data,)


def later_record(name: str, *places: str) -> bytes:
    """A record of a later version, whose schemes nobody here knows."""
    body = msgspec.msgpack.encode(["demo", 1, WALL + 3600, False, list(places), []])
    owner = identity(name)
    return msgspec.msgpack.encode([owner.public_key_der, body, owner.sign(DOMAIN + body)])


def test_a_record_of_a_third_one_whose_schemes_are_all_unknown_is_kept_and_dialed_by_nobody() -> None:
    mind = pex()
    connect(mind, "alice")
    data = later_record("bob", "quic://93.184.216.34:7400")
    assert hear(mind, ask(mind), [data]) == News()
    assert (mind.statistics().records, mind.statistics().refused) == (2, {})  # with Alice's own
    # It comes by itself, from where its record says, and is told of as any other.
    connect(mind, "bob", known=False)
    assert mind.introduced(BOB, data, 1.0, WALL) == News()
    assert told(mind, ALICE, "bob") == (data,)


def test_a_record_of_unknown_schemes_that_names_another_machine_is_told_to_nobody() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob", known=False)
    data = later_record("bob", "quic://198.41.0.4:53", "odd://[x", "odd://")
    introduce(mind, BOB, data)
    assert told(mind, ALICE, "bob") == ()


def test_what_a_node_wrote_into_its_book_can_be_told_after_a_restart() -> None:
    mind = pex()
    connect(mind, "alice")
    old = record("bob")
    assert mind.answer(ALICE, "", 100, [advert(BOB, old, old.endpoints)], 1.0, WALL) == (old.data,)
    assert mind.answer(ALICE, "", 100, [advert(CAROL, None, old.endpoints)], 1.0, WALL) == ()


def test_what_has_expired_is_not_told() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob")
    adverts = [advert(BOB)]
    assert len(mind.answer(ALICE, "", 100, adverts, 1.0, WALL + 3599)) == 1
    assert mind.answer(ALICE, "", 100, adverts, 1.0, WALL + 3600) == ()


def test_a_peer_outside_is_not_told_of_addresses_inside() -> None:
    mind = pex()
    connect(mind, "alice", remote=OUTSIDE)
    connect(mind, "bob", remote=INSIDE)
    connect(mind, "carol", remote=INSIDE)
    assert told(mind, ALICE, "bob", "carol") == ()
    assert told(mind, BOB, "alice", "carol") == (
        record("alice", "tcp://93.184.216.34:7400").data,
        record("carol", "tcp://10.0.0.9:7400").data,
    )


# What it believes.


def test_what_is_heard_is_nominated_by_its_own_record() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    carol = record("carol", "tcp://93.184.1.1:7400", offers=("archive",))
    assert hear(mind, ALICE, [carol]) == News(found=(found(carol, carol.endpoints, ALICE),))
    connect(mind, "bob")
    ask(mind, 2.0)
    assert hear(mind, BOB, [carol], 2.0) == News()  # it is known
    newer = record("carol", "tcp://93.184.1.2:7400", sequence=2)
    ask(mind, 10.0)
    assert hear(mind, ALICE, [newer], 10.0).found == (found(newer, newer.endpoints, ALICE),)


def test_an_unsolicited_answer_is_penalised() -> None:
    mind = pex()
    connect(mind, "alice")
    assert mind.unsolicited(ALICE).faults == (Fault(ALICE, "unsolicited"),)
    assert hear(mind, ALICE, [record("carol")]) == News()
    assert mind.statistics().faults == {"unsolicited": 1}


def test_an_answer_of_101_records_is_penalised_and_none_of_it_is_believed() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [b""] * 101) == News(faults=(Fault(ALICE, "too_many"),))
    assert mind.next_due(1.0) is not None


def test_an_answer_of_too_many_bytes_is_penalised_and_none_of_it_is_believed() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [record("carol").data, bytes(MAX_ANSWER_BYTES)]).faults == (Fault(ALICE, "too_many"),)
    assert mind.statistics().learned == 0


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"rubbish", "forged_record"),
        (bytes(2049), "forged_record"),
        (record("carol").data[:-1] + b"\x00", "forged_record"),
        (record("carol", network="other").data, "foreign_record"),
        (record("carol", expires=WALL - 86_401).data, "stale_record"),
        (record("carol", private=True).data, "private_record"),
    ],
    ids=["malformed", "too large", "forged", "foreign", "expired", "private"],
)
def test_a_record_that_no_honest_peer_passes_on_is_penalised(data: bytes, fault: str) -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [data]) == News(faults=(Fault(ALICE, fault),))
    assert sum(mind.statistics().refused.values()) == 1


@pytest.mark.parametrize("expires", [WALL - 121, WALL - 86_400, WALL + 86_521])
def test_a_teller_whose_clock_is_wrong_is_not_penalised(expires: int) -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [record("carol", expires=expires)]) == News()
    assert sum(mind.statistics().refused.values()) == 1


def test_a_teller_of_a_later_version_is_not_penalised_for_records_that_say_more() -> None:
    def later(name: str) -> bytes:
        key, body, _ = msgspec.msgpack.decode(record(name).data)
        more = msgspec.msgpack.encode([*msgspec.msgpack.decode(body), "later"])
        return msgspec.msgpack.encode([key, more, identity(name).sign(DOMAIN + more)])

    mind = pex()
    connect(mind, "alice")
    ask(mind)
    news = hear(mind, ALICE, [later("carol"), record("bob").data])
    assert news.faults == ()
    assert len(news.found) == 1
    assert mind.statistics().refused == {"later": 1}
    assert introduce(mind, ALICE, later("alice")) == News()


def test_one_answer_is_one_fault_and_nothing_after_a_forged_record_is_looked_at() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    expired = [record(f"n{number}", expires=WALL - 90_000).data for number in range(9)]
    news = hear(mind, ALICE, [*expired, record("carol"), b"rubbish", record("bob")])
    assert [one.node_id for one in news.found] == [CAROL]
    assert news.faults == (Fault(ALICE, "stale_record"), Fault(ALICE, "forged_record"))


def test_an_old_record_is_no_crime_but_one_older_than_the_teller_told_before_is() -> None:
    mind = pex()
    connect(mind, "alice")
    connect(mind, "bob")
    new, old = record("carol", sequence=2), record("carol", sequence=1)
    first = ask(mind, 0.5)
    second = ask(mind, 1.0)
    hear(mind, first, [new], 1.0)
    assert hear(mind, second, [old], 1.0) == News()
    assert mind.statistics().refused == {"stale": 1}
    again = 10.0
    while ask(mind, again) != first:
        again += 1.0
    assert hear(mind, first, [old], again).faults == (Fault(first, "stale_record"),)


@pytest.mark.parametrize(
    "place",
    [
        "tcp://127.0.0.1:7400",
        "tcp://0.0.0.0:7400",
        "tcp://10.0.0.1:7400",
        "tcp://[::1]:7400",
        "tcp://[fd00::1]:7400",
        "tcp://169.254.1.1:7400",
        "tcp://224.0.0.251:7400",
        "tcp://localhost:7400",
        "tcp://printer:7400",
        "tcp://93.184.1.1:0",
        "unix:///run/docker.sock",
        "memory://alice",
    ],
)
def test_an_address_that_a_peer_outside_cannot_mean_is_ignored_and_counted(place: str) -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [record("carol", place)]) == News()
    assert mind.statistics().refused == {"unroutable": 1}
    ask(mind, 10.0)
    (found,) = hear(mind, ALICE, [record("carol", place, "tcp://93.184.1.1:7400", sequence=2)], 10.0).found
    assert [str(endpoint) for endpoint in found.endpoints] == ["tcp://93.184.1.1:7400"]


def test_this_node_itself_is_ignored_and_counted() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    assert hear(mind, ALICE, [record("me")]) == News()
    assert mind.statistics().refused == {"self": 1}


def test_one_sender_that_floods_has_a_bounded_share_of_the_records() -> None:
    mind = pex(PexOptions(max_records=200))
    connect(mind, "alice")
    connect(mind, "bob")
    honest = [record(f"honest{number}") for number in range(20)]
    ask(mind, 0.5)
    ask(mind, 1.0)
    hear(mind, BOB, honest, 1.0)
    now = 1.0
    for batch in range(10):
        if batch:
            now += 100.0
            while ask(mind, now) != ALICE:
                now += 1.0
        hear(mind, ALICE, [record(f"fake{batch}-{number}", expires=WALL + 80_000) for number in range(60)], now)
    assert mind.statistics().records == 50 + 20 + 2
    assert all(mind._records.get(one.node_id) == one for one in honest)


# A peer's own record.


def test_a_peers_own_record_nominates_it_where_it_says_it_can_be_found() -> None:
    mind = pex()
    mind.up(ALICE, OUTSIDE, 0.0, dialed=False)
    mine = record("alice", "tcp://93.184.216.34:7400", "tcp://127.0.0.1:7400")
    assert introduce(mind, ALICE, mine.data) == News(found=(found(mine, mine.endpoints[:1], None),))
    assert introduce(mind, ALICE, mine.data) == News()
    assert introduce(mind, ALICE, b"") == News()


def test_a_peer_that_shows_a_new_record_all_the_time_is_looked_at_once_a_second() -> None:
    mind = pex()
    connect(mind, "alice")
    records = [record("alice", "tcp://93.184.216.34:7400", sequence=number + 2).data for number in range(1000)]
    looked_at = [mind.introduced(ALICE, data, at / 100, WALL) is not None for at, data in enumerate(records)]
    assert 10 <= sum(looked_at) <= 18
    assert introduce(mind, ALICE, records[-1], 11.0).found


def test_a_peer_that_shows_the_record_of_another_is_penalised() -> None:
    mind = pex()
    connect(mind, "alice")
    assert introduce(mind, ALICE, record("bob").data).faults == (Fault(ALICE, "forged_record"),)
    connect(mind, "bob")
    known = record("bob", "tcp://93.184.216.34:7400")
    assert introduce(mind, ALICE, known.data).faults == (Fault(ALICE, "forged_record"),)


def test_a_peer_whose_clock_is_wrong_is_not_penalised_for_its_own_record() -> None:
    mind = pex()
    connect(mind, "alice", known=False)
    assert introduce(mind, ALICE, record("alice", expires=WALL - 5000).data) == News()
    assert introduce(mind, ALICE, record("alice", expires=WALL + 100_000).data) == News()
    assert mind.statistics().refused == {"expired": 1, "too_far": 1}


# Time.


def test_records_expire_and_what_was_found_by_them_is_taken_back() -> None:
    mind = pex()
    connect(mind, "alice")
    ask(mind)
    hear(mind, ALICE, [record("carol", expires=WALL + 10)])
    assert mind.expire(WALL + 130) == News()
    assert mind.expire(WALL + 131) == News(lost=(CAROL,))
    assert mind.expire(WALL + 100_000) == News()  # alice is connected


def test_a_seed_answers_once_and_then_frees_the_slot() -> None:
    mind = pex(PexOptions(seed=True))
    connect(mind, "alice", 0.0, dialed=False)
    connect(mind, "bob", 0.0, dialed=False)
    connect(mind, "carol", 0.0, dialed=True)
    assert mind.asked(ALICE, 1.0) is None
    mind.answer(ALICE, "", 100, (), 1.0, WALL)
    assert mind.next_parting() == 1.0 + SEED_LINGER
    assert mind.partings(1.0) == ()
    assert mind.partings(1.0 + SEED_LINGER) == (ALICE,)
    assert mind.partings(1.0 + SEED_LINGER) == ()  # once is enough
    assert mind.next_parting() == SEED_PATIENCE
    assert mind.partings(SEED_PATIENCE) == (BOB,)
    assert mind.partings(SEED_VISIT) == (CAROL,)
    assert mind.next_parting() is None


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
