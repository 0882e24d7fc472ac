"""What is said before either side knows what the other one understands, read within the bounds of this version.

Law 1: a later version may allow more in HELLO than this one: more channels, roles, words, larger numbers. It cannot
       know whom it talks to yet, so that is no fault: what is above a bound is cut or left out, and the rest counts.
Law 2: what is left out moves nothing: a channel that cannot be used keeps its number.
Law 3: what is missing, of another type, or below a bound is a fault, as is more than `HANDSHAKE_FRAME_LIMIT` bytes: no
       version says that.
Law 4: behind both HELLOs each side knows the other's version and features, and keeps within these: frames are read
       strictly there (`WIRE_DECODER`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from ...actors.base import printable
from ...actors.messages import DEFAULT_MAX_ELEMENTS, HARD_MAX_ELEMENTS, Capability
from .frame_decoder import WIRE_DECODER, FrameDecoders
from .frames import REFERRED, ArrivedFrame, GoAway, HelloFrame, Reject
from .hello import (
    FEATURES,
    LATEST,
    MAX_CHANNELS,
    MAX_ENDPOINTS,
    MAX_FEATURES,
    MAX_NAME,
    MAX_OFFERS,
    MAX_TEXT,
    MAX_TYPE_NAME,
    MAX_TYPES,
    MESSAGE_LIMIT,
    RECORD_LIMIT,
    SCHEMA_SIZE,
    U32,
    WORD_PATTERN,
    Bytes16,
    ChannelInfo,
    Hello,
    NodeId,
)
from .texts import WORD_LIMIT, clip

__all__ = ["GreetingReader"]

_Some = Annotated[str, Meta(min_length=1)]
_Positive = Annotated[int, Meta(ge=1)]
_Natural = Annotated[int, Meta(ge=0)]
_Bytes: TypeAlias = bytes  # within a class that has a field of that name
_WORD = re.compile(WORD_PATTERN)


class _SaidChannel(msgspec.Struct, kw_only=True, gc=False):
    """A channel's map, of whatever size."""

    name: _Some
    types: tuple[str, ...]
    schema: _Bytes
    messages: _Positive
    bytes: _Positive
    max_message: _Positive
    priority: _Positive
    max_elements: _Positive = DEFAULT_MAX_ELEMENTS
    compress: str = ""
    refused: _Natural = 0


class _SaidHello(msgspec.Struct, kw_only=True):
    """The map of HELLO, of whatever size."""

    node_id: NodeId
    network: _Some
    name: _Some
    incarnation: _Natural
    listen: tuple[str, ...]
    offers: tuple[str, ...]
    channels: tuple[_SaidChannel, ...]
    agent: str
    nonce: Bytes16
    record: bytes = b""
    features: tuple[str, ...] = ()
    clock: _Natural = 0


class _HelloAsSaid(msgspec.Struct, array_like=True, tag=0):
    hello: _SaidHello


class _RejectAsSaid(msgspec.Struct, array_like=True, tag=2):
    reason: str
    text: str
    records: tuple[bytes, ...] = ()


class _GoAwayAsSaid(msgspec.Struct, array_like=True, tag=14):
    reason: str
    text: str
    within: _Natural = 0


_AS_SAID = msgspec.msgpack.Decoder(_HelloAsSaid | _RejectAsSaid | _GoAwayAsSaid)


class GreetingReader:
    """Reads the frames of one handshake. `left_out`: which fields of HELLO were not taken whole, for the log."""

    __slots__ = ("left_out",)

    def __init__(self) -> None:
        self.left_out: tuple[str, ...] = ()

    @property
    def decoders(self) -> FrameDecoders:
        """To be given to a `FrameDecoder`."""
        return FrameDecoders(self.read, self.read)

    def read(self, body: bytes | bytearray | memoryview) -> ArrivedFrame:
        """Read one body. Raises what `WIRE_DECODER` raises, of what no version says."""
        try:
            return WIRE_DECODER.decode(body)
        except msgspec.ValidationError:
            try:
                said = _AS_SAID.decode(body)
            except msgspec.ValidationError:
                said = None
            if said is None:
                raise
        if isinstance(said, _HelloAsSaid):
            hello = _within(said.hello)
            self.left_out = _differing(said.hello, hello)
            return HelloFrame(hello)
        reason, text = clip(said.reason, WORD_LIMIT), clip(said.text)
        if isinstance(said, _GoAwayAsSaid):
            return GoAway(reason, text, min(said.within, U32))
        return Reject(reason, text, tuple(each for each in said.records if len(each) <= RECORD_LIMIT)[:REFERRED])


