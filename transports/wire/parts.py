"""Cutting a body that is too large to travel at once, and putting the parts together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ...actors.base import ProtocolError
from .frame_decoder import PLAIN, FrameDecoders, decode_body
from .frames import (
    PART_SIZE,
    Ask,
    Compressed,
    ItemsFrame,
    Part,
    Reply,
    Tell,
    ZeroCopyAsk,
    ZeroCopyCompressed,
    ZeroCopyItems,
    ZeroCopyPart,
    ZeroCopyReply,
    ZeroCopyTell,
)

__all__ = [
    "BATCH_BODY",
    "BODY_OVERHEAD",
    "REASSEMBLY_BUDGET",
    "Cutter",
    "PartBudget",
    "Reassembler",
    "ask_lane",
    "body_limit",
    "lane_of",
    "read_uncompressed",
    "reply_lane",
]

#: What is of a lane.
OfLane: TypeAlias = Tell | Ask | Reply | ItemsFrame | ZeroCopyTell | ZeroCopyAsk | ZeroCopyReply | ZeroCopyItems
#: What may travel in parts.
Carried: TypeAlias = OfLane | Compressed | ZeroCopyCompressed

# Law 1: the parts of one body travel in order on its lane, one body at a time; other lanes and other
#        frames may come between. Two lanes a channel: an answer never waits for a message.
# Law 2: `left` is what follows the part, so the first part tells the whole size and every later one
#        can only be right or wrong.
# Law 3: a body that was begun is finished. The sum of the sizes of begun bodies stays within
#        REASSEMBLY_BUDGET; the sender counts as the receiver does, so an honest one never meets it.

#: Bytes that one connection may make the other side hold: two messages of the largest size.
REASSEMBLY_BUDGET = 32 * 1024 * 1024 + 4096
#: Seconds in which a body has to go on that was begun: a part of it takes 0.13 s at 1 Mbit/s, and others go between.
BODY_TIMEOUT = 30.0
#: A batch of small messages may be cut as well, so every lane takes a body of this many bytes.
BATCH_BODY = 64 * 1024
#: Bytes of the largest head: ASK with every integer at its longest, and a 5-byte `bin` head.
BODY_OVERHEAD = 64


def ask_lane(channel: int) -> int:
    """The lane of TELL and ASK for the channel at this index of its receiver."""
    return 2 * channel


def reply_lane(channel: int) -> int:
    """The lane of REPLY from the channel at this index of its sender."""
    return 2 * channel + 1


def lane_of(frame: Carried) -> int:
    """The lane that the parts of this frame travel on."""
    if isinstance(frame, Compressed | ZeroCopyCompressed | ItemsFrame | ZeroCopyItems):
        return frame.lane
    return reply_lane(frame.channel) if isinstance(frame, Reply | ZeroCopyReply) else ask_lane(frame.channel)


def read_uncompressed(body: bytes, lane: int, decoders: FrameDecoders) -> OfLane:
    """What a COMPRESSED of that lane stands for. Raises ProtocolError as `Reassembler.add` does for a body."""
    frame = decode_body(body, decoders)
    if not isinstance(frame, OfLane) or lane_of(frame) != lane:
        raise ProtocolError("part_mismatch", f"lane {lane} carried a {type(frame).__name__}, compressed")
    return frame


def body_limit(max_message: int) -> int:
    """Bytes of the largest body on a lane whose channel takes messages of `max_message` bytes."""
    return max(max_message, BATCH_BODY) + BODY_OVERHEAD


class PartBudget:
    """Counts the bodies that are under way in parts. Both ends of a connection keep the same count."""

    __slots__ = ("_used", "limit")

    def __init__(self, limit: int = REASSEMBLY_BUDGET) -> None:
        self.limit = limit
        self._used = 0

    @property
    def used(self) -> int:
        """Bytes of all bodies that are begun and not finished."""
        return self._used

    def has_room(self, total: int) -> bool:
        """Whether a body of `total` bytes may be begun now."""
        return self._used + total <= self.limit

    def take(self, total: int) -> None:
        """Count a body that is begun. Raises ValueError without room."""
        if not self.has_room(total):
            raise ValueError(f"no room for {total} bytes: {self._used} of {self.limit} are under way")
        self._used += total

    def give_back(self, total: int) -> None:
        """Count a body that is finished. Raises ValueError for one that was never begun."""
        if total > self._used:
            raise ValueError(f"{total} bytes finished, only {self._used} under way")
        self._used -= total


class Cutter:
    """The parts of one body, in order: iterate for `(lane, left, data)`, as `encode_part` takes it.

    The whole is `head`, which is shorter than a part, and then `body`. Next to nothing is copied: `data` is a view of
    `body`, which must not change meanwhile.
    """

    __slots__ = ("_at", "_body", "_head", "_left", "lane", "total")

    def __init__(self, body: bytes, lane: int, *, head: bytes = b"") -> None:
        self.lane = lane
        self.total = self._left = len(head) + len(body)
        self._head = head
        self._body = memoryview(body)
        #: Bytes of the body, without its head, that are cut off.
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are not cut off yet; 0 when the body is finished."""
        return self._left

    def __iter__(self) -> Iterator[tuple[int, int, memoryview]]:
        while self._left:
            yield self.cut()

    def cut(self) -> tuple[int, int, memoryview]:
        """The next part; something must be left."""
        head, start = self._head, self._at
        self._at = end = start + PART_SIZE - len(head)
        data = self._body[start:end]
        if head:
            data = memoryview(head + data)
            self._head = b""
        self._left -= len(data)
        return self.lane, self._left, data


