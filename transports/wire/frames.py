"""Frames: what travels on a connection, byte by byte (docs/wire.md), with no socket in sight."""

# Long, as the types of the frames and what reads and writes them are one format.

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from ...actors.base import ProtocolError
from ...actors.sends import MAX_PATH
from .hello import MAX_CHANNELS, ChannelInfo, Hello, Offers, Record, check_offers

__all__ = [
    "BATCH_LIMIT",
    "FRAME_LIMIT",
    "HANDSHAKE_FRAME_LIMIT",
    "PART_SIZE",
    "TEXT_LIMIT",
    "WIRE_DECODER",
    "WORD_LIMIT",
    "Ask",
    "Cancel",
    "Close",
    "Credit",
    "Error",
    "Frame",
    "FrameDecoder",
    "FrameEncoder",
    "GoAway",
    "HelloFrame",
    "Open",
    "Part",
    "Ping",
    "Pong",
    "ProbeFrame",
    "Reject",
    "Reply",
    "Tell",
    "Update",
    "ZeroCopyAsk",
    "ZeroCopyPart",
    "ZeroCopyReply",
    "ZeroCopyTell",
    "Welcome",
    "clip",
    "decode_body",
    "printable",
]

# Law 1: a frame is a MessagePack array of a kind and its fields; any MessagePack library writes and
#        reads it. Fields that a later version appends are skipped, not refused.
# Law 2: every bound stands in the type, so the C decoder checks it before a Python object exists.
# Law 3: nothing read from the network raises anything but ProtocolError.
# Law 4: a decoder that failed stays failed: after a bad frame nobody knows where the next one starts.

#: Bytes of a frame body before the peer is authenticated and accepted: a HELLO with 256 channels fits.
HANDSHAKE_FRAME_LIMIT = 64 * 1024
#: Bytes of a frame body after it: larger bodies travel in parts, so nobody needs more in one piece.
FRAME_LIMIT = 4 * 1024 * 1024
#: Bytes of one part: at 1 Gbit/s it holds the line for 0.13 ms, the most an urgent frame waits for it.
PART_SIZE = 16 * 1024
#: Bytes of UTF-8 in a text for people (REJECT, ERROR, GOAWAY): a reason, not a log file.
TEXT_LIMIT = 1024
#: Bytes of UTF-8 in a word for programs: a reason or a code.
WORD_LIMIT = 64
#: Actors in a PROBE: a longer circle of waits ends with its deadlines.
PATH_LIMIT = MAX_PATH
#: Messages in one TELL, ASK or REPLY, and channels in one CREDIT: four default windows.
BATCH_LIMIT = 4096

U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
#: MessagePack has no integer above 2**64 - 1, so the lower bound is all that is left to say.
U64 = Annotated[int, Meta(ge=0)]
RequestId = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Index = Annotated[int, Meta(ge=0, le=MAX_CHANNELS - 1)]
Lane = Annotated[int, Meta(ge=0, le=2 * MAX_CHANNELS - 1)]
Word = Annotated[str, Meta(max_length=WORD_LIMIT)]
Text = Annotated[str, Meta(max_length=TEXT_LIMIT)]
#: An actor's address in full: `bus://`, 64 digits, and a name of as many characters as a channel may have.
Place = Annotated[str, Meta(max_length=160)]
Batch = Meta(min_length=1, max_length=BATCH_LIMIT)


class HelloFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=0):
    """HELLO `[0, {map}]`: what a node says about itself, first frame on a connection."""

    hello: Hello


