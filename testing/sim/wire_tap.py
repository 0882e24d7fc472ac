"""An onlooker of a memory network: what streams carry, frame by frame, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from ...actors.base import ProtocolError
from ...transports.streams import MemoryStream, Parcel
from ...transports.wire import (
    FRAME_LIMIT,
    IN_ITEMS,
    MAGIC,
    NUMBER,
    ArrivedFrame,
    Ask,
    Cancel,
    ChannelInfo,
    Close,
    Compressed,
    Credit,
    Describe,
    DescriptionFrame,
    EndFrame,
    Error,
    FrameDecoder,
    GoAway,
    GrantFrame,
    HelloFrame,
    ItemsFrame,
    Open,
    Part,
    Ping,
    Pong,
    ProbeFrame,
    Reject,
    Reply,
    Tell,
    Update,
    Welcome,
    WindowFrame,
    ZeroCopyAsk,
    ZeroCopyCompressed,
    ZeroCopyItems,
    ZeroCopyPart,
    ZeroCopyReply,
    ZeroCopyTell,
)
from .faulty_link import FaultyLink

__all__ = ["WireTap"]

#: Bytes before the first frame: the magic, and two versions of two bytes each.
PREFACE_SIZE = len(MAGIC) + 4


class WireTap:
    """A `FaultyNetwork.tap` that calls `heard(node id of the sender, text)` for each frame and each dial."""

    def __init__(self, name_of: Callable[[str], str], heard: Callable[[str, str], None]) -> None:
        self._name_of = name_of
        self._heard = heard
        self._ears: WeakKeyDictionary[MemoryStream, _Ear] = WeakKeyDictionary()

    def __call__(self, link: FaultyLink, parcel: Parcel) -> None:
        """A parcel was sent."""
        stream = parcel.stream
        if stream is None:
            self._heard(link.source, f"→ {self._name_of(link.target)} dials, or refuses")
        elif parcel.size:
            ear, other = self._ear(stream), self._ear(stream.other)
            for text in ear.hear(parcel.data, other.channels):
                self._heard(link.source, f"→ {self._name_of(link.target)} {text}")

    def _ear(self, stream: MemoryStream) -> _Ear:
        found = self._ears.get(stream)
        if found is None:
            found = self._ears[stream] = _Ear()
        return found


class _Ear:
    """One direction of one stream."""

    def __init__(self) -> None:
        self._decoder = FrameDecoder(FRAME_LIMIT)
        self._preface = PREFACE_SIZE
        self._deaf = False
        #: What the sender has announced.
        self.channels: list[ChannelInfo] = []

    def hear(self, data: bytes, channels: list[ChannelInfo]) -> Iterator[str]:
        if self._preface:
            skipped = min(self._preface, len(data))
            self._preface -= skipped
            data = data[skipped:]
        if self._deaf or not data:
            return
        try:
            for frame in self._decoder.feed(data):
                if isinstance(frame, HelloFrame):
                    self.channels.extend(frame.hello.channels)
                elif isinstance(frame, Open):
                    self.channels.append(frame.channel)
                yield _words(frame, channels, self.channels)
        except ProtocolError as error:
            self._deaf = True
            yield f"what is no frame: {error.reason}"


def _words(frame: ArrivedFrame, theirs: list[ChannelInfo], own: list[ChannelInfo]) -> str:
    match frame:
        case HelloFrame(hello):
            return f"HELLO {hello.name} incarnation {hello.incarnation}"
        case Welcome():
            return "WELCOME"
        case Reject(reason, _):
            return f"REJECT {reason}"
        case Tell(channel, items) | ZeroCopyTell(channel, items):
            return f"TELL {_what(theirs, channel, ((kind, len(data)) for kind, _, data in items))}"
        case Ask(channel, items) | ZeroCopyAsk(channel, items):
            rids = f"#{items[0][0]}"
            kinds = ((kind & NUMBER if kind >= IN_ITEMS else kind, len(data)) for _, _, kind, _, data in items)
            return f"ASK {rids} {_what(theirs, channel, kinds)}"
        case Reply(channel, items) | ZeroCopyReply(channel, items):
            rids = f"#{items[0][0]}"
            return f"REPLY {rids} {_what(own, channel, ((kind, len(data)) for _, kind, data in items))}"
        case Error(rid, channel, sequence, code, _, count):
            tells = f"tell {sequence}{f' and {count - 1} more' if count > 1 else ''}"
            return f"ERROR {f'#{rid}' if rid else tells} on {_channel(own, channel)}: {code}"
        case Cancel(rid):
            return f"CANCEL #{rid}"
        case Credit(grants):
            return "CREDIT " + ", ".join(f"{_channel(own, at)} {count}/{size} B" for at, count, size in grants)
        case Ping(token):
            return f"PING {token}"
        case Pong(token):
            return f"PONG {token}"
        case Open(_, channel):
            return f"OPEN {channel.name}"
        case Close(index, reason):
            return f"CLOSE {_channel(own, index)}: {reason}"
        case Update(offers, _, refused):
            no = "".join(f"; refuses {bits} on {_channel(own, index)}" for index, bits in refused)
            return f"UPDATE {', '.join(offers) or 'nothing'}{no}"
        case GoAway(reason):
            return f"GOAWAY {reason}"
        case ProbeFrame(rid, channel, _, path):
            return f"PROBE of {f'#{rid}' if rid else 'credit'} on {_channel(theirs, channel)}, {len(path)} wait"
        case Describe(indexes):
            return f"DESCRIBE {', '.join(_channel(theirs, index) for index in indexes)}"
        case DescriptionFrame(index, data):
            return f"DESCRIPTION of {_channel(own, index)}, {len(data)} B"
        case WindowFrame(channel, messages, size):
            return f"WINDOW of {_channel(own, channel)}: {messages} messages, {size} B"
        case Compressed(lane, _, size, data) | ZeroCopyCompressed(lane, _, size, data):
            return f"COMPRESSED of lane {lane}, {len(data)} B for {size} B"
        case ItemsFrame(lane, rid, number, payloads) | ZeroCopyItems(lane, rid, number, payloads):
            lists = own if lane % 2 else theirs
            return f"ITEMS #{rid} {_what(lists, lane // 2, ((number, len(data)) for data in payloads))}"
        case EndFrame(lane, rid, count, code):
            return f"END #{rid} on lane {lane} after {count}{f': {code}' if code else ''}"
        case GrantFrame(lane, rid, items, size):
            return f"GRANT #{rid} on lane {lane}: {items} items, {size} B"
        case Part(lane, left, data) | ZeroCopyPart(lane, left, data):
            return f"PART of lane {lane}, {len(data)} B, {left} left"


def _channel(channels: list[ChannelInfo], index: int) -> str:
    return channels[index].name if index < len(channels) else f"channel {index}"


def _what(channels: list[ChannelInfo], index: int, items: Iterator[tuple[int, int]]) -> str:
    """`blocks: GetBlock 12 B ×3`."""
    counts: dict[str, tuple[int, int]] = {}
    types = channels[index].types if index < len(channels) else ()
    for kind, size in items:
        name = types[kind - 1] if 0 < kind <= len(types) else "value"
        count, total = counts.get(name, (0, 0))
        counts[name] = count + 1, total + size
    listed = ", ".join(f"{name} ×{count} {size} B" for name, (count, size) in counts.items())
    return f"{_channel(channels, index)}: {listed}"
