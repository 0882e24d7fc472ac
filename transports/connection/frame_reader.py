"""The reading half of a connection: bytes of its stream, as frames to those that take them.

Task: the reader (waits for: bytes; feeds: the takers). Where the stream can, it hands over bytes in the very turn in
which they arrive, and the task waits for the end only. Bytes of which there are many are looked through by turns with
those of other peers, see `ReadTurns`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextvars import Context
from functools import partial
from itertools import chain
from typing import Any

from ...actors.base import ProtocolError, new_task
from ..streams import Filling, Pausing, Retaining, Sizing, Stream
from ..wire import (
    BATCHES,
    FRAME_LIMIT,
    PLAIN,
    UNDIVIDED,
    Allowance,
    ArrivedFrame,
    Batch,
    FrameDecoder,
    FrameDecoders,
    GoAway,
    Part,
    Ping,
    Pong,
    Reassembler,
    ZeroCopyPart,
    in_pieces,
    is_single,
)
from .read_turns import FRAMES, SLICE, ReadTurns
from .reading import read_on

__all__ = ["FrameReader"]

#: Bytes that are looked through at once: as frames they are 400 at most, 0.3 ms.
AT_ONCE = 4096
#: Seconds that a frame may take from its first byte to its last: the longest is read in 34 s at 1 Mbit/s.
FRAME_TIMEOUT = 60.0
#: Bytes of a part that is small, unless it is the last one of its body.
SMALL_PART = 1024
#: Frames that do not show that the peer has something under way.
IDLE_FRAMES = (Ping, Pong, GoAway)


class FrameReader:
    """See the module. `takers`: by class of frame; they may raise ProtocolError, and so may `taken`. They return
    nothing, but for one that has had `hand` take a frame: what that returned.

    `came(now)` is called before the frames of some bytes are taken, `woken()` after them in any case, `taken()` after
    that if none of them was refused. `over` hears once why nothing more is read: None where the peer closed the stream.
    """

    __slots__ = (
        "_begun",
        "_begun_at",
        "_came",
        "_context",
        "_decoder",
        "_divided",
        "_fills",
        "_frames",
        "_loop",
        "_more",
        "_over",
        "_parts",
        "_paused",
        "_pausing",
        "_pieces",
        "_retaining",
        "_run",
        "_small_parts",
        "_stream",
        "_taken",
        "_takers",
        "_task",
        "_turns",
        "_waiter",
        "_woken",
        "bytes_received",
        "owes",
        "stopped",
    )

    def __init__(
        self,
        stream: Stream,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        takers: Mapping[type, Callable[[Any], object]],
        *,
        limit_of_lane: Callable[[int], int],
        came: Callable[[float], None],
        woken: Callable[[], None],
        taken: Callable[[], None],
        over: Callable[[BaseException | None], None],
        decoders: FrameDecoders = PLAIN,
        turns: ReadTurns | None = None,
        wanted: Callable[[int], bool] | None = None,
    ) -> None:
        self._stream = stream
        self._pausing = stream if isinstance(stream, Pausing) else None
        self._retaining = stream if isinstance(stream, Retaining) else None
        self._loop = loop
        self._context = context
        self._takers: dict[type, Callable[[Any], object]] = {}
        self._decoder = FrameDecoder(FRAME_LIMIT, decoders)
        #: The stream, where it pushes and can read a large body into its place.
        self._fills: Filling | None = None
        if isinstance(stream, Filling) and isinstance(stream, Sizing):
            self._decoder.whole = stream.whole or 0
        self._parts = Reassembler(limit_of_lane, decoders=decoders, wanted=wanted)
        self._came, self._woken, self._taken, self._over = came, woken, taken, over
        self._turns = turns or ReadTurns(loop)
        self._run = context.copy().run
        #: The frame that had come in part at the last heartbeat, and since when.
        self._begun, self._begun_at = bytearray(), 0.0
        #: What waits for its turn; None where all that came was taken.
        self._frames: Iterator[ArrivedFrame] | None = None
        self._paused = False
        self._more: deque[bytes] = deque()
        #: Of a frame of many messages, those that are not taken yet.
        self._pieces: Iterator[Batch] = iter(())
        self._divided = 0  # bytes of it
        #: As `Behind.owes`.
        self.owes = 0.0
        #: Ends when nothing waits any more; None while nobody asks for that.
        self._waiter: asyncio.Future[None] | None = None
        self._small_parts = Allowance("small PART", loop.time)
        #: Nothing more is read.
        self.stopped = False
        self._task: asyncio.Task[None] | None = None
        #: Bytes that the stream gave.
        self.bytes_received = 0
        self.take({**takers, Part: self._part, ZeroCopyPart: self._part})

    @property
    def pending(self) -> int:
        """Bytes of bodies that are here in part."""
        return self._parts.pending

    @property
    def holds(self) -> int:
        """Bytes that are here of bodies and of a frame that came in part, or are taken in part; and in the stream."""
        beside = 0 if self._retaining is None else self._retaining.retained
        return beside + self._parts.held + self._decoder.buffered + self._divided + sum(map(len, self._more))

    def beat(self, now: float) -> ProtocolError | None:
        """A heartbeat has passed. Returns why the peer has to go, where something that it has begun does not go on."""
        self._decoder.skipped = 0
        self._decoder.beat()
        begun = self._decoder.begun
        if not begun or begun is not self._begun:
            self._begun, self._begun_at = begun, now
        elif now - self._begun_at > FRAME_TIMEOUT:
            return ProtocolError("overdue", f"a frame that began {now - self._begun_at:.0f} s ago")
        return self._parts.overdue(now)

    def start(self, leftover: bytes, name: str) -> None:
        """Begin to read, behind the bytes that came with the handshake."""
        self._task = new_task(read_on(self._stream, self, leftover), loop=self._loop, name=name, context=self._context)

    def take(self, takers: Mapping[type, Callable[[Any], object]]) -> None:
        """Hand these frames to others from now on."""
        batched: Mapping[type, Callable[[Any], object]] = {
            kind: partial(self._batch, take) for kind, take in takers.items() if kind in BATCHES
        }
        self._takers = {**self._takers, **takers, **batched}

    def hand(self, frame: ArrivedFrame, size: int) -> object:
        """A frame that came inside of another one, with a body of this size. True: not all of it is taken."""
        self._decoder.size = size
        return self._takers[frame.__class__](frame)

    def _batch(self, take: Callable[[Any], object], frame: Batch) -> bool:
        """True: it is more than is taken at once, and in pieces."""
        if self._decoder.size <= UNDIVIDED or is_single(frame):
            take(frame)
            return False
        self._divided, self._decoder.size = self._decoder.size, 0
        self._pieces = in_pieces(frame)
        return True

    def notice(self, stirred: Callable[[], None]) -> None:
        """Call `stirred` from now on before each frame that shows that the peer has something under way."""
        self._takers = {
            kind: take if kind in IDLE_FRAMES else partial(_noticed, stirred, take)
            for kind, take in self._takers.items()
        }

    def stop(self) -> None:
        """Read nothing more. The frames that came with the last one are still taken."""
        self.stopped = True

    def cancel(self) -> asyncio.Task[None] | None:
        """Wait for the stream no longer; returns the task that did."""
        if self._task is not None:
            self._task.cancel()
        return self._task

    def let_go(self) -> None:
        """It has stopped, and nothing of the last bytes is left: keep nothing that points back to its owner."""
        self._takers = {}
        self._frames = self._fills = self._pausing = self._retaining = None
        self._more.clear()
        self._parts = Reassembler(_no_lane)
        self._came, self._woken, self._taken, self._over = _nobody, _nobody, _nobody, _nobody

    def ended(self, error: BaseException | None) -> None:
        """As `BytesTaker.ended`."""
        self._over(error)

    def pusher(self) -> Callable[[bytes], None]:
        """As `BytesTaker.pusher`."""
        run, stream = self._run, self._stream
        if self._decoder.whole and isinstance(stream, Filling):
            self._fills = stream
        return lambda data: run(self._pushed, data)

    def _pushed(self, data: bytes) -> None:
        """As the task would, in the turn in which the bytes came: it saves turns: 9 of 63 µs of a round trip."""
        if self.stopped:
            return
        try:
            self.received(data)
        except BaseException as error:  # noqa: BLE001  # as for the reader
            self._over(error)

    def received(self, data: bytes) -> None:
        """Bytes came. Raises ProtocolError."""
        if not data:
            return
        self.bytes_received += len(data)
        self._came(self._loop.time())
        if len(data) > AT_ONCE or self._frames is not None:
            self._in_turns(data)
            return
        takers, frames = self._takers, self._decoder.feed(data)
        try:
            for frame in frames:
                take = takers.get(frame.__class__)
                if take is None:
                    raise ProtocolError("unexpected_frame", f"{type(frame).__name__} on an open connection")
                if take(frame):
                    self._frames = chain(self._pieces, frames)
                    self._turns.wait(self)
                    break
        finally:
            self._woken()
        self._taken()
        if self._fills is not None and self._frames is None:
            self._fill(self._fills)

    def _fill(self, stream: Filling) -> None:
        """Have the rest of a large body read into its place, if it is one that has begun."""
        place = self._decoder.place()
        if place is not None and not self.stopped:
            stream.fill(place, self._filled)

    def _filled(self, size: int) -> None:
        """As `_pushed`, of bytes that are in their place."""
        if not self.stopped:
            self._run(self._came_in_place, size)

    def _came_in_place(self, size: int) -> None:
        try:
            self.bytes_received += size
            self._came(self._loop.time())
            if self._decoder.came(size):
                self._in_turns(b"")
        except BaseException as error:  # noqa: BLE001  # as for the reader
            self._over(error)

    def _in_turns(self, data: bytes) -> None:
        if self._frames is None:
            self._frames = self._decoder.feed(data)
            if self._turns.crowded or not self._look_now():
                self._turns.wait(self)
            elif self._fills is not None:
                self._fill(self._fills)
            return
        self._more.append(data)  # fed when its turn comes: joined to what waits it would be copied each time
        # More has come than a turn takes, twice: one that only sends much at once has caught up then. Said each time,
        # as nothing else bounds what waits here.
        if self._pausing is not None:
            self._paused = True
            self._pausing.pause()

    def _look_now(self) -> bool:
        began = self._turns.begin()
        try:
            return self._look_through(began[0] + SLICE)
        finally:
            self._turns.spent(self, began)

    def _look_through(self, until: float) -> bool:
        """Take frames until that time. True: none is left. Raises ProtocolError."""
        frames, takers, time = self._frames, self._takers, self._loop.time
        assert frames is not None
        left = FRAMES
        try:
            for frame in frames:
                take = takers.get(frame.__class__)
                if take is None:
                    raise ProtocolError("unexpected_frame", f"{type(frame).__name__} on an open connection")
                if take(frame):
                    self._frames = chain(self._pieces, frames)
                    break
                left -= 1
                if not left or time() >= until:
                    break
            else:
                self._divided = 0
                self._frames = self._decoder.feed(self._more.popleft()) if self._more else None
        except BaseException:
            self._frames = None
            raise
        finally:
            self._woken()
        self._taken()
        return self._frames is None

    def go_on(self, until: float) -> bool:
        """As `Behind.go_on`."""
        if self._frames is not None and not self.stopped:
            try:
                if not self._run(self._look_through, until):
                    return False
            except BaseException as error:  # noqa: BLE001  # as for the reader
                self._over(error)
        self._frames, self._divided = None, 0
        self._more.clear()
        if self._fills is not None:
            self._fill(self._fills)
        if self._paused and self._pausing is not None:
            self._paused = False
            self._pausing.resume()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        return True

    def behind(self) -> asyncio.Future[None] | None:
        """As `TurnTaker.behind`."""
        if self._frames is None:
            return None
        self._waiter = self._loop.create_future()
        return self._waiter

    def _part(self, part: Part | ZeroCopyPart) -> object:
        if part.left and len(part.data) < SMALL_PART:
            self._small_parts.spend()
        frame = self._parts.add(part)
        if frame is None:
            return False
        return self.hand(frame, self._parts.size)


def _noticed(stirred: Callable[[], None], take: Callable[[Any], object], frame: ArrivedFrame) -> object:
    stirred()
    return take(frame)


def _no_lane(number: int) -> int:
    raise ProtocolError("unknown_lane", f"lane {number}: the connection has ended")


def _nobody(*_: object) -> None:
    """The connection has ended."""
