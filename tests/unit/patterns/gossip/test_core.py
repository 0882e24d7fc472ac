"""The core of gossip, one event at a time: whom it pushes to, whom it asks, and what becomes of lies."""

from __future__ import annotations

from random import Random

from peerbus.patterns import GossipOptions
from peerbus.patterns.gossip.core import ANSWER, GATHER, PATIENCE, GossipCore
from peerbus.patterns.gossip.messages import Carried, Digest, Have, Prune, Push, Want
from peerbus.patterns.gossip.store import item_id


def core_of(*members: str, **options: float) -> GossipCore:
    core = GossipCore(GossipOptions(**options), Random(1))  # type: ignore[arg-type]  # numbers, as the case may be
    core.members(members, 0.0)
    for member in members:
        drained(core, member, 0.0)
    return core


def drained(core: GossipCore, peer: str, now: float) -> list[object]:
    found: list[object] = []
    while (message := core.next_for(peer, now)) is not None:
        found.append(message)
    return found


def pushed(payload: bytes, age: float = 0.0) -> Push:
    return Push((Carried("Note", payload, age),))


def take(core: GossipCore, peer: str, payload: bytes, now: float) -> bool:
    accepted = [core.accept(item, now) for item in core.pushed(peer, pushed(payload), now)]
    return any(accepted)


def test_an_item_is_pushed_to_some_and_announced_to_the_others() -> None:
    core = core_of("a", "b", "c", "d", "e", eager=2)
    assert core.publish("Note", b"x", 1.0)
    assert not core.publish("Note", b"x", 1.0)
    said = {peer: drained(core, peer, 1.5) for peer in "abcde"}
    push, have = [Push((Carried("Note", b"x", 0.5),))], [Have((item_id("Note", b"x"),))]
    assert [said[peer] for peer in "abcde"] == [push, push, have, have, have]
    assert core.due() is not None


def test_announcements_wait_for_each_other() -> None:
    core = core_of("a", "b", eager=1)
    core.publish("Note", b"x", 1.0)
    core.publish("Note", b"y", 1.05)
    assert drained(core, "b", 1.0 + GATHER / 2) == []
    (have,) = drained(core, "b", 1.0 + GATHER)
    assert isinstance(have, Have)
    assert len(have.ids) == 2


def test_what_comes_twice_prunes_the_tree_and_what_comes_first_is_its_branch() -> None:
    core = core_of("a", "b", "c", eager=1)
    assert [core.neighbours[each].eager for each in "abc"] == [True, False, False]
    assert take(core, "b", b"x", 1.0)
    assert not take(core, "a", b"x", 1.1)
    assert core.view(1.1).eager == 0
    assert Prune() in drained(core, "a", 1.1)
    assert take(core, "c", b"y", 1.2)  # there is room in the tree now
    assert core.neighbours["c"].eager
    core.pruned("c")
    assert core.view(1.2).eager == 0
    assert (core.copies, core.delivered) == (3, 2)


def test_what_was_announced_is_asked_of_one_after_the_other() -> None:
    core = core_of("a", "b")
    id_ = item_id("Note", b"x")
    core.has("a", Have((id_,)), 1.0)
    core.has("b", Have((id_,)), 1.1)
    core.tick(1.0 + PATIENCE - 0.01)
    assert drained(core, "a", 1.4) == []
    core.tick(1.0 + PATIENCE)
    assert drained(core, "a", 1.5) == [Want((id_,))]
    assert drained(core, "b", 1.5) == []
    core.tick(1.5 + ANSWER)
    assert drained(core, "b", 5.0) == [Want((id_,))]
    assert core.broken == 1
    assert take(core, "b", b"x", 5.1)
    core.tick(9.0)
    assert core.broken == 1


def test_of_many_that_are_due_some_are_asked_for_at_a_time() -> None:
    core = core_of("a", exchange=100.0)
    for first in (0, 512):
        core.has("a", Have(tuple(number.to_bytes(16, "big") for number in range(first, first + 512))), 1.0)
    asked = []
    for _ in range(2):
        assert (core.due() or 99.0) <= 2.0
        core.tick(2.0)
        asked.append(sum(len(each.ids) for each in drained(core, "a", 2.0) if isinstance(each, Want)))
    assert asked == [512, 512]
    assert (core.due() or 0.0) > 2.0


