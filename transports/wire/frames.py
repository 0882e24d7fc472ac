"""Frames: what travels on a connection, byte by byte (docs/wire.md), with no socket in sight."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from ...actors.sends import MAX_PATH
from ..schema import DESCRIPTION_LIMIT
from .hello import MAX_CHANNELS, MESSAGE_LIMIT, RECORD_LIMIT, ChannelInfo, Hello, Offers, Record, Refused, check_offers
from .texts import TEXT_LIMIT, WORD_LIMIT

__all__ = [
    "BATCH_LIMIT",
    "DESCRIBE_LIMIT",
    "FRAME_LIMIT",
    "HANDSHAKE_FRAME_LIMIT",
    "PART_SIZE",
    "REFERRED",
    "ArrivedFrame",
    "Ask",
    "Cancel",
    "Close",
    "Compressed",
    "Credit",
    "Describe",
    "DescriptionFrame",
    "EndFrame",
    "Error",
    "Frame",
    "FrameKind",
    "LAST_KIND",
    "SKIPPED_KINDS",
    "GoAway",
    "GrantFrame",
    "HelloFrame",
    "ItemsFrame",
    "Open",
    "Part",
    "Ping",
    "Pong",
    "ProbeFrame",
    "Reject",
    "Reply",
    "Tell",
    "Update",
    "ViewedFrame",
    "ZeroCopyAsk",
    "ZeroCopyCompressed",
    "ZeroCopyItems",
    "ZeroCopyPart",
    "ZeroCopyReply",
    "ZeroCopyTell",
    "Welcome",
    "WindowFrame",
]

# Law 1: a frame is a MessagePack array of a kind and its fields; any MessagePack library writes and
#        reads it. Fields that a later version appends are skipped, not refused.
# Law 2: every bound stands in the type, so the C decoder checks it before a Python object exists.

#: Bytes of a frame body before the peer is authenticated and accepted: a HELLO with 256 channels fits.
HANDSHAKE_FRAME_LIMIT = 64 * 1024
#: Bytes of a frame body after it: larger bodies travel in parts, so nobody needs more in one piece.
FRAME_LIMIT = 4 * 1024 * 1024
#: Bytes of one part: at 1 Gbit/s it holds the line for 0.13 ms, the most an urgent frame waits for it.
PART_SIZE = 16 * 1024
#: Actors in a PROBE: a longer circle of waits ends with its deadlines.
PATH_LIMIT = MAX_PATH
#: Messages in one TELL, ASK or REPLY, and channels in one CREDIT: four default windows.
BATCH_LIMIT = 4096
#: Channels that are asked for at a time, and not answered: what answers them may wait to be written.
DESCRIBE_LIMIT = 16
#: Records of other nodes in one REJECT: enough to find somebody who has room, and half of what HELLO may be.
REFERRED = 8

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
    """REJECT `[2, reason, text, [record, …]]`: the sender does not, closes, and may name other nodes."""

    reason: Word
    text: Text
    records: Annotated[tuple[Annotated[bytes, Meta(max_length=RECORD_LIMIT)], ...], Meta(max_length=REFERRED)] = ()


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
    """ERROR `[6, rid, channel, sequence, code, text, count]`: a message failed at its receiver.

    For an ask `rid` names it and `sequence` is 0. For a tell `rid` is 0, and `sequence` counts the
    tells that the other side sent on that channel of this connection before the one that failed;
    `count` follow each other from there, all of which failed so: to a peer only that says the feature `refusals`.
    """

    rid: U32
    channel: Index
    sequence: U64
    code: Word
    text: Text
    count: Annotated[int, Meta(ge=1, le=2**32 - 1)] = 1


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
    """UPDATE `[13, [offer, …], record, [[channel, refused], …]]`: what the sender offers, and what it refuses.

    It is what the reader may not do, and all of it is so from now on, in place of what was said before: on channels of
    the sender that are not named nothing is refused.
    """

    offers: Offers
    record: Record = b""
    refused: Annotated[tuple[tuple[Index, Refused], ...], Meta(max_length=MAX_CHANNELS)] = ()

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


class Describe(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=17):
    """DESCRIBE `[17, [index, …]]`: what do these channels of the receiver declare?"""

    indexes: Annotated[list[Index], Meta(min_length=1, max_length=DESCRIBE_LIMIT)]


class DescriptionFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=18):
    """DESCRIPTION `[18, index, description]`: what a channel of the sender declares; empty where it does not say."""

    index: Index
    description: Annotated[bytes, Meta(max_length=DESCRIPTION_LIMIT)]


class WindowFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=19):
    """WINDOW `[19, channel, messages, bytes]`: a window on a channel of the sender is so large from now on.

    To a peer only that says the feature `windows`.
    """

    channel: Index
    messages: Annotated[int, Meta(ge=1, le=2**32 - 1)]
    bytes: Annotated[int, Meta(ge=1, le=2**32 - 1)]


class Compressed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=20):
    """COMPRESSED `[20, lane, fresh, size, data, padding]`: the body of a TELL, ASK or REPLY of that lane, made smaller.

    `fresh` is 1 with the first piece of a context and 0 with those that follow; `size` what it is without compression,
    0 where the sender only says that it reads such frames; `padding` makes up for a `data` that is too small.
    """

    lane: Lane
    fresh: Annotated[int, Meta(ge=0, le=1)]
    size: Annotated[int, Meta(ge=0, le=MESSAGE_LIMIT + 64)]
    data: bytes
    padding: bytes = b""


class ItemsFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=21):
    """ITEMS `[21, lane, rid, type, [payload, …]]`: items of one stream, all of one type, in their order.

    On a lane of answers they are those of the answer to ask `rid` of the receiver; on a lane of messages they go with
    ask `rid` of the sender.
    """

    lane: Lane
    rid: RequestId
    number: U32
    payloads: Annotated[list[bytes], Batch]


class EndFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=22):
    """END `[22, lane, rid, count, code, text]`: that was all, `count` items; an empty `code` says that all is well."""

    lane: Lane
    rid: RequestId
    count: U64
    code: Word = ""
    text: Text = ""


class GrantFrame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=23):
    """GRANT `[23, lane, rid, items, bytes]`: `items` and `bytes` more may come of the stream on that lane."""

    lane: Lane
    rid: RequestId
    items: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    bytes: Annotated[int, Meta(ge=0, le=2**31 - 1)]


ShortFrame: TypeAlias = (
    HelloFrame
    | Welcome
    | Reject
    | Error
    | Cancel
    | Credit
    | Ping
    | Pong
    | Open
    | Close
    | Update
    | GoAway
    | ProbeFrame
    | Describe
    | DescriptionFrame
    | WindowFrame
    | EndFrame
    | GrantFrame
)
#: A frame as one writes it, and as it is read where it is small: its payloads are bytes of their own.
Frame: TypeAlias = ShortFrame | Tell | Ask | Reply | Part | Compressed | ItemsFrame
LAST_KIND = 23
#: Kinds that a reader leaves out where it does not know them: later versions may send some of them unasked.
SKIPPED_KINDS = range(128, 256)


# As the same frames are read where they are large: payloads are views of the bytes that came, not copies.


class ZeroCopyTell(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    """A TELL whose payloads are views."""

    channel: Index
    items: Annotated[list[tuple[U32, U32, memoryview]], Batch]


class ZeroCopyAsk(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    """An ASK whose payloads are views."""

    channel: Index
    items: Annotated[list[tuple[RequestId, U32, U32, U32, memoryview]], Batch]


class ZeroCopyReply(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=5):
    """A REPLY whose payloads are views."""

    channel: Index
    items: Annotated[list[tuple[RequestId, U32, memoryview]], Batch]


class ZeroCopyPart(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=15):
    """A PART whose data is a view."""

    lane: Lane
    left: U32
    data: Annotated[memoryview, Meta(min_length=1, max_length=PART_SIZE)]


class ZeroCopyCompressed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=20):
    """A COMPRESSED whose data is a view."""

    lane: Lane
    fresh: Annotated[int, Meta(ge=0, le=1)]
    size: Annotated[int, Meta(ge=0, le=MESSAGE_LIMIT + 64)]
    data: memoryview
    padding: memoryview = memoryview(b"")


class ZeroCopyItems(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=21):
    """An ITEMS whose payloads are views."""

    lane: Lane
    rid: RequestId
    number: U32
    payloads: Annotated[list[memoryview], Batch]


ViewedFrame: TypeAlias = (
    ShortFrame | ZeroCopyTell | ZeroCopyAsk | ZeroCopyReply | ZeroCopyPart | ZeroCopyCompressed | ZeroCopyItems
)
#: A frame as it has come.
ArrivedFrame: TypeAlias = Frame | ViewedFrame


class FrameKind(msgspec.Struct, array_like=True):
    """What any frame begins with, to be said of one that is wrong."""

    kind: int
