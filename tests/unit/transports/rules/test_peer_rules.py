"""The rules of a node, as they are now."""

from __future__ import annotations

import msgspec
import pytest

from peerbus.actors import Channel, Message, Rate
from peerbus.transports.rules import Allow, PeerRules, Permissions, Subject
from peerbus.transports.rules.peer_rules import MAX_GONE
from peerbus.transports.wire import NO_ASKS, NO_TELLS, ChannelCodec, Hello


class Note(Message):
    number: int


ANN = "a" * 64
OWN = Hello(
    node_id="b" * 64,
    network="test",
    name="node",
    incarnation=1,
    listen=(),
    offers=(),
    channels=tuple(ChannelCodec(Channel(name, messages=(Note,))).info for name in ("blocks", "index", "peerbus.pex")),
    agent="test",
    nonce=bytes(16),
)


def test_without_rules_everybody_may_do_everything() -> None:
    assert PeerRules().permissions == Permissions()
    assert PeerRules(Permissions(tell=[])).permissions == Permissions(tell=[])


def test_whoever_goes_by_them_hears_of_a_change_when_it_holds() -> None:
    rules, seen = PeerRules(), list[Permissions]()
    rules.set(Permissions(ask=[]))  # nobody goes by them yet
    rules.changed = lambda: seen.append(rules.permissions)
    rules.set(Permissions(tell=[]))
    assert seen == [Permissions(tell=[])]


def test_each_peer_is_told_of_itself_what_it_may_not_do() -> None:
    rules = PeerRules(Permissions(tell=[ANN], channels={"index": Allow(ask=[])}))
    for subject, refused in (
        (Subject(ANN), (0, NO_ASKS, 0)),
        (Subject("c" * 64), (NO_TELLS, NO_TELLS | NO_ASKS, 0)),
        (Subject(None), (NO_TELLS, NO_TELLS | NO_ASKS, 0)),
    ):
        told = rules.addressed(OWN, subject)
        assert tuple(each.refused for each in told.channels) == refused
        assert msgspec.structs.replace(told, channels=OWN.channels) == OWN


def test_where_everybody_may_do_everything_all_are_told_the_same() -> None:
    assert PeerRules().addressed(OWN, Subject(None)) is OWN


class Window:
    """One that is in use."""

    credit = (1, 1)


def test_many_buckets_in_use_are_not_looked_through_for_each_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, rate, looks = PeerRules(), Rate(messages=1), 0
    forget = PeerRules._forget

    def counted(self: PeerRules, now: float) -> None:
        nonlocal looks
        looks += 1
        forget(self, now)

    monkeypatch.setattr(PeerRules, "_forget", counted)
    for number in range(3 * MAX_GONE):
        rules.buckets(f"peer{number}", "blocks", rate, 0.0).open(Window(), 0.0)
    assert looks <= 3
    assert len(rules._buckets) == 3 * MAX_GONE  # all are in use
    for number in range(9 * MAX_GONE):
        rules.buckets(f"gone{number}", "blocks", rate, 0.0)
    assert len(rules._buckets) <= 7 * MAX_GONE