class Welcome(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """WELCOME `[1]`: the sender accepts the connection."""


class Reject(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    """REJECT `[2, reason, text]`: the sender does not, and closes."""

    reason: Word
    text: Text


class Tell(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    """TELL `[3, channel, [[type, source, payload], …]]`: messages for one channel of the receiver.

    `type` is the message's index in the channel's list + 1, or 0 for a plain value; `source` the index
    of the sending reactor in the sender's channels + 1, or 0 for none.
    """

    channel: Index
    items: Annotated[list[tuple[U32, U32, bytes]], Batch]


class Ask(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    """ASK `[4, channel, [[rid, budget, type, source, payload], …]]`: messages that want an answer.

    `rid` names the request on this connection and direction, never 0; `budget` is the time that was
    left when it was sent, in milliseconds.
    """

    channel: Index
    items: Annotated[list[tuple[RequestId, U32, U32, U32, bytes]], Batch]


class Reply(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=5):
    """REPLY `[5, channel, [[rid, type, payload], …]]`: answers; `channel` as in the ASK."""

    channel: Index
    items: Annotated[list[tuple[RequestId, U32, bytes]], Batch]


class Error(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=6):
    """ERROR `[6, rid, channel, sequence, code, text]`: a message failed at its receiver.

    For an ask `rid` names it and `sequence` is 0. For a tell `rid` is 0, and `sequence` counts the
    tells that the other side sent on that channel of this connection before the one that failed.
    """

    rid: U32
    channel: Index
    sequence: U64
    code: Word
    text: Text


class Cancel(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=7):
    """CANCEL `[7, rid]`: nobody waits for that answer any more."""

    rid: RequestId


class Credit(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=8):
    """CREDIT `[8, [[channel, messages, bytes], …]]`: room again on channels of the sender."""

    grants: Annotated[list[tuple[Index, U32, U32]], Batch]


class Ping(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=9):
    """PING `[9, token]`: answer at once."""

    token: U64


class Pong(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=10):
    """PONG `[10, token]`: the answer, with the token of the PING."""

    token: U64


class Open(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=11):
    """OPEN `[11, index, {channel map}]`: a channel more; `index` is the next free one of the sender."""

    index: Index
    channel: ChannelInfo


class Close(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=12):
    """CLOSE `[12, index, reason]`: the sender's channel is gone; its index is not used again."""

    index: Index
    reason: Word


class Update(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=13):
    """UPDATE `[13, [offer, …], record]`: what the sender offers from now on, in place of all it said before."""

    offers: Offers
    record: Record = b""

    def __post_init__(self) -> None:
        check_offers(self.offers)


class GoAway(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=14):
    """GOAWAY `[14, reason, text, within]`: the sender takes no new work on this connection and will close it.

    `within`: milliseconds that it may still use it; 0 where it does not say.
    """

    reason: Word
    text: Text
    within: U32 = 0


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=15):
    """PART `[15, lane, left, data]`: a piece of a body too large to travel at once (see parts.py)."""

    lane: Lane
    left: U32
    data: Annotated[bytes, Meta(min_length=1, max_length=PART_SIZE)]


class ProbeFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=16):
    """PROBE `[16, rid, channel, token, [address, …]]`: do the sends of these actors wait for each other?

    The last one waits for the receiver's channel: for the answer to ask `rid`, or with `rid` 0 for credit. Whoever
    waits there for another reactor sends the probe on to it; the first one knows it by `token` when it comes round.
    """

    rid: U32
    channel: Index
    token: U64
    path: Annotated[list[Place], Meta(min_length=1, max_length=PATH_LIMIT)]


_Short: TypeAlias = (
    HelloFrame | Welcome | Reject | Error | Cancel | Credit | Ping | Pong | Open | Close | Update | GoAway | ProbeFrame
)
Frame: TypeAlias = _Short | Tell | Ask | Reply | Part
LAST_KIND = 16


# As the same frames are read where they are large: payloads are views of the bytes that came, not copies.


class ZeroCopyTell(Tell, frozen=True, array_like=True, gc=False, tag=3):
    """A TELL whose payloads are views."""

    items: Annotated[list[tuple[U32, U32, memoryview]], Batch]  # type: ignore[assignment]  # read as bytes are


class ZeroCopyAsk(Ask, frozen=True, array_like=True, gc=False, tag=4):
    """An ASK whose payloads are views."""

    items: Annotated[list[tuple[RequestId, U32, U32, U32, memoryview]], Batch]  # type: ignore[assignment]  # as above


class ZeroCopyReply(Reply, frozen=True, array_like=True, gc=False, tag=5):
    """A REPLY whose payloads are views."""

    items: Annotated[list[tuple[RequestId, U32, memoryview]], Batch]  # type: ignore[assignment]  # as above


class ZeroCopyPart(Part, frozen=True, array_like=True, gc=False, tag=15):
    """A PART whose data is a view."""

    data: Annotated[memoryview, Meta(min_length=1, max_length=PART_SIZE)]  # type: ignore[assignment]  # as above


class _Kind(msgspec.Struct, array_like=True):
    kind: int


#: Reads one frame body. Shared by all connections: it holds no state.
WIRE_DECODER: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
#: The same for a body whose payloads are worth more than the views of them.
_VIEWS: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(
    _Short | ZeroCopyTell | ZeroCopyAsk | ZeroCopyReply | ZeroCopyPart
)
_LENGTH = struct.Struct(">I")
#: Bytes of a frame's length.
HEAD = 4
#: Bytes from which on a body is decoded where it lies: a view costs more than copying less (measured: 100 ns, 2 KiB).
VIEWED = 2048
#: Bad UTF-8 is a ValueError, deep nesting a RecursionError; msgspec's own are ValueErrors since 0.21 only.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_KIND_DECODER = msgspec.msgpack.Decoder(_Kind)


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut a text for people to `limit` bytes of UTF-8; what UTF-8 cannot hold becomes `?`."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


def decode_body(body: bytes | bytearray) -> Frame:
    """Read one frame body.

    Raises:
        ProtocolError: `bad_frame` (no such MessagePack array), `unknown_kind`, or `bad_field` (a
            field is missing, of another type or out of bounds; the text names its place).
    """
    try:
        return _decode(body)
    except _UNREADABLE as error:
        raise _fault(body, error) from error


def _decode(body: bytes | bytearray | memoryview) -> Frame:
    return WIRE_DECODER.decode(body) if len(body) <= PART_SIZE else _VIEWS.decode(body)


def _fault(body: bytes | bytearray | memoryview, error: Exception) -> ProtocolError:
    """Say what is wrong with a body that did not decode."""
    if not isinstance(error, msgspec.ValidationError):
        return ProtocolError("bad_frame", clip(str(error)))
    try:
        kind = _KIND_DECODER.decode(body).kind
    except _UNREADABLE:
        return ProtocolError("bad_frame", clip(str(error)))
    if not 0 <= kind <= LAST_KIND:
        return ProtocolError("unknown_kind", f"kind {kind}")
    return ProtocolError("bad_field", clip(f"kind {kind}: {error}"))


def printable(text: str) -> str:
    """A peer's words for logs and terminals: what is not printable, ends of lines too, becomes an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class FrameEncoder:
    """Turns frames into bytes. Keeps one encoder, so keep one of these per connection."""

    __slots__ = ("_encode",)

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode

    def body(self, frame: Frame) -> bytes:
        """The body of a frame, without its length: what `Cutter` takes."""
        return self._encode(frame)

    def encode(self, frame: Frame) -> bytes:
        """A whole frame: its length as u32 big-endian, then its body."""
        # Not encode_into a kept buffer: 410 ns against 180 for a TELL of one message of 100 bytes.
        body = self._encode(frame)
        return len(body).to_bytes(4, "big") + body

    def head_of(self, frame: Tell | Ask | Reply) -> bytes:
        """What stands in the body of a frame of one large message before its payload, which comes last.

        So the payload is not copied once more. Raises:
            ValueError: the frame has more than one, or the payload no more than `PART_SIZE` bytes.
        """
        *fields, payload = frame.items[0]
        size = len(payload)
        if len(frame.items) > 1 or size <= PART_SIZE:
            raise ValueError(f"{len(frame.items)} messages, the first of {size} bytes, are not one large message")
        # As the encoder writes it around an empty payload: only the head of the `bin` differs.
        head = self._encode((frame.__struct_config__.tag, frame.channel, [(*fields, b"")]))[:-2]
        return head + (b"\xc5" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xc6" + size.to_bytes(4, "big"))

    def encode_part(self, lane: int, left: int, data: memoryview) -> tuple[bytes, memoryview]:
        """A PART frame as header and data, so that the data is not copied into one more buffer.

        Raises:
            ValueError: `data` is empty or longer than `PART_SIZE` bytes.
        """
        size = len(data)
        if not 0 < size <= PART_SIZE:
            raise ValueError(f"a part holds 1 to {PART_SIZE} bytes, not {size}")
        fields = self._encode((15, lane, left))
        # array of 3 -> array of 4, then the head of a `bin` with one or two bytes of length.
        head = b"\x94" + fields[1:] + (bytes((0xC4, size)) if size < 256 else b"\xc5" + size.to_bytes(2, "big"))
        return (len(head) + size).to_bytes(4, "big") + head, data


class FrameDecoder:
    """Turns bytes into frames. Holds at most one incomplete frame and the last piece of input.

    `limit` is the largest body accepted, in bytes; it may be changed between frames.
    """

    __slots__ = ("_at", "_buffer", "_fault", "_split", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: The last piece of input, of which what stands before `_at` was read.
        self._buffer = b""
        self._at = 0
        #: The frame that began in an earlier piece, as far as it came; only it is copied, not what follows it.
        self._split = bytearray()
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
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

    def _frames(self) -> Iterator[Frame]:
        if self._fault is not None:
            raise self._fault
        decode = WIRE_DECODER.decode
        while True:
            # The state is read again after each yield: whoever took the frame may have fed more.
            buffer, at = self._buffer, self._at
            start = at + HEAD
            if at == len(buffer) and not self._split:
                return
            if self._split or start > len(buffer):
                body: bytes | memoryview | None = self._body_of_split()
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
                frame = decode(body) if len(body) <= PART_SIZE else _VIEWS.decode(body)
            except _UNREADABLE as error:
                self._fault = _fault(body, error)
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
        missing = HEAD + self._size(split, 0) - len(split)
        end = self._at + missing
        split += memoryview(buffer)[self._at : end]
        self._at = min(len(buffer), end)
        if end > len(buffer):
            return None
        self._split = bytearray()
        return memoryview(split)[HEAD:]

    @property
    def buffered(self) -> int:
        """Bytes that no frame was made of yet."""
        return len(self._split) + len(self._buffer) - self._at

    def rest(self) -> bytes:
        """Give up the bytes that no frame was made of yet; the decoder is empty afterwards."""
        rest = bytes(self._split) + self._buffer[self._at :]
        self._buffer, self._at, self._split = b"", 0, bytearray()
        return rest
