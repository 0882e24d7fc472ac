"""What of one connection is compressed, both ways: agreed for each channel, and taken apart as it comes.

Law 1. Frames to a channel are compressed where its owner announces the method that this node declares for it, too;
       answers from it where the asker has said that it reads them. So each side has a word for what it sends, and
       none gets what it does not understand.
Law 2. Contexts are of one lane of one connection, and end with it: what takes its place begins anew.
"""

from __future__ import annotations

from collections.abc import Callable

from ...actors.base import ProtocolError
from ..compression import CompressionPool, Expander, Method, Squeezer, method_of
from ..lanes import Outbox, OutLane, Writer
from ..receiving import ReceiveSide
from ..sending import OutLanes
from ..wire import (
    Allowance,
    ArrivedFrame,
    ChannelInfo,
    Codecs,
    Compressed,
    FrameDecoders,
    ZeroCopyCompressed,
    ask_lane,
    body_limit,
    read_uncompressed,
    reply_lane,
)

__all__ = ["Compressing"]


class Compressing:
    """See the module. `hand` takes what came compressed, `grew` hears how many bytes it had more: set by the owner."""

    __slots__ = (
        "_codecs",
        "_decoders",
        "_empty",
        "_expanders",
        "_lanes",
        "_outbox",
        "_pool",
        "_receive",
        "_squeezers",
        "_writer",
        "grew",
        "hand",
    )

    def __init__(
        self,
        codecs: Codecs,
        lanes: OutLanes,
        receive: ReceiveSide,
        outbox: Outbox,
        writer: Writer,
        decoders: FrameDecoders,
        pool: CompressionPool,
        now: Callable[[], float],
    ) -> None:
        self._codecs = codecs
        self._lanes = lanes
        self._receive = receive
        self._outbox = outbox
        self._writer = writer
        self._decoders = decoders
        self._pool = pool
        self._empty = Allowance("empty COMPRESSED", now)
        #: By the number of the lane.
        self._squeezers: dict[int, Squeezer] = {}
        self._expanders: dict[int, Expander] = {}
        self.hand: Callable[[ArrivedFrame, int], object] = _nobody
        self.grew: Callable[[int], None] = _nobody
        for lane in lanes.by_index:
            self.look(lane)

    @property
    def held(self) -> int:
        """Bytes of memory of the contexts that the peer makes this node have."""
        return sum(expander.held for expander in self._expanders.values())

    def look(self, lane: OutLane | None) -> None:
        """A channel of the peer is open, or this node has come to know it: agree on what both declare."""
        if lane is None or self._lanes.turns[lane.index].squeezer is not None:
            return
        method = self._declared(lane.info)
        if method is None:
            return
        number = ask_lane(lane.index)
        self._lanes.turns[lane.index].squeezer = self._squeezer(method, number, lane.info)
        self._expanders[reply_lane(lane.index)] = self._expander(method, lane.info)
        self._outbox.control(Compressed(number, 0, 0, b""))
        self._writer.schedule()

    def took(self, frame: Compressed | ZeroCopyCompressed) -> object:
        """A frame of the peer; returns what `hand` does. Raises ProtocolError."""
        lane = frame.lane
        expander = self._expanders.get(lane) or self._first(lane)
        if not frame.size:
            self._empty.spend()
            return None
        before = expander.held
        body = expander.expand(frame)
        self.grew(len(body) - len(frame.data) + expander.held - before)
        return self.hand(read_uncompressed(body, lane, self._decoders), len(body))

    def end(self) -> None:
        """The connection has ended: the memory is free again."""
        for squeezer in self._squeezers.values():
            squeezer.end()
        for turn in self._lanes.turns:
            turn.squeezer = None
        self._squeezers.clear()
        self._expanders.clear()
        self.hand, self.grew = _nobody, _nobody

    def _first(self, number: int) -> Expander:
        """The peer compresses on a lane to a channel here, and reads answers that are. Raises ProtocolError."""
        lanes = self._receive.lanes
        lane = None if number % 2 or number // 2 >= len(lanes) else lanes[number // 2]
        method = None if lane is None else self._declared(lane.info)
        if lane is None or method is None:
            raise ProtocolError("unexpected_frame", f"COMPRESSED on lane {number}, for which nothing is agreed")
        answers = reply_lane(lane.index)
        lane.turn.squeezer = self._squeezer(method, answers, lane.info)
        expander = self._expanders[number] = self._expander(method, lane.info)
        return expander

    def _declared(self, info: ChannelInfo) -> Method | None:
        """The method that this node and the channel's owner (one of both may be the other) declare; None for none."""
        codec = self._codecs.get(info.name) if info.compress else None
        return None if codec is None or codec.channel.compress != info.compress else method_of(info.compress)

    def _squeezer(self, method: Method, number: int, info: ChannelInfo) -> Squeezer:
        squeezer = self._squeezers[number] = Squeezer(method, number, self._pool, self._pool.of(info.name))
        return squeezer

    def _expander(self, method: Method, info: ChannelInfo) -> Expander:
        return Expander(method, body_limit(info.max_message), self._pool.of(info.name))


def _nobody(*_: object) -> None:
    """The connection has ended, or has not begun."""
