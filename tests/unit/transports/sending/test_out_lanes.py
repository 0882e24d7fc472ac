"""Lanes by name and by number, as the peer opens and closes them."""

from __future__ import annotations

import msgspec
import pytest
from link_lines import CHANNELS, Get, hello_of

from peerbus.actors import Account
from peerbus.actors.base.errors import ProtocolError
from peerbus.actors.mailbox.ledger import Books, Side
from peerbus.transports.lanes import WindowBudget
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.schema import hash_of
from peerbus.transports.sending.out_lanes import OF_LANE, OutLanes
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frames import WindowFrame
from peerbus.transports.wire.hello import ChannelInfo
from peerbus.transports.wire.parts import body_limit

FIRST, SECOND = hello_of("b" * 64).channels


def nobody(lane: OutLane) -> None:
    """A lane has something to write."""


def opened(*infos: ChannelInfo) -> OutLanes:
    lanes = OutLanes(Codecs(CHANNELS), "test", "b" * 64)
    for index, info in enumerate(infos):
        lanes.open(index, info, nobody, lambda: False, lambda: 0.0, lambda *_: None)
    return lanes


def test_a_lane_is_found_by_name_while_its_reactor_runs_and_by_number_for_ever() -> None:
    lanes = opened(FIRST, SECOND)
    first = lanes.at(0)
    assert lanes.by_name == {"first": first, "second": lanes.at(1)}
    assert lanes.close(0) is first
    assert lanes.close(0) is None
    assert list(lanes.by_name) == ["second"]
    assert lanes.at(0) is first
    lanes.open(2, FIRST, nobody, lambda: False, lambda: 0.0, lambda *_: None)
    assert lanes.by_name["first"] is lanes.at(2)
    assert lanes.close(0) is None


def test_lanes_weigh_that_are_here_by_the_peers_will_alone_and_each_once() -> None:
    lanes = opened(FIRST, SECOND)
    assert lanes.weight == 0  # this node has both
    strange = msgspec.structs.replace(FIRST, name="strange", types=("x" * 100, "y" * 100))
    lanes.open(2, strange, nobody, lambda: False, lambda: 0.0, lambda *_: None)
    one = lanes.weight
    assert OF_LANE + 200 < one < OF_LANE + 400
    assert lanes.close(0) is not None
    closed = lanes.weight
    assert closed >= one + OF_LANE
    for index in (0, 2):
        lanes.close(index)
    assert lanes.weight == closed


def test_what_a_peer_declares_otherwise_weighs_where_it_is_more_than_the_lane_takes() -> None:
    codecs = Codecs(CHANNELS)
    data = msgspec.msgpack.encode([1, [], [[f"Message{each}", "int"] for each in range(500)]])
    small = msgspec.msgpack.encode([1, [], [["Message", "int"]]])
    large_info, small_info = (msgspec.structs.replace(FIRST, schema=hash_of(each)) for each in (data, small))
    large, little = (codecs.judge("first", hash_of(each), each) for each in (data, small))
    assert large is not None
    assert little is not None
    lanes = OutLanes(codecs, "test", "b" * 64)
    lanes.open(0, large_info, nobody, lambda: False, lambda: 0.0, lambda *_: None)
    assert lanes.weight == large.memory - OF_LANE  # its verdict is known
    lanes.close(0)
    closed = lanes.weight
    assert closed > large.memory + OF_LANE
    lanes.open(1, small_info, nobody, lambda: False, lambda: 0.0, lambda *_: None)
    assert lanes.weight == closed
    lanes.agree(lanes.at(1), large)  # as its description says
    assert lanes.weight == closed + large.memory - OF_LANE
    lanes.agree(lanes.at(1), little)
    assert lanes.weight == closed


@pytest.mark.parametrize(("index", "info", "reason"), [(2, SECOND, "unknown_channel"), (1, FIRST, "bad_field")])
def test_a_peer_that_does_not_follow_its_list_breaks_the_protocol(index: int, info: ChannelInfo, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        opened(FIRST).open(index, info, nobody, lambda: False, lambda: 0.0, lambda *_: None)


def test_a_number_that_is_not_there_breaks_the_protocol() -> None:
    lanes = opened(FIRST)
    for look in (lanes.at, lanes.close):
        with pytest.raises(ProtocolError, match="unknown_channel"):
            look(1)
    with pytest.raises(ProtocolError, match="unknown_lane"):
        lanes.limit_of_reply_lane(3)
    assert lanes.limit_of_reply_lane(1) == body_limit(FIRST.max_message)


def test_a_channel_with_other_messages_is_known_and_cannot_be_sent_on() -> None:
    lanes = opened(msgspec.structs.replace(FIRST, schema=bytes(16)), msgspec.structs.replace(SECOND, name="foreign"))
    assert (lanes.at(0).known, lanes.at(0).codec) == (True, None)
    assert (lanes.at(1).known, lanes.at(1).codec) == (False, None)


def test_it_says_what_is_held_back_and_what_is_not_confirmed() -> None:
    lanes = opened(FIRST)
    lane = lanes.at(0)
    lane.accept(1, 0, b"x", Get(1), None)
    assert (lanes.holding, lanes.unconfirmed) == (False, False)
    lanes.turns[0].held = True
    assert lanes.holding
    lane.wrote(lane.pop())
    assert (lanes.holding, lanes.unconfirmed) == (False, True)


def test_what_ends_keeps_its_accounts_those_of_lanes_that_were_closed_too() -> None:
    lanes, books = opened(FIRST, SECOND), Books(CHANNELS.__contains__)
    books.open(lanes)
    lanes.at(0).accept(1, 0, b"x", Get(1), None)
    lanes.close(0)
    assert list(lanes.accounts()) == [(Side.REMOTE, "first", Account(1, 0, 1))]
    assert books.ledger({}).remote == {"first": Account(1, 0, 1)}
    lanes.settle(books)
    assert books.ledger({}).remote["first"] == Account(1, 0, 1)
    assert list(lanes.statistics()) == ["second"]


def test_a_window_that_the_peer_makes_larger_lets_more_go_within_this_nodes_budget_and_is_given_back() -> None:
    lanes = opened(FIRST)
    budget = WindowBudget(2 * 1000 * 256)
    lanes.share = budget.share()
    lanes.resized(WindowFrame(0, FIRST.messages + 500, FIRST.bytes))
    assert lanes.at(0).window.messages == FIRST.messages + 500
    lanes.resized(WindowFrame(0, FIRST.messages + 5000, FIRST.bytes))
    assert lanes.at(0).window.messages == FIRST.messages + 1000
    lanes.resized(WindowFrame(0, FIRST.messages, FIRST.bytes))
    assert (lanes.at(0).window.messages, budget.left) == (FIRST.messages, 2 * 1000 * 256)
    lanes.resized(WindowFrame(0, FIRST.messages + 500, FIRST.bytes))
    lanes.settle(Books(CHANNELS.__contains__))
    assert budget.left == 2 * 1000 * 256


def test_a_window_below_what_was_announced_breaks_the_protocol() -> None:
    with pytest.raises(ProtocolError, match="bad_field"):
        opened(FIRST).resized(WindowFrame(0, FIRST.messages - 1, FIRST.bytes))
    with pytest.raises(ProtocolError, match="unknown_channel"):
        opened(FIRST).resized(WindowFrame(1, FIRST.messages, FIRST.bytes))
