"""Streams that a peer has asked reactors here for, and items that it sends along with its asks."""

from __future__ import annotations

from functools import partial

from ...actors.base import MailboxFull, MessageTooLarge, MessageTypeError, ProtocolError, SendError
from ...actors.bus import Bus
from ...actors.engine import Cell, LoopCell
from ...actors.streams import ItemBuffer, ItemWindow
from ..lanes import InLane, ItemQueue, Outbox, RemoteReply, Writer
from ..wire import (
    NUMBER,
    WITH_ITEMS,
    EndFrame,
    GrantFrame,
    ItemsFrame,
    ZeroCopyItems,
    ask_lane,
    reply_lane,
    window_in,
)
from .allowances import Allowance
from .served_asks import ServedAsks
from .stream_reply import StreamReply

__all__ = ["MAX_STREAMS", "ServedStreams"]

#: Streams that one peer may have open on one channel: each holds a task and up to UNWRITTEN bytes here.
MAX_STREAMS = 256


class StreamTally:
    """What pays for frames of streams. Apart from `ServedStreams`, as what counts frames keeps it."""

    __slots__ = ("asked_for", "grants")

    def __init__(self) -> None:
        #: Streams that were asked for.
        self.asked_for = 0
        #: Words of credit that came: somebody reads.
        self.grants = 0

    def items(self) -> float:
        """Frames of items that were earned."""
        return 1024.0 * self.asked_for

    def cancels(self) -> float:
        """The same of streams that are given up."""
        return float(self.grants)


class ServedStreams:
    """Those of one connection, on the loop's thread. `lanes`, `answers` are its receiving half's."""

    __slots__ = (
        "_answers",
        "_bus",
        "_given_up",
        "_lanes",
        "_late",
        "_open",
        "_outbox",
        "_tally",
        "_writer",
    )

    def __init__(self, bus: Bus, lanes: list[InLane], answers: ServedAsks, outbox: Outbox, writer: Writer) -> None:
        self._bus = bus
        self._lanes = lanes
        self._answers = answers
        self._outbox = outbox
        self._writer = writer
        #: Streams that are open, by lane.
        self._open: dict[int, set[StreamReply]] = {}
        self._tally = tally = StreamTally()
        self._late = Allowance("ITEMS", bus.loop.time, tally.items)
        self._given_up = Allowance("CANCEL of a stream", bus.loop.time, tally.cancels)

    @property
    def open(self) -> int:
        """How many are open."""
        return sum(map(len, self._open.values()))

    @property
    def unwritten(self) -> int:
        """Bytes of items that wait to be written."""
        return sum(reply.down.pending for replies in self._open.values() for reply in replies)

    def asked(
        self, lane: InLane, cell: Cell, rid: int, until: float, flags: int, message: object, answers: object
    ) -> RemoteReply:
        """The reply of an ask with these flags in its type. Raises SendError where there are too many."""
        found = self._open.setdefault(lane.index, set())
        found.difference_update([each for each in found if each.over])
        self._tally.asked_for += 1
        if not isinstance(cell, LoopCell):
            raise MessageTypeError(f"{cell} runs on a thread of its own, and has no streams")
        if len(found) >= MAX_STREAMS:
            raise MailboxFull(f"{len(found)} streams of this peer are open on channel {lane.info.name!r}")
        number = flags & NUMBER
        items, size = window_in(flags)
        down = ItemQueue(
            reply_lane(lane.index),
            rid,
            lane.turn,
            self._outbox,
            self._writer,
            lambda item: lane.codec.encode_reply(item, lane.info.max_message, number),
            _nobody,
            self._bus.books.items(lane.info.name),
        )
        down.credit.grant(items, size)
        up = None
        if flags & WITH_ITEMS:
            up = ItemBuffer(message, self._bus.loop, self._bus.wheel, ItemWindow())
        reply = StreamReply(answers, self, cell, lane.index, rid, until, number, message=message, down=down, up=up)  # type: ignore[arg-type]  # as of any ask
        down.broken = reply.broken
        found.add(reply)
        return reply

    def ended(self, reply: StreamReply, code: str, text: str) -> None:
        """As `StreamServer.ended`: behind what its reactor has told."""
        self._answers.served.pop(reply.rid, None)
        self._forget(reply)
        lane = self._lanes[reply.channel]
        if lane.asks is not None:
            lane.asks.ended()
        say = partial(reply.down.end, code, text)
        if not self._outbox.behind_told(lane.index + 1, lane.turn, say):
            say()

    def grant(self, reply: StreamReply, items: int, size: int) -> None:
        """As `StreamServer.grant`."""
        self._outbox.control(GrantFrame(ask_lane(reply.channel), reply.rid, items, size))
        self._writer.schedule()

    def _forget(self, reply: StreamReply) -> None:
        found = self._open.get(reply.channel)
        if found is not None:
            found.discard(reply)

    # What the peer sends, to asks of its own.

    def _reply(self, lane: int, rid: int) -> StreamReply | None:
        reply = self._answers.served.get(rid)
        if isinstance(reply, StreamReply) and reply.channel == lane // 2:
            return reply
        self._late.spend()
        return None

    def granted(self, frame: GrantFrame) -> None:
        """The peer has taken items. Raises ProtocolError beyond what a window may be."""
        reply = self._reply(frame.lane, frame.rid)
        if reply is not None:
            self._tally.grants += 1
            reply.down.granted(frame.items, frame.bytes)

    def cancelled(self, rid: int) -> None:
        """The peer gives that ask up, if it is a stream. Raises ProtocolError where it has opened many for nothing."""
        if isinstance(self._answers.served.get(rid), StreamReply):
            self._given_up.spend()

    def items(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items that go with an ask. Raises ProtocolError for more than were granted."""
        reply = self._reply(frame.lane, frame.rid)
        up = None if reply is None else reply.up
        if reply is None or up is None:
            return
        lane, payloads = self._lanes[reply.channel], frame.payloads
        size = sum(map(len, payloads))
        if reply.unread:
            raise ProtocolError("window_overrun", f"{len(payloads)} items, {size} bytes before any were granted")
        up.window.receive(len(payloads), size, len(payloads[-1]))
        try:
            if max(map(len, payloads)) > lane.info.max_message:
                raise MessageTooLarge(f"an item takes more than {lane.info.max_message} bytes")
            decode, number = lane.codec.decode, frame.number
            up.feed([decode(number, payload) for payload in payloads], size)
        except SendError as error:
            up.fail(error)

    def item_end(self, frame: EndFrame) -> None:
        """No more items go with an ask. Raises ProtocolError where others came than were sent."""
        reply = self._reply(frame.lane, frame.rid)
        if reply is not None and reply.up is not None:
            reply.up.window.ended(frame.count)
            reply.up.finish()

    def end(self) -> None:
        """The connection has ended."""
        for replies in self._open.values():
            for reply in replies:
                reply.shut("peer_gone")
        self._open.clear()


def _nobody(_error: SendError) -> None:
    """It is not known yet whose items they are."""
