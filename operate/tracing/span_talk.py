"""What a worker tells its node of a span, as bytes: that it begins, and how it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ...transports.wire import MOST_SPANS, TRACESTATE_LIMIT

__all__ = ["LinkWord", "SpanBegins", "SpanEnds", "plain_attributes", "read_word", "word_of"]

#: Characters of a text, attributes of a span or an event, and events of a span: of more the rest is left out.
MOST_TEXT: Final = 4096
MOST_ATTRIBUTES: Final = 128
MOST_EVENTS: Final = 64

Text = Annotated[str, Meta(max_length=MOST_TEXT)]
Id = Annotated[int, Meta(ge=0)]
TraceId = Annotated[bytes, Meta(min_length=16, max_length=16)]
Value = bool | int | float | Text | list[bool | int | float | Text]
Attributes = dict[Text, Value]
#: The trace and the span that a span is linked to, and what is said of that.
LinkWord = tuple[TraceId, Id, Attributes]


class SpanBegins(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A span begins at `since`, nanoseconds since 1970. `parent` 0: it begins a trace; `scope`: of which library."""

    trace: TraceId
    span: Id
    parent: Id
    state: Annotated[str, Meta(max_length=TRACESTATE_LIMIT)]
    name: Text
    kind: Annotated[int, Meta(ge=0, le=4)]
    attributes: Attributes
    since: int
    scope: Text
    version: Text
    links: list[LinkWord] = []


class SpanEnds(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """It has ended at `until`; what has been said of it meanwhile. `name`: empty where it has kept it."""

    span: Id
    until: int
    name: Text = ""
    attributes: Attributes = {}
    events: list[tuple[Text, int, Attributes]] = []
    status: Annotated[int, Meta(ge=0, le=2)] = 0
    text: Text = ""
    links: list[LinkWord] = []


_encode = msgspec.msgpack.Encoder().encode
_DECODER: msgspec.msgpack.Decoder[SpanBegins | SpanEnds] = msgspec.msgpack.Decoder(SpanBegins | SpanEnds)


def word_of(said: SpanBegins | SpanEnds) -> bytes:
    """As it travels; without what is said of the span where that is more than may."""
    data = _encode(said)
    if len(data) <= MOST_SPANS:
        return data
    if isinstance(said, SpanBegins):
        return _encode(msgspec.structs.replace(said, attributes={}, links=[]))
    return _encode(msgspec.structs.replace(said, attributes={}, events=[], links=[]))


def read_word(data: bytes) -> SpanBegins | SpanEnds | None:
    """What it says; None where it is of another form. Raises nothing."""
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def plain_attributes(given: Mapping[str, object] | None) -> Attributes:
    """What somebody says of a span, as far as it travels."""
    found: Attributes = {}
    for key, value in (given or {}).items():
        if len(found) == MOST_ATTRIBUTES:
            break
        plain = _plain(value)
        if plain is not None:
            found[str(key)[:MOST_TEXT]] = plain
    return found


def _plain(value: object) -> Value | None:
    if isinstance(value, str):
        return value[:MOST_TEXT]
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 64 else str(value)[:MOST_TEXT]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items = [each if isinstance(each, bool | int | float) else str(each)[:MOST_TEXT] for each in value]
        return items[:MOST_ATTRIBUTES]
    return None if value is None else str(value)[:MOST_TEXT]