def test_after_a_digest_it_is_asked_at_once() -> None:
    core = core_of("a")
    id_ = item_id("Note", b"x")
    core.has("a", Have((id_,), at_once=True), 1.0)
    core.tick(1.0)
    assert drained(core, "a", 1.0) == [Want((id_,))]


def test_who_asks_gets_it_and_becomes_a_branch_and_not_again_and_again() -> None:
    core = core_of("a", "b", eager=1)
    core.publish("Note", b"x", 1.0)
    drained(core, "b", 2.0)
    core.pruned("a")
    wish = Want((item_id("Note", b"x"), b"?" * 16))
    for _ in range(5):
        core.wants("b", wish, 2.0)
        drained(core, "b", 2.0)
    assert core.unserved == 3
    assert core.neighbours["b"].eager


def test_two_who_meet_tell_each_other_what_differs() -> None:
    one, other = core_of("other"), core_of("one")
    one.publish("Note", b"x", 1.0)
    other.publish("Note", b"y", 1.0)
    one.neighbours["other"].pushes.clear()
    other.neighbours["one"].pushes.clear()
    other.digested("one", Digest(one.store.digest()), 2.0)
    back, have = drained(other, "one", 2.0)
    assert back == Digest(other.store.digest(), first=False)
    assert have == Have((item_id("Note", b"y"),), at_once=True)
    one.digested("other", Digest(other.store.digest(), first=False), 2.0)
    assert drained(one, "other", 2.0) == [Have((item_id("Note", b"x"),), at_once=True)]


def test_too_many_digests_are_not_even_compared() -> None:
    core = core_of("a")
    core.publish("Note", b"x", 1.0)
    core.neighbours["a"].pushes.clear()
    answers = 0
    for _ in range(50):
        core.digested("a", Digest((b"x" * 16,) * 64), 2.0)
        answers += len(drained(core, "a", 2.0))
    assert answers == 2 * 4


def test_an_invalid_item_is_not_asked_for_again_and_many_are_reported() -> None:
    core = core_of("a", "b")
    (item,) = core.pushed("a", pushed(b"bad"), 1.0)
    assert not core.refuse(item, 1.0)
    core.has("b", Have((item.id,)), 1.0)
    core.tick(2.0)
    assert drained(core, "b", 2.0) == []
    reported = [core.refuse(core.pushed("a", pushed(b"%d" % number), 1.0)[0], 1.0) for number in range(63)]
    assert reported == [False] * 62 + [True]
    assert core.pushed("a", pushed(b"good"), 2.0) == []
    assert core.view(2.0).distrusted == 1
    assert core.pushed("a", pushed(b"good"), 100.0) != []


def test_an_item_that_is_too_old_is_nobodys_and_age_goes_with_it() -> None:
    core = core_of("a", "b", keep_for=10.0)
    assert core.pushed("a", pushed(b"x", 10.0), 1.0) == []
    (item,) = core.pushed("a", pushed(b"y", 4.0), 1.0)
    assert core.accept(item, 1.0)
    assert drained(core, "b", 2.0) == [Push((Carried("Note", b"y", 5.0),))]
    core.tick(7.0)
    assert core.view(7.0).held == 0


def test_large_items_go_one_by_one_and_small_ones_together() -> None:
    core = core_of("a")
    for number in range(100):
        core.publish("Note", b"%d" % number, 1.0)
    for number in range(3):
        core.publish("Note", b"%d" % number * 100_000, 1.0)
    sizes = [len(each.items) for each in drained(core, "a", 1.0) if isinstance(each, Push)]
    assert sizes == [64, 37, 1, 1]


def test_who_is_gone_is_forgotten_and_its_place_is_taken() -> None:
    core = core_of("a", "b", eager=1, exchange=1.0)
    core.has("a", Have((b"?" * 16,)), 0.5)
    core.members(["b"], 1.0)
    core.tick(2.0)
    assert core.neighbours["b"].eager
    assert core.next_for("a", 2.0) is None
    core.failed("a")
    core.failed("b")
    assert core.in_turn() == []  # until its links are told anew, or the next exchange
    core.tick(4.0)
    assert core.in_turn() == ["b"]
    assert any(isinstance(each, Digest) for each in drained(core, "b", 4.0))
