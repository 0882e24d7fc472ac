"""The mind of peer exchange: what it believes, and what it holds against whoever said it."""

from __future__ import annotations

import msgspec
import pytest
from gossips_of_records import ALICE, BOB, CAROL, OUTSIDE, WALL, ask, connect, hear, identity, introduce, pex, record

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.pex.neighbour import SEED_LINGER, SEED_PATIENCE, SEED_VISIT
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import (
    MAX_ANSWER_BYTES,
)
from peerbus.discovery.pex.values import Fault, News
from peerbus.discovery.records.record import DOMAIN, PeerRecord
from peerbus.transports import Endpoint


def found(record: PeerRecord, endpoints: tuple[Endpoint, ...], teller: str | None) -> Candidate:
    """What peer exchange tells the manager of a node."""
    return Candidate(record.node_id, endpoints, record.roles, "pex", teller, record, OUTSIDE.host, OUTSIDE.scope)


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
