"""Streams that a peer has asked reactors here for, and items that it sends along with its asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

from ...actors.base import MailboxFull, MessageTypeError, NotAllowed, SendError
from ...actors.bus import Bus
from ...actors.engine import Cell, ThreadCell
from ...actors.mailbox import ReplyTo
from ...actors.streams import ItemBuffer, ItemWindow, ThreadStreamReply
from ..lanes import (
    MAX_STREAMS,
    RELAYED_BYTES,
    RELAYED_ITEMS,
    ArrivedItems,
    AskedElsewhere,
    InLane,
    ItemGrowth,
    ItemPacing,
    ItemQueue,
    ItemReply,
    Outbox,
    RelayedReply,
    RelayWindow,
    RemoteReply,
    StreamPace,
    Writer,
)
from ..sending import RelayedAsk, RelayRoom
from ..wire import (
    NUMBER,
    WITH_ITEMS,
    Allowance,
    EndFrame,
    GrantFrame,
    ItemsFrame,
    Payload,
    ZeroCopyItems,
    ask_lane,
    flags_of,
    reply_lane,
    window_in,
)
from .served_asks import ServedAsks
from .stream_reply import StreamReply

__all__ = ["MAX_STREAMS", "ServedStreams"]


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
    """Those of one connection, on the loop's thread. `lanes`, `answers` are its receiving half's.

    `inside`: it leads to another process of this node, whose items are the node's to count.
    """

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
        "growth",
        "inside",
        "pacing",
    )

    def __init__(self, bus: Bus, lanes: list[InLane], answers: ServedAsks, outbox: Outbox, writer: Writer) -> None:
        self._bus = bus
        self._lanes = lanes
        self._answers = answers
        self._outbox = outbox
        self._writer = writer
        self.inside = False
        #: What holds items to the rates of their channels; None: nothing does.
        self.pacing: ItemPacing | None = None
        #: What lets windows of items grow that come with asks; None: nothing does.
        self.growth: ItemGrowth | None = None
        #: Streams that are open, by lane.
        self._open: dict[int, set[ItemReply]] = {}
        self._tally = tally = StreamTally()
        self._late = Allowance("ITEMS", bus.loop.time, tally.items)
        self._given_up = Allowance("CANCEL of a stream", bus.loop.time, tally.cancels)

    @property
    def open(self) -> int:
        """How many are open."""
        return sum(map(len, self._open.values()))

    def all_open(self) -> Iterator[tuple[str, ItemReply]]:
        """Each that is, with its channel."""
        for lane, replies in self._open.items():
            name = self._lanes[lane].info.name
            for reply in replies:
                if not reply.over:
                    yield name, reply

    @property
    def unread(self) -> int:
        """Bytes of memory of items that came with asks, and that nobody has taken."""
        return sum(reply.unread for replies in self._open.values() for reply in replies)

    @property
    def unwritten(self) -> int:
        """Bytes of items that wait to be written."""
        return sum(reply.down.pending for replies in self._open.values() for reply in replies)

    def asked(
        self, lane: InLane, cell: Cell, rid: int, until: float, flags: int, message: object, answers: object
    ) -> RemoteReply:
        """The reply of an ask with these flags in its type. Raises SendError where there are too many."""
        found = self._room(lane)
        if flags & WITH_ITEMS and not cell.takes_items:
            raise MessageTypeError(f"{cell} runs on a thread of its own, and takes no items")
        number = flags & NUMBER
        down = self._down(lane, rid, flags)
        down.encode = lambda item: lane.codec.encode_reply(item, lane.info.max_message, number)
        down.speak(lane.codec, lane.info.max_message)
        up = arrived = None
        if flags & WITH_ITEMS:
            up = ItemBuffer(message, self._bus.loop, self._bus.wheel, ItemWindow())
            arrived = ArrivedItems(self._bus.books.items(lane.info.name)) if self.inside else None
        where = lane.index, rid, until, number
        reply = StreamReply(answers, self, cell, *where, message=message, down=down, up=up, arrived=arrived)  # type: ignore[arg-type]  # as of any ask
        down.broken = reply.broken
        found.add(reply)
        return reply

    def handed_on(
        self, lane: InLane, ask: RelayedAsk, rid: int, until: float, flags: int, answers: object
    ) -> tuple[RemoteReply, int]:
        """The reply of one that another process answers, and the flags that it is handed on with.

        Raises SendError as `asked`.
        """
        found = self._room(lane)
        down = self._down(lane, rid, flags)
        down.room = RelayRoom(ask)
        where = AskedElsewhere(ask, lane.info.name), lane.index, rid, until, flags & NUMBER
        reply = RelayedReply(answers, self, *where, down=down, ask=ask)  # type: ignore[arg-type]  # as above
        items, size = window_in(flags)
        items, size = min(items, RELAYED_ITEMS), min(size, RELAYED_BYTES)
        ask.limit = None
        ask.relay, ask.down, ask.up, ask.sink = reply, RelayWindow(items, size), RelayWindow(), None
        ask.opened, ask.counted = bool(flags & WITH_ITEMS), self.inside
        found.add(reply)
        return reply, flags_of(items, size, opened=ask.opened)

    def _room(self, lane: InLane) -> set[ItemReply]:
        """The streams that are open on the lane. Raises SendError where there are too many."""
        found = self._open.setdefault(lane.index, set())
        self._tally.asked_for += 1
        if len(found) >= MAX_STREAMS:
            raise MailboxFull(f"{len(found)} streams of this peer are open on channel {lane.info.name!r}")
        return found

    def _down(self, lane: InLane, rid: int, flags: int) -> ItemQueue:
        counts = self._bus.books.items(lane.info.name)
        down = ItemQueue(reply_lane(lane.index), rid, lane.turn, self._outbox, self._writer, _as_it_is, _nobody, counts)
        down.credit.grant(*window_in(flags))
        return down

    def seen_by(self, cell: Cell, reply: RemoteReply, message: object) -> ReplyTo:
        """That reply as its actor has it: one on a thread of its own does not touch what is the loop's."""
        return ThreadStreamReply(reply, self._bus.loop, cell, message) if isinstance(cell, ThreadCell) else reply

    def ended(self, reply: ItemReply, code: str, text: str) -> None:
        """As `StreamServer.ended`: behind what its reactor has told."""
        self._answers.served.pop(reply.rid, None)
        self.forget(reply)
        lane = self._lanes[reply.channel]
        if lane.asks is not None:
            lane.asks.ended()
        say = partial(reply.down.end, code, text)
        if not self._outbox.behind_told(lane.index + 1, lane.turn, say):
            say()

    def grant(self, reply: ItemReply, items: int, size: int) -> None:
        """As `StreamServer.grant`."""
        if (items or size) and self.pacing is not None:
            pace = self.pacing.paces.get(reply) or self._paced(self.pacing, reply)
            if pace is not None:
                if not pace.over:
                    pace.of.owe(pace, items, size)
                return
        if self.growth is not None and isinstance(reply, StreamReply) and reply.up is not None and (items or size):
            granted = self.growth.took(reply, reply.up, items, size)
            if granted is None:
                return
            items, size = granted
        self._say(reply, items, size)

    def _paced(self, pacing: ItemPacing, reply: ItemReply, credit: tuple[int, int] = (0, 0)) -> StreamPace | None:
        lane = self._lanes[reply.channel]
        return pacing.begins(reply, lane.info.name, lane.codec.channel.rate, partial(self._say, reply), credit)

    def judged(self) -> None:
        """The rates are other ones: streams that are open go by them too."""
        if self.pacing is not None:
            for replies in self._open.values():
                for reply in replies:
                    left = None if reply.over or reply in self.pacing.paces else reply.left
                    if left is not None:
                        self._paced(self.pacing, reply, left)

    def _say(self, reply: ItemReply, items: int, size: int) -> None:
        self._outbox.control(GrantFrame(ask_lane(reply.channel), reply.rid, items, size))
        self._writer.schedule()

    def forget(self, reply: ItemReply) -> None:
        """As `StreamServer.forget`."""
        found = self._open.get(reply.channel)
        if found is not None:
            found.discard(reply)
        if self.pacing is not None:
            self.pacing.left(reply)
        if self.growth is not None:
            self.growth.left(reply)

    # What the peer sends, to asks of its own.

    def _reply(self, lane: int, rid: int) -> ItemReply | None:
        reply = self._answers.served.get(rid)
        if isinstance(reply, ItemReply) and reply.channel == lane // 2:
            return reply
        self._late.spend()
        return None

    def granted(self, frame: GrantFrame) -> None:
        """The peer has taken items. Raises ProtocolError beyond what a window may be."""
        reply = self._reply(frame.lane, frame.rid)
        if reply is not None:
            self._tally.grants += 1
            reply.granted(frame.items, frame.bytes)

    def cancelled(self, rid: int) -> None:
        """The peer gives that ask up, if it is a stream. Raises ProtocolError where it has opened many for nothing."""
        if isinstance(self._answers.served.get(rid), ItemReply):
            self._given_up.spend()

    def items(self, frame: ItemsFrame | ZeroCopyItems) -> None:
        """Items that go with an ask. Raises ProtocolError for more than were granted."""
        reply, pacing, payloads = self._reply(frame.lane, frame.rid), self.pacing, frame.payloads
        size = sum(map(len, payloads))
        if reply is None:
            if pacing is not None and frame.lane // 2 < len(self._lanes):
                pacing.late(self._lanes[frame.lane // 2].info.name, len(payloads), size)
            return
        if pacing is not None and pacing.paces:
            pacing.came(reply, len(payloads), size, len(payloads[-1]))
        reply.came(self._lanes[reply.channel], frame.number, payloads, size)

    def item_end(self, frame: EndFrame) -> None:
        """No more items go with an ask. Raises ProtocolError where others came than were sent."""
        reply = self._reply(frame.lane, frame.rid)
        if reply is not None:
            reply.no_more(frame.count)
            if self.pacing is not None:
                self.pacing.over(reply)

    def shut_out(self, lane: InLane) -> None:
        """The peer may ask on that channel no more: what it reads and sends there ends now."""
        for reply in tuple(self._open.get(lane.index, ())):
            if not reply.over:
                reply.fail(NotAllowed("its operator does not let this peer ask on that channel any more"))
                reply.cell.abandon(reply)

    def end(self) -> None:
        """The connection has ended."""
        for replies in self._open.values():
            for reply in tuple(replies):
                reply.shut("peer_gone")
                if self.growth is not None:
                    self.growth.left(reply)
        self._open.clear()


def _nobody(_error: SendError) -> None:
    """It is not known yet whose items they are."""


def _as_it_is(item: object) -> Payload:
    """What is handed on was encoded elsewhere."""
    return cast("Payload", item)
