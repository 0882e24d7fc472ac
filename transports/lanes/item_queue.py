"""Items of one stream on their way to a peer: those that share a frame, and how many may go.

Law 1: no more goes than the reader has granted, and no more waits to be written than UNWRITTEN, whatever it grants.
Law 2: frames of one stream are written in their order, its END last; streams of one lane take turns, frame by frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from ...actors.base import SendError
from ...actors.mailbox import ItemCounts
from ...actors.streams import ItemCredit, ItemRoom
from ..wire import BATCH_LIMIT, PART_SIZE, ChannelCodec, EndFrame, ItemsFrame, Payload
from .frame_writer import Writer
from .lane_turn import LaneTurn
from .outbox import Outbox

__all__ = ["UNWRITTEN", "ItemQueue"]

#: Bytes of items of one stream that wait to be written; and one item that may be larger.
UNWRITTEN = 128 * 1024
#: Bytes that an item takes in a frame beside its payload, at most.
OVERHEAD = 5
#: Bytes of items that share a frame.
FULL = PART_SIZE - 64
assert FULL // (OVERHEAD + 1) < BATCH_LIMIT


class ItemQueue:
    """See the module: an `ItemSink`. `encode` gives number and payload of an item, `broken` hears why it cannot.

    `speak` names a codec that does as much for messages of its channel: the short way.
    """

    __slots__ = (
        "_batches",
        "_check",
        "_checks",
        "_counts",
        "_encode_fields",
        "_end",
        "_fits",
        "_kind",
        "_kind_number",
        "_number",
        "_numbers",
        "_outbox",
        "_payloads",
        "_room",
        "_settled",
        "_told",
        "_turn",
        "_writer",
        "broken",
        "credit",
        "encode",
        "lane",
        "over",
        "pending",
        "queued",
        "rid",
        "room",
    )

    def __init__(
        self,
        lane: int,
        rid: int,
        turn: LaneTurn,
        outbox: Outbox,
        writer: Writer,
        encode: Callable[[object], Payload],
        broken: Callable[[SendError], object],
        counts: ItemCounts,
    ) -> None:
        self.lane = lane
        self.rid = rid
        self._turn = turn
        self._outbox = outbox
        self._writer = writer
        self.encode = encode
        #: Hears why an item cannot travel.
        self.broken = broken
        self._counts = counts
        self.credit = ItemCredit()
        #: Where one waits for room.
        self.room = ItemRoom(counts)
        #: Nothing more is sent.
        self.over = False
        #: It stands among the streams of its turn.
        self.queued = False
        #: Bytes that wait to be written.
        self.pending = 0
        #: Items of which it is known what became of them, and those that the accounts know of: all but the last ones.
        self._settled = self._told = 0
        #: How a codec encodes messages: none does yet.
        self._numbers: dict[type, int] = {}
        self._checks: list[Callable[[Any], bool]] = []
        self._encode_fields: Callable[[Any], bytes] = _unspoken
        self._fits = 0
        #: The class of the last item that it encoded, its number and its check.
        self._kind: type | None = None
        self._kind_number = 0
        self._check: Callable[[Any], bool] = bool
        #: Frames that wait: number and payloads of each; and the last of them, with the bytes that still fit.
        self._batches: deque[tuple[int, list[bytes]]] = deque()
        self._number, self._payloads, self._room = -1, list[bytes](), 0
        self._end: EndFrame | None = None
        counts.open += 1

    def speak(self, codec: ChannelCodec, largest: int) -> None:
        """Encode messages as this codec does, up to `largest` bytes each."""
        self._numbers, self._checks, self._encode_fields = codec.numbers, codec.checks, codec.encode_fields
        self._fits = min(largest, codec.unseen)

    @property
    def ready(self) -> bool:
        """As `ItemSink.ready`."""
        credit = self.credit
        return credit.items > 0 and credit.bytes > 0 and self.pending < UNWRITTEN

    @property
    def ahead(self) -> int:
        """As `ItemSink.ahead`: if they are as large as the last one; of the first nobody knows."""
        size = len(self._payloads[-1]) if self._payloads else UNWRITTEN
        return min(self.credit.items, min(self.credit.bytes, UNWRITTEN) // max(size, 1))

    def put(self, item: object) -> bool:
        """As `ItemSink.put`."""
        if self.over:
            return False
        number, payload = 0, b""
        # As `encode_reply` where all is well, without its call.
        try:
            if item.__class__ is not self._kind:
                number = self._numbers.get(item.__class__, 0)
                if number:
                    self._kind, self._kind_number, self._check = item.__class__, number, self._checks[number]
            else:
                number = self._kind_number
            if number:
                payload = self._encode_fields(item) if self._check(item) else b""
                if not payload or len(payload) > self._fits:
                    number = 0
        except Exception:  # noqa: BLE001  # `encode` says what is wrong with it
            number = 0
        if not number:
            try:
                number, payload = self.encode(item)
            except SendError as error:
                self.broken(error)
                return False
        size, credit = len(payload), self.credit
        credit.items -= 1
        credit.bytes -= size
        credit.sent += 1
        self.pending += size
        if number == self._number and self._room >= size:
            self._payloads.append(payload)
            self._room -= size + OVERHEAD
            return credit.items > 0 and credit.bytes > 0
        alone = not self._batches
        self._number, self._payloads, self._room = number, [payload], FULL - size - OVERHEAD
        self._batches.append((number, self._payloads))
        self._wake()
        return alone and credit.items > 0 and credit.bytes > 0 and self.pending < UNWRITTEN

    def finish(self) -> None:
        """As `ItemSink.finish`."""
        self.end("", "")

    def end(self, code: str, text: str) -> None:
        """There are no more, because of what `code` says; empty: that was all."""
        if not self.over:
            self._over()
            self._end = EndFrame(self.lane, self.rid, self.credit.sent, code, text)
            self._tell()
            self._counts.delivered += self._told - self._settled
            self._settled = self._told
            if self.rid:  # else nobody has begun to read, and whoever does hears of the end then
                self._wake()

    def drop(self, reason: str) -> None:
        """Nobody reads any more: what waits is not written."""
        if not self.over:
            self._over()
            self._tell()
            self._counts.lost(self._told - self._settled, reason)
            self._settled = self._told
        self._batches.clear()
        self._end = None
        self._number = -1
        self.pending = 0
        if self.queued:  # else the turn of those behind it would be spent on nothing
            self.queued = False
            self._turn.streams.remove(self)

    def _over(self) -> None:
        self.over = True
        self._counts.open -= 1
        self.broken, self.encode = _nobody, _nothing  # both lead to the ask, which leads here
        self.room.wake()

    def move(self, lane: int, turn: LaneTurn, outbox: Outbox, writer: Writer) -> None:
        """It goes by another connection, which took the place of the first before anything was written."""
        self.lane, self._turn, self._outbox, self._writer = lane, turn, outbox, writer
        if self._end is not None:
            self._end = msgspec.structs.replace(self._end, lane=lane)
        self.queued = False
        if self.more and self.rid:
            self._wake()

    def number(self, rid: int) -> None:
        """The ask that it goes with has this number: somebody reads."""
        if not self.rid:
            self.rid = rid
            if self._end is not None:
                self._end = msgspec.structs.replace(self._end, rid=rid)
                self._wake()

    def granted(self, items: int, size: int) -> None:
        """The reader has taken `items` of `size` bytes. Raises ProtocolError beyond what a window may be."""
        if self.over:
            return
        self.credit.grant(items, size)
        self._tell()
        taken = min(items, self._told - self._settled)
        self._settled += taken
        self._counts.delivered += taken
        if self.ready:
            self.room.wake()

    def _tell(self) -> None:
        """Let the accounts know what was sent."""
        sent = self.credit.sent
        self._counts.sent += sent - self._told
        self._told = sent

    def _wake(self) -> None:
        if not self.queued:
            self.queued = True
            self._turn.streams.append(self)
            self._outbox.wake(self._turn)
            self._writer.schedule()

    @property
    def more(self) -> bool:
        """There is something to write."""
        return bool(self._batches) or self._end is not None

    def next_size(self) -> int:
        """Bytes of the next frame, where that is of one large item; else 0."""
        if not self._batches:
            return 0
        payloads = self._batches[0][1]
        return len(payloads[0]) if len(payloads) == 1 and len(payloads[0]) > PART_SIZE else 0

    def next_frame(self) -> ItemsFrame | EndFrame | None:
        """The next frame, to be written now; None where there is none."""
        if not self._batches:
            end, self._end = self._end, None
            return end
        self._tell()
        number, payloads = self._batches.popleft()
        if payloads is self._payloads:
            self._number = -1
        self.pending -= sum(map(len, payloads))
        if not self.over and self.ready:
            self.room.wake()
        return ItemsFrame(self.lane, self.rid, number, payloads)


def _unspoken(_item: object) -> bytes:
    raise LookupError("no codec")


def _nobody(_error: SendError) -> None:
    """It is over."""


def _nothing(_item: object) -> Payload:
    raise LookupError("it is over")