def _within(said: _SaidHello) -> Hello:
    """That HELLO, as this version may say it; but for `network`, which is compared whole."""
    known = [word for word in said.features if word in FEATURES]
    words = dict.fromkeys(word for word in (*known, *said.features) if word and _WORD.fullmatch(word))
    return Hello(
        node_id=said.node_id,
        network=printable(said.network),
        name=printable(said.name)[:MAX_NAME],
        incarnation=said.incarnation,
        listen=tuple(each for each in said.listen if _is_text(each, MAX_TEXT))[:MAX_ENDPOINTS],
        offers=_offers(said.offers),
        channels=_channels(said.channels[:MAX_CHANNELS]),
        agent=printable(said.agent)[:MAX_NAME],
        nonce=said.nonce,
        record=said.record if len(said.record) <= RECORD_LIMIT else b"",
        features=tuple(words)[:MAX_FEATURES],
        clock=said.clock if said.clock <= LATEST else 0,
    )


def _differing(said: _SaidHello, hello: Hello) -> tuple[str, ...]:
    """Names of the fields that are not as they were said."""
    taken, given = (msgspec.structs.asdict(each) for each in (hello, said))
    for each in (taken, given):
        each["channels"] = [msgspec.structs.astuple(channel) for channel in each["channels"]]
    return tuple(name for name in given if taken[name] != given[name])


def _is_text(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isprintable()


def _offers(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that this version can read, of each role the first."""
    found: dict[str, str] = {}
    for text in texts:
        if len(found) == MAX_OFFERS:
            break
        try:
            role = Capability.parse(text).role
        except ValueError:
            continue
        found.setdefault(role, text)
    return tuple(found.values())


def _channels(said: Iterable[_SaidChannel]) -> tuple[ChannelInfo, ...]:
    """Each at its place."""
    found: dict[str, ChannelInfo] = {}
    for index, each in enumerate(said):
        info = _channel(each, found) or _nameless(index)
        found[info.name] = info
    return tuple(found.values())


def _channel(said: _SaidChannel, before: Container[str]) -> ChannelInfo | None:
    """As it can be used; None of one that cannot be: its name is none here, or stands for another one."""
    if not _is_text(said.name, MAX_NAME) or said.name.startswith("[") or said.name in before:
        return None
    if len(said.schema) != SCHEMA_SIZE:
        return None
    types: dict[str, None] = {}
    for name in said.types[:MAX_TYPES]:
        if not _is_text(name, MAX_TYPE_NAME) or name in types:
            break  # the numbers of those behind it would be others
        types[name] = None
    return ChannelInfo(
        name=said.name,
        types=tuple(types),
        schema=said.schema,
        messages=min(said.messages, U32),
        bytes=min(said.bytes, U32),
        max_message=min(said.max_message, MESSAGE_LIMIT),
        priority=min(said.priority, 255),
        max_elements=min(said.max_elements, HARD_MAX_ELEMENTS),
        compress=said.compress if _WORD.fullmatch(said.compress) else "",
        refused=said.refused & 255,
    )


def _nameless(index: int) -> ChannelInfo:
    """Stands where a channel is that cannot be used: no reactor has such a name, so nothing is sent there."""
    return ChannelInfo(
        name=f"[{index}]", types=(), schema=bytes(SCHEMA_SIZE), messages=1, bytes=1, max_message=1, priority=1
    )