class _Body:
    """A body that is begun: what came, what must follow."""

    __slots__ = ("data", "left", "seen_at", "seen_left", "total")

    def __init__(self, total: int) -> None:
        #: None of one that nobody wants: it is counted, and not kept.
        self.data: bytearray | None = bytearray()
        self.left = self.total = total
        #: What was left when somebody looked last at whether it goes on, and when that was less than before.
        self.seen_left = -1
        self.seen_at = 0.0


class Reassembler:
    """Puts the parts of one connection together, one body a lane.

    `limit_of_lane` tells the largest body of a lane in bytes, and raises ProtocolError
    `unknown_lane` for a lane that is not there; it is asked for each first part. `wanted` says whether
    what travels on a lane is to be kept: an answer that nobody waits for is not.
    """

    __slots__ = ("_bodies", "_budget", "_decoders", "_limit_of_lane", "_wanted", "size")

    def __init__(
        self,
        limit_of_lane: Callable[[int], int],
        *,
        budget: int = REASSEMBLY_BUDGET,
        decoders: FrameDecoders = PLAIN,
        wanted: Callable[[int], bool] | None = None,
    ) -> None:
        self._limit_of_lane = limit_of_lane
        self._wanted = wanted
        self._decoders = decoders
        self._budget = PartBudget(budget)
        self._bodies: dict[int, _Body] = {}
        #: Bytes of the body that was completed last.
        self.size = 0

    @property
    def pending(self) -> int:
        """Bytes of all bodies that are begun and not finished, as announced."""
        return self._budget.used

    @property
    def held(self) -> int:
        """Bytes of them that are here."""
        return sum(len(body.data) for body in self._bodies.values() if body.data is not None)

    def overdue(self, now: float) -> ProtocolError | None:
        """Why the sender has to go: a body that did not go on for BODY_TIMEOUT. Ask every few seconds."""
        for lane, body in self._bodies.items():
            if body.left != body.seen_left:
                body.seen_left, body.seen_at = body.left, now
            elif now - body.seen_at > BODY_TIMEOUT:
                return ProtocolError("overdue", f"lane {lane}: {body.left} of {body.total} bytes are missing")
        return None

    def add(self, part: Part | ZeroCopyPart) -> Carried | None:
        """Take a part; give the frame that it completes, or None.

        Raises:
            ProtocolError: `part_too_large` (above the lane's limit), `part_budget` (too many bodies at
                once), `part_out_of_order` (`left` does not fit), `part_mismatch` (the body is not a
                TELL, ASK or REPLY of this lane), or what `decode_body` and `limit_of_lane` raise.
        """
        body = self._bodies.get(part.lane) or self._begin(part)
        if part.left != body.left - len(part.data):
            raise ProtocolError(
                "part_out_of_order",
                f"lane {part.lane}: {len(part.data)} bytes and {part.left} left, where {body.left} were left",
            )
        if body.data is not None:
            if self._wanted is None or self._wanted(part.lane):
                body.data += part.data
            else:
                body.data = None
        body.left = part.left
        if body.left:
            return None
        del self._bodies[part.lane]
        self._budget.give_back(body.total)
        if body.data is None:
            return None
        frame = decode_body(body.data, self._decoders)
        self.size = body.total
        if not isinstance(frame, Carried) or lane_of(frame) != part.lane:
            raise ProtocolError("part_mismatch", f"lane {part.lane} carried a {type(frame).__name__}")
        return frame

    def _begin(self, part: Part | ZeroCopyPart) -> _Body:
        total = part.left + len(part.data)
        limit = self._limit_of_lane(part.lane)
        if total > limit:
            raise ProtocolError("part_too_large", f"lane {part.lane}: {total} bytes, limit {limit}")
        if not self._budget.has_room(total):
            raise ProtocolError("part_budget", f"{total} bytes more than {self._budget.used} of {self._budget.limit}")
        self._budget.take(total)
        body = self._bodies[part.lane] = _Body(total)
        return body
