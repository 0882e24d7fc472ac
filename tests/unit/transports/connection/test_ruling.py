"""What the rules come to for one connection: judged once for a channel, never for a message."""

from __future__ import annotations

from typing import cast

import msgspec

from peerbus.actors import Channel, Message
from peerbus.transports.connection.ruling import Ruling, refusals_of, refused_on
from peerbus.transports.lanes import InLane
from peerbus.transports.lanes.in_lane import InSide
from peerbus.transports.rules import Allow, PeerRules, Permissions, Subject
from peerbus.transports.wire import NO_ASKS, NO_TELLS, ChannelCodec

ANN = "a" * 64


class Note(Message):
    number: int


def lane_of(name: str) -> InLane:
    codec = ChannelCodec(Channel(name, messages=(Note,)))
    return InLane(cast("InSide", None), 0, codec.info, codec)


def ruling_of(rules: PeerRules, subject: Subject | None = None) -> Ruling:
    return Ruling(rules, subject or Subject(ANN), "node", ANN)


def test_a_channel_is_judged_by_its_name_and_by_who_the_peer_is() -> None:
    rules = PeerRules(Permissions(channels={"desk": Allow(tell=[ANN], ask=[])}))
    for subject, refused in ((Subject(ANN), {"desk": ("ask",)}), (Subject(None), {"desk": ("tell", "ask")})):
        lanes = [lane_of("desk"), lane_of("other")]
        for lane in lanes:
            ruling_of(rules, subject).judge(lane)
        assert refusals_of(lanes) == refused


def test_other_rules_take_hold_of_what_is_open() -> None:
    rules, lanes = PeerRules(), [lane_of("desk")]
    ruling = ruling_of(rules)
    ruling.judge(lanes[0])
    assert refusals_of(lanes) == {}
    rules.permissions = Permissions(tell=[], offer=[])
    ruling.judge_anew(lanes, ("archive",))
    assert (refusals_of(lanes), ruling.disbelieved(("archive",))) == ({"desk": ("tell",)}, ("archive",))
    rules.permissions = Permissions()
    ruling.judge_anew(lanes, ("archive",))
    assert (refusals_of(lanes), ruling.disbelieved(("archive",))) == ({}, ())


def test_what_goes_on_where_the_peer_may_ask_no_more_ends_and_what_it_tells_is_told_to_it() -> None:
    rules, lanes = PeerRules(), [lane_of("desk"), lane_of("other")]
    ruling, ended = ruling_of(rules), list[str]()
    rules.permissions = Permissions(channels={"desk": Allow(ask=[]), "other": Allow(tell=[])})
    ruling.judge_anew(lanes, (), lambda lane: ended.append(lane.info.name))
    assert ended == ["desk"]
    assert refused_on(lanes) == ((0, NO_ASKS), (0, NO_TELLS))
    lanes[0].open = False
    assert refused_on(lanes) == ((0, NO_TELLS),)
    announced = ruling.announced(lanes[0].info, None)
    assert announced == msgspec.structs.replace(lanes[0].info, refused=NO_ASKS)


def test_what_a_role_is_worth_is_said_of_its_name_whatever_its_attributes() -> None:
    ruling = ruling_of(PeerRules(Permissions(roles={"archive": []})))
    assert ruling.disbelieved(("archive{from=7}", "index")) == ("archive{from=7}",)
    assert (ruling.believes("archive"), ruling.believes("index")) == (False, True)
