"""The mind of peer exchange: what it tells others of, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from gossips_of_records import (
    ALICE,
    BOB,
    CAROL,
    OUTSIDE,
    WALL,
    advert,
    ask,
    connect,
    hear,
    identity,
    introduce,
    pex,
    record,
    told,
)

from peerbus.discovery.pex.exchange import GetPeers, PeerRecords
from peerbus.discovery.pex.pex import (
    AMPLIFICATION,
    MAX_ANSWER_BYTES,
    MAX_RECORDS,
    MIN_REQUEST_BYTES,
)
from peerbus.discovery.pex.values import Fault, News
from peerbus.discovery.records.record import DOMAIN
from peerbus.transports import Endpoint

INSIDE = Endpoint.parse("tcp://10.0.0.9:40000")


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


def test_who_has_a_place_on_one_link_alone_is_told_to_those_of_that_link() -> None:
    mind = pex()
    for name, remote in (("alice", "fe80::a%eth0"), ("bob", "fe80::b%eth0"), ("carol", "fe80::c%eth1")):
        mind.up(identity(name).node_id, Endpoint("tcp", remote, 40000), 0.0, dialed=False)
        place = f"tcp://[{remote.partition('%')[0]}]:7400"
        assert introduce(mind, identity(name).node_id, record(name, place).data).found
    here = record("alice", "tcp://[fe80::a]:7400").data
    assert told(mind, BOB, "alice", "carol") == (here,)
    assert told(mind, CAROL, "alice", "bob") == ()
    assert told(mind, ALICE, "carol") == ()
    # It is not connected any more, and is known to be where it was reached.
    mind.down(ALICE)
    was = advert(ALICE, record("alice", "tcp://[fe80::a]:7400"), (Endpoint("tcp", "fe80::a%eth0", 7400),))
    assert mind.answer(BOB, "", 9, [was], 1.0, WALL) == (here,)
    assert mind.answer(CAROL, "", 9, [was], 1.0, WALL) == ()
