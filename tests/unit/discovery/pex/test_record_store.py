"""The store keeps the newest record of each node, within bounds."""

from __future__ import annotations

from peerbus.discovery.pex.record_store import RecordStore
from peerbus.discovery.records.record import MAX_SKEW, PeerRecord, RecordRefused, sign_record
from peerbus.transports import Identity

NOW = 1_800_000_000


def record(seed: int, sequence: int = 1, expires: int = NOW + 3600, network: str = "demo") -> PeerRecord:
    identity = Identity.from_seed(seed.to_bytes(32, "big"))
    return sign_record(identity, network=network, sequence=sequence, expires=expires)


def store(*records: PeerRecord, most: int = 3) -> RecordStore:
    made = RecordStore("demo", most)
    assert all(made.keep(one) for one in records)
    return made


def test_the_newest_is_kept_and_older_ones_are_refused() -> None:
    book = store(record(1, sequence=5))
    newer = book.read(record(1, sequence=6).data, NOW)
    assert isinstance(newer, PeerRecord)
    assert book.get(newer.node_id) == record(1, sequence=5)  # reading keeps nothing
    assert book.keep(newer)
    older = book.read(record(1, sequence=5).data, NOW)
    assert isinstance(older, RecordRefused)
    assert older.reason == "stale"
    assert book.keep(record(1, sequence=4))
    assert book.get(newer.node_id) == newer


def test_what_is_refused_is_counted_by_reason() -> None:
    book = store(record(1))
    book.read(b"", NOW)
    book.read(record(1).data, NOW)
    book.read(record(2, network="other").data, NOW)
    book.count("self")
    assert book.refused == {"malformed": 1, "known": 1, "foreign_network": 1, "self": 1}


def test_who_expires_first_makes_room_and_nobody_for_one_that_expires_sooner() -> None:
    book = store(*(record(seed, expires=NOW + seed) for seed in (10, 20, 30)))
    assert not book.keep(record(5, expires=NOW + 5))
    assert book.keep(record(15, expires=NOW + 15))
    assert {one.expires - NOW for one in book} == {15, 20, 30}
    assert len(book) == 3


def test_what_is_held_never_makes_room() -> None:
    records = [record(seed, expires=NOW + seed) for seed in (10, 20, 30)]
    book = store(*records)
    for one in records:
        book.hold(one.node_id)
    assert not book.keep(record(40, expires=NOW + 40))
    book.release(records[2].node_id)
    assert book.keep(record(40, expires=NOW + 40))
    assert book.get(records[0].node_id) == records[0]


def test_expired_records_go_unless_they_are_held() -> None:
    one, other = record(1, expires=NOW), record(2, expires=NOW)
    book = store(one, other)
    book.hold(other.node_id)
    assert book.expire(NOW + MAX_SKEW) == []
    assert book.expire(NOW + MAX_SKEW + 1) == [one.node_id]
    assert [kept.node_id for kept in book] == [other.node_id]
    book.forget(other.node_id)
    assert len(book) == 0


def test_one_that_tells_much_makes_room_within_its_own_share() -> None:
    book = RecordStore("demo", 200)
    honest = [record(seed) for seed in range(10)]
    assert all(book.keep(one, "honest") for one in honest)
    assert all(book.keep(record(1000 + seed, expires=NOW + 4000), "liar") for seed in range(300))
    assert len(book) == 10 + 200 // 4
    assert all(book.get(one.node_id) == one for one in honest)
    assert not book.keep(record(5000, expires=NOW + 3999), "liar")  # all of its own are good for longer
    assert book.keep(record(5000, expires=NOW + 3999), "other")


def test_who_speaks_for_itself_is_in_nobodys_share() -> None:
    book = RecordStore("demo", 64)
    assert all(book.keep(record(seed), "teller") for seed in range(16))
    assert all(book.keep(record(seed, sequence=2)) for seed in range(16))  # they were met
    assert all(book.keep(record(100 + seed), "teller") for seed in range(16))
    assert len(book) == 32
    assert all(book.keep(record(seed, sequence=3), "teller") for seed in range(16))
    assert len(book) == 32


def test_the_one_that_is_known_is_found_by_its_bytes_also_after_it_was_replaced() -> None:
    book = store(record(1))
    assert book.keep(record(1, sequence=2))
    for data, reason in ((record(1, sequence=2).data, "known"), (record(1).data, "stale")):
        read = book.read(data, NOW)
        assert isinstance(read, RecordRefused)
        assert read.reason == reason
        assert read.node_id == record(1).node_id
    book.forget(record(1).node_id)
    assert isinstance(book.read(record(1, sequence=2).data, NOW), PeerRecord)
