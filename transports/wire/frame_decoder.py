"""Bytes as frames, as they come: wherever they are cut, and whatever a hostile peer sends.

Law 1: nothing read from the network raises anything but ProtocolError.
Law 2: a decoder that failed stays failed: after a bad frame nobody knows where the next one starts.
Law 3: a frame of a kind that is left out (`SKIPPED_KINDS`) is one all the same: what is no MessagePack is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from ...actors.base import ProtocolError
from .frames import LAST_KIND, PART_SIZE, SKIPPED_KINDS, ArrivedFrame, Frame, FrameKind, ViewedFrame
from .texts import clip

__all__ = ["PLAIN", "WIRE_DECODER", "FrameDecoder", "FrameDecoders", "decode_body"]


#: Reads one frame body. Shared by all connections: it holds no state.
WIRE_DECODER: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
#: The same for a body whose payloads are worth more than the views of them.
_VIEWS: msgspec.msgpack.Decoder[ViewedFrame] = msgspec.msgpack.Decoder(ViewedFrame)


class FrameDecoders(NamedTuple):
    """Read one body: `whole` a small one; `views` one whose payloads are worth more than views of them."""

    whole: Callable[[bytes | bytearray | memoryview], ArrivedFrame]
    views: Callable[[bytes | bytearray | memoryview], ArrivedFrame]


#: Of a connection whose node traces nothing.
PLAIN = FrameDecoders(WIRE_DECODER.decode, _VIEWS.decode)
_LENGTH = struct.Struct(">I")
#: Bytes of a frame's length.
HEAD = 4
#: Bytes from which on a body is decoded where it lies: a view costs more than copying less (measured: 100 ns, 2 KiB).
VIEWED = 2048
#: Bytes that are missing of a body from which on it is given its place: a stream that is told of it takes 2 µs.
PLACED = 64 * 1024
#: Frames of kinds that are left out, between two looks at the clock, which are a heartbeat apart.
SKIPPED_LIMIT = 2000
#: Bad UTF-8 is a ValueError, deep nesting a RecursionError; msgspec's own are ValueErrors since 0.21 only.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_KIND_DECODER = msgspec.msgpack.Decoder(FrameKind)


def decode_body(body: bytes | bytearray, decoders: FrameDecoders = PLAIN) -> ArrivedFrame:
    """Read one frame body.

    Raises:
        ProtocolError: `bad_frame` (no such MessagePack array), `unknown_kind`, or `bad_field` (a
            field is missing, of another type or out of bounds; the text names its place).
    """
    try:
        return (decoders.whole if len(body) <= PART_SIZE else decoders.views)(body)
    except _UNREADABLE as error:
        raise _fault(body, error) or ProtocolError("unknown_kind", "a frame to leave out, in place of one") from error


def _fault(body: bytes | bytearray | memoryview, error: Exception) -> ProtocolError | None:
    """Say what is wrong with a body that did not decode; None of one that is to be left out."""
    if not isinstance(error, msgspec.ValidationError):
        return ProtocolError("bad_frame", clip(str(error)))
    try:
        kind = _KIND_DECODER.decode(body).kind
    except _UNREADABLE:
        return ProtocolError("bad_frame", clip(str(error)))
    if kind in SKIPPED_KINDS:
        return None
    if not 0 <= kind <= LAST_KIND:
        return ProtocolError("unknown_kind", f"kind {kind}")
    return ProtocolError("bad_field", clip(f"kind {kind}: {error}"))


class FrameDecoder:
    """Turns bytes into frames. Holds at most one incomplete frame and the last piece of input.

    `limit` is the largest body accepted, in bytes; it may be changed between frames. A body of at most `whole` bytes,
    of which PLACED or more are yet to come, has its memory from its first byte on: the rest may be read into it.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_came",
        "_decoders",
        "_fault",
        "_place",
        "_placed",
        "_split",
        "_used",
        "_whole_size",
        "limit",
        "size",
        "skipped",
        "whole",
    )

    def __init__(self, limit: int, decoders: FrameDecoders = PLAIN) -> None:
        self.limit = limit
        self._decoders = decoders
        #: The last piece of input, of which what stands before `_at` was read.
        self._buffer = b""
        self._at = 0
        #: The frame that began in an earlier piece, as far as it came; only it is copied, not what follows it.
        self._split = bytearray()
        #: In its place: the body that has its memory already, its size, and how many bytes of it have come.
        self._placed: bytearray | None = None
        self._whole_size = self._came = 0
        #: What the last such body lay in, and may be used again: to have it filled with zeros is a sixth of the copies.
        self._place: bytearray | None = None
        self._used = False
        self.whole = 0
        self._fault: ProtocolError | None = None
        #: Bytes of the large body that was decoded last: one whose payloads are views.
        self.size = 0
        #: Frames that were left out, since whoever has a clock has set it to 0 again.
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[ArrivedFrame]:
        """Take bytes as they came and give the frames that are complete now, in order.

        The bytes are taken at once, frames are decoded as you iterate: frames that came before a fault
        are given before it raises, wherever the bytes were split.

        Raises:
            ProtocolError: `frame_too_large` or what `decode_body` raises; from then on, always.
        """
        if self._at < len(self._buffer):  # somebody feeds while frames are still being taken
            data = self._buffer[self._at :] + data
        self._buffer, self._at = data, 0
        return self._frames()

    def _frames(self) -> Iterator[ArrivedFrame]:
        if self._fault is not None:
            raise self._fault
        decode, views = self._decoders
        while True:
            # The state is read again after each yield: the taker of the frame may have fed more.
            buffer, at = self._buffer, self._at
            start = at + HEAD
            if at == len(buffer) and not self._split and self._placed is None:
                return
            if self._placed is not None:
                body: bytes | memoryview | None = self._body_in_place(self._placed)
            elif self._split or start > len(buffer):
                body = self._body_of_split()
            else:
                size = self._size(buffer, at)
                end = start + size
                if end > len(buffer):
                    body = self._body_of_split()
                else:
                    self._at = end
                    body = buffer[start:end] if size < VIEWED else memoryview(buffer)[start:end]
            if body is None:
                return  # the rest is kept for when more comes
            try:
                if len(body) <= PART_SIZE:
                    frame = decode(body)
                else:
                    self.size = len(body)
                    frame = views(body)
            except _UNREADABLE as error:
                self._fault = _fault(body, error)
                if self._fault is None:
                    self.skipped += 1
                    if self.skipped <= SKIPPED_LIMIT:
                        continue
                    self._fault = ProtocolError("flood", f"more than {SKIPPED_LIMIT} frames of unknown kinds")
                raise self._fault from error
            del body
            yield frame

    def _size(self, buffer: bytes | bytearray, at: int) -> int:
        (size,) = _LENGTH.unpack_from(buffer, at)
        if size > self.limit:
            self._fault = ProtocolError("frame_too_large", f"{size} bytes, limit {self.limit}")
            raise self._fault
        assert isinstance(size, int)
        return size

    def _body_of_split(self) -> memoryview | None:
        """The same for a frame that is not in one piece."""
        split, buffer = self._split, self._buffer
        missing = HEAD - len(split)
        if missing > 0:
            split += buffer[self._at : self._at + missing]
            self._at = min(len(buffer), self._at + missing)
            if len(split) < HEAD:
                return None
        size = self._size(split, 0)
        missing = HEAD + size - len(split)
        end = self._at + missing
        if end - len(buffer) >= PLACED and size <= self.whole:
            place = self._place
            if place is None or len(place) < size or not _is_free(place):
                place = self._place = bytearray(size)
            self._used = True
            came = len(split) - HEAD
            place[:came] = memoryview(split)[HEAD:]
            self._placed, self._whole_size, self._came, self._split = place, size, came, bytearray()
            return self._body_in_place(place)
        split += memoryview(buffer)[self._at : end]
        self._at = min(len(buffer), end)
        if end > len(buffer):
            return None
        self._split = bytearray()
        return memoryview(split)[HEAD:]

    def _body_in_place(self, placed: bytearray) -> memoryview | None:
        """The same for one that has its memory."""
        came, at, size = self._came, self._at, self._whole_size
        end = min(came + len(self._buffer) - at, size)
        placed[came:end] = memoryview(self._buffer)[at : at + end - came]
        self._came, self._at = end, at + end - came
        if end < size:
            return None
        self._placed = None
        return memoryview(placed)[:size]

    def place(self) -> memoryview | None:
        """Where the rest of a body goes that has its memory: its reader says so by `came`. None: nowhere."""
        return None if self._placed is None else memoryview(self._placed)[self._came : self._whole_size]

    def came(self, size: int) -> bool:
        """`size` bytes were read there. True: the body is there, and comes with the next frames, `feed(b"")`."""
        self._came += size
        return self._came == self._whole_size

    def beat(self) -> None:
        """Ask every few seconds: memory that no large body has used since is let go of."""
        if not self._used and self._placed is None:
            self._place = None
        self._used = False

    @property
    def buffered(self) -> int:
        """Bytes that no frame was made of yet, and memory of the one that has it already."""
        placed = 0 if self._placed is None else self._whole_size
        return placed + len(self._split) + len(self._buffer) - self._at

    @property
    def begun(self) -> bytearray:
        """The frame that has come in part, as far as it came: the same object as long as it is the same frame."""
        return self._split if self._placed is None else self._placed

    def rest(self) -> bytes:
        """Give up the bytes that no frame was made of yet; the decoder is empty afterwards."""
        rest = bytes(self._split) + self._buffer[self._at :]
        self._buffer, self._at, self._split = b"", 0, bytearray()
        return rest


def _is_free(place: bytearray) -> bool:
    """Nobody has kept a view of it, as a message does that has a field of views."""
    try:
        place.append(place.pop())  # neither moves it; both are refused where there is a view
    except BufferError:
        return False
    return True
