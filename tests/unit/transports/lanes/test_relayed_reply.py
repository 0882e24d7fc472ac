"""What a peer may send along with an ask that is handed on, and what ends its connection; see `test_relayed_ask.py`."""

from __future__ import annotations

from typing import cast

import pytest
from kept_writer import KeptWriter

from peerbus.actors import ProtocolError
from peerbus.actors.mailbox import ItemCounts
from peerbus.actors.streams import ENDED
from peerbus.transports.lanes import (
    Answering,
    InLane,
    ItemQueue,
    LaneTurn,
    Outbox,
    RelayWindow,
    ReplyLane,
    RequestIds,
    Server,
)
from peerbus.transports.lanes.item_reply import StreamServer
from peerbus.transports.lanes.relayed_reply import RelayedReply

pytestmark = pytest.mark.pure("it hands the core what is no lane")

LANE = cast("InLane", None)


class Desk:
    """A connection, an actor elsewhere, and the ask that was handed on to it."""

    def __init__(self) -> None:
        self.up = RelayWindow()
        self.sink: ItemQueue | None = queue(0)
        self.said: list[object] = []

    def now(self) -> float:
        return 0.0

    def answer(self, reply: object, value: object) -> None:
        self.said.append(value)

    def forget(self, reply: object) -> None:
        """It keeps none."""

    def ended(self, reply: object, code: str, text: str) -> None:
        self.said.append(code)

    def grant(self, reply: object, items: int, size: int) -> None:
        self.said.append((items, size))

    def look(self) -> None:
        self.said.append("look")

    def done(self) -> bool:
        return False

    def cancel(self) -> bool:
        self.said.append("cancelled")
        return True


def queue(rid: int) -> ItemQueue:
    outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
    turn = LaneTurn(ReplyLane(0), 5)
    return ItemQueue(1, rid, turn, outbox, KeptWriter(), lambda item: item, lambda error: None, ItemCounts())  # type: ignore[arg-type, return-value]  # as they came


def made(desk: Desk) -> RelayedReply:
    one = cast("Server", desk), cast("StreamServer", desk), cast("Answering", desk)
    return RelayedReply(*one, 0, 7, 10.0, 1, down=queue(7), ask=desk)


def test_items_go_on_as_the_bytes_that_came_within_what_the_handler_grants() -> None:
    desk = Desk()
    reply = made(desk)
    with pytest.raises(ProtocolError, match="without credit"):
        reply.came(LANE, 3, [b"early"], 5)
    desk = Desk()
    reply = made(desk)
    reply.grant(2, 6)
    reply.came(LANE, 3, [memoryview(b"one"), memoryview(b"three")], 8)
    assert desk.said == [(2, 6)]
    assert desk.sink is not None
    assert (desk.sink.pending, desk.up.received) == (8, 2)
    with pytest.raises(ProtocolError, match="without credit"):
        reply.came(LANE, 3, [b"x"], 1)
    with pytest.raises(ProtocolError, match="ended after 3 items, of which 2 came"):
        reply.no_more(3)
    reply.no_more(2)
    assert desk.sink.over


def test_that_it_waits_for_a_place_is_handed_on_as_long_as_it_is_not_over() -> None:
    desk = Desk()
    reply = made(desk)
    reply.turned()
    reply.turned()
    assert desk.said == [(0, 0), (0, 0)]
    reply.succeed(ENDED)
    reply.turned()
    assert desk.said.count((0, 0)) == 2


def test_where_no_items_go_with_it_none_are_taken() -> None:
    desk = Desk()
    desk.sink = None
    reply = made(desk)
    reply.came(LANE, 3, [b"x"], 1)
    reply.no_more(9)
    assert desk.said == []


def test_its_end_is_that_of_all_items_or_one_answer_and_then_nothing_comes_any_more() -> None:
    for value, said in ((ENDED, ["", "cancelled"]), ("answer", ["answer", "cancelled"])):
        desk = Desk()
        reply = made(desk)
        reply.put(3, [b"item"])
        assert reply.begun
        reply.granted(1, 1)
        reply.succeed(value)
        assert desk.said == ["look", *said]
        reply.put(3, [b"late"])
        assert reply.down.credit.sent == 1
