"""What a lane queues: messages that were accepted one after the other and travel as one frame.

A message joins the last batch as it is accepted, so that writing costs nothing per message: 130 of 100 bytes are one
list that the frame's encoder takes (measured: 2.4 µs of processor time a message when each was queued, and copied from
the queue into a frame, as an object of its own; 1.3 so).
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...actors.base import DeadlineExceeded
from ...actors.mailbox import Envelope, MessageTrace
from ...actors.messages import Address
from ..wire import BATCH_LIMIT, PART_SIZE
from .item import Item

__all__ = ["GROWN", "ITEM_OVERHEAD", "ROOM", "Batch", "Outgoing", "TracedOutgoing", "too_late", "traced_outgoing"]

#: Bytes that a message takes in a frame beside its payload, at most: so a batch of small ones is never cut.
ITEM_OVERHEAD = 24
#: Bytes of the first message's payload that keep a batch below half a part: a frame's own head takes less than an
#: item's. Half a part, because a sender holds the loop for one, and an ask beside it waits for that on both sides.
ROOM = PART_SIZE // 2 - 2 * ITEM_OVERHEAD
#: The same of a batch of tells that has grown to a whole part, as it may while nothing else is to be written and
#: nobody waits for an answer: the receiver handles a message in four fifths of the time.
GROWN = PART_SIZE - 2 * ITEM_OVERHEAD
assert GROWN // ITEM_OVERHEAD < BATCH_LIMIT


#: Of a batch of asks: nothing is ever added. A list less is 60 bytes and an object less for the garbage collector.
_NONE: list[Any] = []


class Outgoing(Envelope, gc=False):
    """One encoded message on its way: an envelope with its `payload` and numbers. `reply` is a RemoteAsk or None."""

    number: int = 0
    #: The sending reactor's place in this node's channels, plus 1; 0 for none.
    origin: int = 0
    payload: bytes = b""

    def joined(self, batch: Batch) -> None:
        """It has waited for credit, and is the last of this batch now."""

    def answered(self) -> None:
        """An ask is over, its credit is not back yet: hold on to nothing that its asker may want to forget."""
        self.message, self.sender, self.payload, self.reply = None, None, b"", ANSWERED


class TracedOutgoing(Outgoing, gc=False, kw_only=True):
    """One that is traced."""

    trace: MessageTrace

    def joined(self, batch: Batch) -> None:
        """As `Outgoing.joined`."""
        self.trace.passed("credit")
        batch.trace_last(self.trace)


class AnsweredAsk:
    """In place of the future of an ask that was answered."""

    def done(self) -> bool:
        """It is."""
        return True

    def succeed(self, value: object) -> None:
        """Ignored."""

    def raised(self, error: BaseException) -> None:
        """Ignored."""

    def fail(self, error: BaseException) -> None:
        """Ignored."""


ANSWERED = AnsweredAsk()


class Batch(msgspec.Struct, eq=False):
    """Tells, or asks, of one lane that fit into one frame; or one message that is larger."""

    #: Asks, where it is one of asks; else the two lists below, one entry for each tell.
    asks: list[Outgoing] | None
    #: Taken out when they are written: only the messages are kept for the case that they do not arrive.
    items: list[Item]
    messages: list[object]
    #: The senders, by place, where these were actors.
    senders: dict[int, Address[object]] | None = None
    #: Bytes of the payload that may still join; below 0 with one large message. Each takes its overhead too, so there
    #: are never more than BATCH_LIMIT.
    room: int = ROOM
    #: As `room` was when it was empty: ROOM or GROWN.
    most: int = ROOM
    #: Tells that were written on the lane before this batch's first one; set when it is written.
    first: int = -1
    #: How many, from the front, the peer has returned credit for.
    confirmed: int = 0
    #: Places of tells that the peer refused.
    refused: set[int] | None = None
    #: Those of tells, by place. Of asks empty, where one of them is a TracedOutgoing. None: nothing is traced.
    traces: dict[int, MessageTrace] | None = None
    #: When its first message was accepted, by the loop's clock.
    at: float = 0.0
    #: The origins of the first ones of its items, gathered when somebody asks; None: nobody has.
    origins: set[int] | None = None
    seen: int = 0

    @classmethod
    def of_ask(cls, ask: Outgoing, at: float) -> Batch:
        """One of asks, with its first."""
        return cls([ask], _NONE, _NONE, room=ROOM - len(ask.payload) - ITEM_OVERHEAD, at=at)

    @classmethod
    def of_tells(cls, at: float) -> Batch:
        """An empty one of tells."""
        return cls(None, [], [], at=at)

    def __len__(self) -> int:
        return len(self.messages) if self.asks is None else len(self.asks)

    def take_items(self) -> list[Item]:
        """The tells as they are written, once: their bytes are freed with the frame, and not when credit comes."""
        items, self.items = self.items, _NONE
        return items

    def tells_of(self, origin: int) -> bool:
        """A tell of that origin waits in it to be written. Each of its items is looked at once, however often asked."""
        origins = self.origins
        if origins is None:
            origins = self.origins = set()
        if self.seen < len(self.items):
            origins.update([item.source for item in self.items[self.seen :]])
            self.seen = len(self.items)
        return origin in origins

    @property
    def size(self) -> int:
        """Bytes of all payloads."""
        return self.most - self.room - ITEM_OVERHEAD * len(self)

    def grow(self) -> None:
        """More may join it."""
        self.room += GROWN - self.most
        self.most = GROWN

    def trace_last(self, trace: MessageTrace) -> None:
        """The message that has joined it last is traced."""
        if self.traces is None:
            self.traces = {}
        if self.asks is None:
            self.traces[len(self.messages) - 1] = trace

    def left(self) -> list[Outgoing]:
        """What is neither confirmed nor refused, as envelopes: for those who have to be told that it is lost."""
        if self.asks is not None:
            return self.asks[self.confirmed :]
        refused, senders = self.refused or (), self.senders or {}
        return [
            Outgoing(message, senders.get(place), None)
            for place, message in enumerate(self.messages)
            if place >= self.confirmed and place not in refused
        ]


def traced_outgoing(one: Outgoing, trace: MessageTrace) -> TracedOutgoing:
    """The same message, traced."""
    return TracedOutgoing(
        one.message,
        one.sender,
        one.reply,
        one.deadline,
        one.source,
        one.size,
        one.carrier,
        one.came,
        one.number,
        one.origin,
        one.payload,
        trace=trace,
    )


def too_late(outgoing: Outgoing) -> DeadlineExceeded:
    """The error of a message whose time is over before it was written."""
    return DeadlineExceeded(
        f"{type(outgoing.message).__name__} was not written before its deadline",
        phase="writer",
        message=outgoing.message,
    )
