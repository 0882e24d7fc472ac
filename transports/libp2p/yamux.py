"""Yamux (hashicorp/yamux, spec.md; libp2p specs/yamux) without I/O: many streams on one connection, each with credit.

1.  Each side may send on a stream as many bytes as the other has granted. What was taken is granted again by halves.
2.  A stream begins with FIRST_WINDOW. Its window grows to what this side wants once its reader has taken half of that,
    so that a stranger who is not read makes it hold no more.
3.  What is claimed is checked when the header has come, and nothing is kept for bytes that have not come.
4.  Whoever opens more streams than MAX_STREAMS is told so, stream by stream, and keeps those that it has.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .yamux_frames import FIRST_WINDOW, HEADER, YamuxFlag, YamuxKind, header, unpack_header
from .yamux_life import YamuxLife, YamuxStep, next_life

__all__ = ["Yamux", "YamuxArrived", "YamuxEnded", "YamuxEvent", "YamuxGone", "YamuxOpened", "YamuxRoom", "YamuxStream"]

#: Streams that the other side may have open at once; a host of IPFS opens about ten when it connects.
MAX_STREAMS: Final = 32
#: Bytes that a peer may grant: more than any implementation does, and far from where a number would be too large.
MAX_GRANTED: Final = 64 * 1024 * 1024
#: Reasons of GO_AWAY.
NORMAL, PROTOCOL_ERROR = 0, 1
#: What this code compares on each frame; an enum's member costs a look-up each time.
_DATA, _WINDOW, _PING, _GO_AWAY = (int(kind) for kind in YamuxKind)
_SYN, _ACK, _FIN, _RST = (int(flag) for flag in YamuxFlag)
_OPEN, _ENDED_HERE = YamuxLife.OPEN, YamuxLife.ENDED_HERE


class YamuxStream:
    """One stream. `room`: bytes that this side may send now."""

    __slots__ = ("id", "life", "limit", "owed", "room", "taken")

    def __init__(self, stream: int) -> None:
        self.id = stream
        self.life = YamuxLife.OPEN
        self.room = FIRST_WINDOW
        #: Bytes that the other side may have on their way or here at most, and how many it may send now.
        self.limit = self.owed = FIRST_WINDOW
        #: Bytes that were taken, and are not granted again yet.
        self.taken = 0

    def __repr__(self) -> str:
        return f"<YamuxStream {self.id} {self.life.value}>"


class YamuxOpened(NamedTuple):
    """The other side has opened a stream."""

    stream: YamuxStream


class YamuxArrived(NamedTuple):
    """Bytes came; say `taken` of them once nobody holds them any more."""

    stream: YamuxStream
    data: bytes


class YamuxRoom(NamedTuple):
    """More may be sent."""

    stream: YamuxStream


class YamuxEnded(NamedTuple):
    """The other side sends no more."""

    stream: YamuxStream


class YamuxGone(NamedTuple):
    """The other side has dropped the stream; None: it will take no new one, and has said why."""

    stream: YamuxStream | None
    code: int = NORMAL


YamuxEvent = YamuxOpened | YamuxArrived | YamuxRoom | YamuxEnded | YamuxGone


class Yamux:
    """One side of a connection. `window`: bytes that a stream of its may have here unread, once it is read.

    Give it what comes by `feed`; send what `take` gives after each call.
    """

    __slots__ = ("_flags", "_head", "_into", "_left", "_next", "_out", "_streams", "_window", "bare", "dropped")

    def __init__(self, *, initiator: bool, window: int) -> None:
        self._next = 1 if initiator else 2
        self._window = max(window, FIRST_WINDOW)
        self._streams: dict[int, YamuxStream] = {}
        self._out: list[bytes | memoryview] = []
        #: Of a header that has come in part; of a data frame: the bytes that it still has, whose they are, its flags.
        self._head = b""
        self._left = self._flags = 0
        self._into: YamuxStream | None = None
        #: Bytes that came for streams that are not there, in all.
        self.dropped = 0
        #: Frames that came and carried nothing, in all.
        self.bare = 0

    def take(self) -> bytes:
        """What is to be sent now; it is taken out."""
        out = self._out
        if not out:
            return b""
        self._out = []
        return b"".join(out)

    def open(self) -> YamuxStream:
        """Open a stream."""
        stream = self._streams[self._next] = YamuxStream(self._next)
        self._next += 2
        self._out.append(header(_WINDOW, _SYN, stream.id, 0))
        return stream

    def send(self, stream: YamuxStream, data: bytes | memoryview) -> None:
        """Send bytes: at most `stream.room`, on a stream that was not finished here."""
        stream.room -= len(data)
        self._out += (header(_DATA, 0, stream.id, len(data)), data)

    def taken(self, stream: YamuxStream, size: int) -> bool:
        """`size` of the bytes that came are held no longer. Returns whether that is said to the other side."""
        stream.taken += size
        if stream.taken * 2 < stream.limit or (stream.life is not _OPEN and stream.life is not _ENDED_HERE):
            return False
        grant = stream.taken + self._window - stream.limit
        stream.limit, stream.taken = self._window, 0
        stream.owed += grant
        self._out.append(header(_WINDOW, 0, stream.id, grant))
        return True

    def finish(self, stream: YamuxStream) -> None:
        """Send no more on a stream. Idempotent."""
        if self._step(stream, YamuxStep.END_HERE):
            self._out.append(header(_DATA, _FIN, stream.id, 0))

    def reset(self, stream: YamuxStream) -> None:
        """Drop a stream. Idempotent."""
        if self._step(stream, YamuxStep.RESET):
            self._out.append(header(_DATA, _RST, stream.id, 0))

    def go_away(self, code: int = NORMAL) -> None:
        """Say that this side takes no new stream."""
        self._out.append(header(_GO_AWAY, 0, 0, code))

    def feed(self, data: bytes) -> list[YamuxEvent]:
        """Bytes came. Raises ValueError where the other side breaks the rules: the connection is to end then."""
        size = len(data)
        if size > HEADER and not self._left and not self._head:
            version, kind, flags, number, length = unpack_header(data)
            stream = self._streams.get(number)
            # One frame of data alone, as most come: what the long way does with it, in a third of the time.
            if (
                not (version or kind or flags)
                and stream is not None
                and length == size - HEADER <= stream.owed
                and (stream.life is _OPEN or stream.life is _ENDED_HERE)
            ):
                stream.owed -= length
                return [YamuxArrived(stream, data[HEADER:])]
        events: list[YamuxEvent] = []
        at = 0
        while at < size:
            if self._left:
                end = min(at + self._left, size)
                self._left -= end - at
                if self._into is None:
                    self.dropped += end - at
                else:
                    events.append(YamuxArrived(self._into, data[at:end] if end - at < size else data))
                at = end
                if not self._left:
                    self._flagged(events)
                continue
            if self._head or size - at < HEADER:
                missing = HEADER - len(self._head)
                self._head += data[at : at + missing]
                at += missing
                if len(self._head) < HEADER:
                    break
                head, self._head = self._head, b""
                self._frame(events, *unpack_header(head))
            else:
                self._frame(events, *unpack_header(data, at))
                at += HEADER
        return events

    def _frame(self, events: list[YamuxEvent], version: int, kind: int, flags: int, number: int, length: int) -> None:
        if version:
            raise ValueError(f"yamux of version {version}")
        if kind != _DATA or not length:
            self.bare += 1
        if kind in (_DATA, _WINDOW):
            stream = self._opened(events, number) if flags & _SYN else self._streams.get(number)
            self._into, self._flags = stream, flags
            if kind == _DATA:
                self._data(stream, length)
            elif stream is not None and length:
                stream.room += length
                if stream.room > MAX_GRANTED:
                    raise ValueError(f"stream {number} is granted {stream.room} bytes")
                events.append(YamuxRoom(stream))
            if not self._left:
                self._flagged(events)
        elif kind == _PING:
            if flags & _SYN:
                self._out.append(header(_PING, _ACK, 0, length))
        elif kind == _GO_AWAY:
            events.append(YamuxGone(None, length))
        else:
            raise ValueError(f"a frame of kind {kind}")

    def _opened(self, events: list[YamuxEvent], number: int) -> YamuxStream | None:
        if not number or number % 2 == self._next % 2 or number in self._streams:
            raise ValueError(f"stream {number} is not the other side's to open")
        if sum(stream.id % 2 != self._next % 2 for stream in self._streams.values()) >= MAX_STREAMS:
            self._out.append(header(_WINDOW, _RST, number, 0))
            return None
        stream = self._streams[number] = YamuxStream(number)
        self._out.append(header(_WINDOW, _ACK, number, 0))
        events.append(YamuxOpened(stream))
        return stream

    def _data(self, stream: YamuxStream | None, length: int) -> None:
        if stream is not None:
            if length and stream.life is not _OPEN and stream.life is not _ENDED_HERE:
                raise ValueError(f"{length} bytes behind the end of stream {stream.id}")
            stream.owed -= length
            if stream.owed < 0:
                raise ValueError(f"stream {stream.id} has {-stream.owed} bytes more than its window")
        self._left = length

    def _flagged(self, events: list[YamuxEvent]) -> None:
        """The frame is whole: what its flags say comes behind its bytes."""
        stream, flags = self._into, self._flags
        self._into = None
        if stream is None or not flags & (_FIN | _RST):
            return
        if flags & _RST:
            if self._step(stream, YamuxStep.RESET):
                events.append(YamuxGone(stream))
        elif self._step(stream, YamuxStep.END_THERE):
            events.append(YamuxEnded(stream))

    def _step(self, stream: YamuxStream, step: YamuxStep) -> bool:
        life = next_life(stream.life, step)
        if life is stream.life:
            return False
        stream.life = life
        if life is YamuxLife.OVER:
            self._streams.pop(stream.id, None)
        return True
