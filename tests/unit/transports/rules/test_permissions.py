"""Who may tell and ask on which channel, and whose word is taken for a role."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.network import NetworkTalk
from peerbus.discovery.pex import PeerExchange
from peerbus.transports.rules import Allow, Permissions, Rights, Subject
from peerbus.transports.rules.permissions import OWN_CHANNELS

ANN, BEN = "a" * 64, "b" * 64
LISTS = st.lists(st.sampled_from(["*", ANN, BEN]), max_size=2)
RULES = st.builds(
    lambda tell, ask, offer, channel, role: Permissions(
        tell=tell,
        ask=ask,
        offer=offer,
        channels={} if channel is None else {"blocks": Allow(tell=channel[0], ask=channel[1])},
        roles={} if role is None else {"archive": role},
    ),
    LISTS,
    LISTS,
    LISTS,
    st.none() | st.tuples(st.none() | LISTS, st.none() | LISTS),
    st.none() | LISTS,
)


def test_without_a_rule_everybody_may_do_everything() -> None:
    nobody = Subject(None)
    assert Permissions().on("blocks", nobody) == Rights(tell=True, ask=True)
    assert Permissions().believes("archive", nobody)
    assert (Permissions().lines(), str(Permissions())) == ([], "everybody may do everything")


@given(rules=RULES, node_id=st.sampled_from([ANN, BEN]))
def test_what_is_said_of_a_channel_stands_above_what_is_said_for_all(rules: Permissions, node_id: str) -> None:
    peer = Subject(node_id)
    allow = rules.channels.get("blocks")
    tell = rules.tell if allow is None or allow.tell is None else allow.tell
    ask = rules.ask if allow is None or allow.ask is None else allow.ask
    assert rules.on("blocks", peer) == Rights(tell.has(peer), ask.has(peer))
    assert rules.on("others", peer) == Rights(rules.tell.has(peer), rules.ask.has(peer))
    assert rules.believes("archive", peer) == rules.roles.get("archive", rules.offer).has(peer)
    assert rules.believes("index", peer) == rules.offer.has(peer)


@given(rules=RULES, node_id=st.sampled_from([ANN, BEN]))
def test_what_is_believed_of_a_list_is_what_is_believed_of_each(rules: Permissions, node_id: str) -> None:
    peer, said = Subject(node_id), ("archive{from=7}", "index")
    assert rules.believed(said, peer) == tuple(o for o in said if rules.believes(o.partition("{")[0], peer))
    assert all(rules.may_come_to_believe(role, node_id) for role in ("archive", "index") if rules.believes(role, peer))


@given(rules=RULES)
def test_the_buss_own_channels_go_by_rules_that_name_them(rules: Permissions) -> None:
    for own in OWN_CHANNELS:
        assert rules.on(own, Subject(ANN)) == Rights(tell=True, ask=True)


def test_a_channel_that_is_only_called_like_one_of_the_bus_goes_by_the_rules() -> None:
    assert {PeerExchange.channel.name, NetworkTalk.channel.name} == OWN_CHANNELS
    assert Permissions(tell=[], ask=[]).on("peerbus.mine", Subject(ANN)) == Rights(tell=False, ask=False)


def test_a_rule_may_name_a_channel_of_the_bus() -> None:
    rules = Permissions(channels={"peerbus.pex": Allow(ask=[BEN])})
    assert rules.on("peerbus.pex", Subject(ANN)) == Rights(tell=True, ask=False)


@given(one=RULES, other=RULES)
def test_rules_are_equal_where_they_say_the_same(one: Permissions, other: Permissions) -> None:
    assert (one == other) <= (hash(one) == hash(other))
    assert (one == other) <= (one.lines() == other.lines())


def test_what_is_no_list_of_who_may_is_refused() -> None:
    with pytest.raises(TypeError, match=r"tell is a list, \['\*'\], not one text"):
        Permissions(tell="*")
    with pytest.raises(TypeError, match="write Allow"):
        Permissions(channels={"blocks": ["*"]})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="stands for nobody"):
        Allow(ask=["everybody"])


def test_people_read_each_rule() -> None:
    rules = Permissions(tell=[], channels={"blocks": Allow(ask=["*"])}, roles={"archive": ["role:archive"]})
    assert rules.lines() == ["tell: nobody", "channel blocks: ask: everybody", "role archive: role:archive"]
    assert repr(rules) == "<Permissions tell: nobody; channel blocks: ask: everybody; role archive: role:archive>"
