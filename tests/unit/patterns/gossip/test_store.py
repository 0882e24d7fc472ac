"""What a member of a gossip holds: bounded, fair between those who bring it, and compared by digests."""

from __future__ import annotations

from peerbus.patterns import GossipOptions
from peerbus.patterns.gossip.store import AROUND, HeldItem, ItemStore, item_id


def item(number: int, source: str = "", *, made: float = 0.0, size: int = 10) -> HeldItem:
    payload = b"%d" % number + b"x" * size
    return HeldItem(item_id("Note", payload), "Note", payload, made, source)


def test_ids_are_of_what_is_in_an_item_and_of_its_type() -> None:
    assert item_id("Note", b"a") == item_id("Note", b"a")
    assert len({item_id("Note", b"a"), item_id("Note", b"b"), item_id("Other", b"a")}) == 3


def test_of_too_many_whoever_brought_most_loses_its_oldest() -> None:
    store = ItemStore(GossipOptions(keep=10, remember=100))
    mine = [item(number) for number in range(3)]
    for each in mine:
        store.add(each)
    floods = [item(number, "mallory") for number in range(100, 150)]
    for each in floods:
        store.add(each)
    assert [each.id in store.items for each in mine] == [True] * 3
    assert list(store.items)[3:] == [each.id for each in floods[-7:]]
    assert store.evicted == 43
    assert store.bytes == sum(each.size for each in store.items.values())


def test_bytes_are_bounded_as_well_and_one_that_is_larger_stands_alone() -> None:
    store = ItemStore(GossipOptions(keep_bytes=3 * (AROUND + 1000)))
    for number in range(10):
        store.add(item(number, size=900))
    assert len(store.items) == 3
    store.add(item(11, size=10_000))
    assert len(store.items) == 1


def test_what_is_too_old_is_given_up_and_stays_known() -> None:
    store = ItemStore(GossipOptions(keep_for=10.0))
    young, old = item(1, made=5.0), item(2, made=-3.0)
    store.add(young)
    store.add(old)
    assert store.next_expiry == 7.0
    store.expire(7.0)
    assert list(store.items) == [young.id]
    assert old.id in store.known
    store.expire(15.0)
    assert not store.items
    assert store.bytes == 0


def test_ids_are_remembered_so_long_and_those_of_what_is_held_always() -> None:
    store = ItemStore(GossipOptions(keep=2, remember=5))
    held = [item(number) for number in range(2)]
    for each in held:
        store.add(each)
    for number in range(100):
        store.remember(b"%016d" % number)
    assert len(store.known) == 5
    assert all(each.id in store.known for each in held)
    assert b"%016d" % 99 in store.known


def test_a_digest_finds_what_differs_and_nothing_else() -> None:
    one, other = (ItemStore(GossipOptions(keep=5000)) for _ in range(2))
    for number in range(1000):
        for store in (one, other):
            store.add(item(number))
    assert one.digest() == other.digest()
    assert one.beside(other.digest()) == []
    missing = item(5000)
    one.add(missing)
    found = one.beside(other.digest())
    assert missing.id in found
    assert len(found) < 40  # one bucket of 64
    assert len(other.beside(one.digest())) == len(found) - 1
    other.add(item(5000))
    assert one.digest() == other.digest()
    assert set(one.beside(())) == set()
    assert len(one.beside((b"",) * 64)) == 1001
