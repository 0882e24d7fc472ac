"""Frames of messages that are traced, by their places; a frame is never larger for it than its lane carries."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors.mailbox import Handling
from peerbus.transports.lanes.batch import Batch, Outgoing, TracedOutgoing, traced_outgoing
from peerbus.transports.lanes.item import Item
from peerbus.transports.lanes.traced_frames import traced_ask, traced_tell
from peerbus.transports.wire import Ask, FrameEncoder, Tell, TracedAsk, TracedTell, body_limit, read_traces

PARENT = f"00-{7:032x}-{9:016x}-01"


class Way:
    """A trace that says what it hears."""

    def __init__(self, state: str = "", parent: str = PARENT) -> None:
        self.queues: list[str] = []
        self.state, self.parent = state, parent

    def header(self) -> tuple[str, str]:
        return self.parent, self.state

    def passed(self, queue: str) -> None:
        self.queues.append(queue)

    def handling(self, actor: str, message: object, *, asked: bool, left: float) -> Handling:
        raise NotImplementedError

    def failed(self, error: BaseException) -> None:
        raise NotImplementedError

    def lost(self, error: Any) -> None:
        raise NotImplementedError


def outgoing(message: str) -> Outgoing:
    return Outgoing(message, None, None, 5.0, None, 1, None, float("inf"), 1, 0, b"x")


def test_tells_have_theirs_by_place() -> None:
    ways = {1: Way("a=b")}
    frame = traced_tell(0, [Item(1, 0, b"x"), Item(1, 0, b"y")], ways, 1024)
    assert isinstance(frame, TracedTell)
    assert read_traces(frame.traces) == {1: (PARENT, "a=b")}
    assert ways[1].queues == ["outbox"]


def test_asks_keep_theirs_where_others_before_them_were_not_written() -> None:
    first, second = outgoing("first"), traced_outgoing(outgoing("second"), Way())
    frame = traced_ask(0, [(1, 9, 1, 0, b"x"), (2, 9, 1, 0, b"x")], [first, second], 1024)
    assert isinstance(frame, TracedAsk)
    assert read_traces(frame.traces) == {1: (PARENT, "")}


def test_where_nothing_is_to_be_told_the_frame_is_a_plain_one() -> None:
    frame = traced_tell(0, [Item(1, 2, b"x")], {0: Way(parent="")}, 1024)
    assert frame == Tell(0, [(1, 2, b"x")])
    assert type(traced_ask(0, [(1, 9, 1, 0, b"x")], [outgoing("plain")], 1024)) is Ask


def test_a_frame_with_traces_is_never_larger_than_its_lane_carries() -> None:
    for largest, sizes in ((1024, [8] * 600), (200_000, [200_000]), (200_000, [199_900]), (70_000, [69_000])):
        ways = {place: Way("state=" + "s" * 500) for place in range(len(sizes))}
        frame = traced_tell(0, [Item(1, 0, bytes(size)) for size in sizes], ways, largest)
        assert len(FrameEncoder().body(frame)) <= body_limit(largest)


def test_one_that_has_waited_for_credit_says_so_and_joins_with_its_trace() -> None:
    way, batch = Way(), Batch.of_tells(0.0)
    batch.messages.append("first")
    one = traced_outgoing(outgoing("first"), way)
    assert isinstance(one, TracedOutgoing)
    one.joined(batch)
    assert (way.queues, batch.traces) == (["credit"], {0: way})
    asks = Batch.of_ask(one, 0.0)
    one.joined(asks)
    assert asks.traces == {}


@pytest.mark.pure("a class that is compiled has no fields to go by")
def test_a_message_that_is_traced_is_the_same_message_field_by_field() -> None:
    values = {name: object() for name in Outgoing.__struct_fields__}
    made = traced_outgoing(Outgoing(**values), Way())  # type: ignore[arg-type]  # whatever they are
    assert {name: getattr(made, name) for name in values} == values
