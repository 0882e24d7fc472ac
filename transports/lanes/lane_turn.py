"""One lane's place among those that have something to write: messages to a reactor of the peer, or answers."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from ..compression import Squeezer
from ..wire import Cutter, EndFrame, ItemsFrame
from .out_lane import OutLane

__all__ = ["LaneTurn", "ReplyLane", "StreamTurn"]


class StreamTurn(Protocol):
    """The items of one stream that wait to be written."""

    #: It stands among the streams of its lane.
    queued: bool

    @property
    def more(self) -> bool:
        """There is something to write."""

    def next_size(self) -> int:
        """Bytes of the next frame, where that is of one large item; else 0."""

    def next_frame(self) -> ItemsFrame | EndFrame | None:
        """The next frame, to be written now; None where there is none."""


class ReplyLane:
    """Answers from one reactor of this node: not limited by credit, but by the asks that were let in."""

    __slots__ = ("index", "queue", "queued_bytes")

    def __init__(self, index: int) -> None:
        self.index = index
        self.queue: deque[tuple[int, int, bytes]] = deque()
        self.queued_bytes = 0


class LaneTurn:
    """One lane's place in the rounds."""

    __slots__ = (
        "cutting",
        "deficit",
        "frames",
        "held",
        "lane",
        "origins",
        "priority",
        "queued",
        "round",
        "squeezer",
        "streams",
    )

    def __init__(self, lane: OutLane | ReplyLane, priority: int) -> None:
        self.lane = lane
        self.priority = priority
        #: The rest of a body that is being cut, and the origins of the tells in it.
        self.cutting: Cutter | None = None
        self.origins: frozenset[int] = frozenset()
        #: Frames that were written to their end.
        self.frames = 0
        #: Bytes that it may still write in its round.
        self.deficit = 0
        #: It stands in a round, this one or the next.
        self.queued = False
        self.round = -1
        #: What the connection before has accepted goes first: it is not written yet.
        self.held = False
        #: Streams of this lane that have something to write.
        self.streams: deque[StreamTurn] = deque()
        #: What compresses its frames; None: they travel as they are.
        self.squeezer: Squeezer | None = None

    @property
    def busy(self) -> bool:
        """There is something to write."""
        return bool(self.lane.queue) or self.cutting is not None or bool(self.streams)
