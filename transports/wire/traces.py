"""Traces on the wire: what stands behind the messages of a TELL or ASK, by their places, for whoever traces.

Law 1: it is a trailing field, which a reader that knows nothing of it skips. Frames without traces have none.
Law 2: what a peer writes there is not to be trusted. Where it is not of this form it is no fault of the connection, as
       others would not have looked: it is left out.
Law 3: traces make no frame larger than its lane carries. They are left out before a message is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from .frame_decoder import FrameDecoders
from .frames import (
    BATCH_LIMIT,
    Ask,
    Compressed,
    ItemsFrame,
    Part,
    Reply,
    ShortFrame,
    Tell,
    ZeroCopyAsk,
    ZeroCopyCompressed,
    ZeroCopyItems,
    ZeroCopyPart,
    ZeroCopyReply,
    ZeroCopyTell,
)

__all__ = [
    "TRACES_LIMIT",
    "TRACESTATE_LIMIT",
    "TRACED_DECODERS",
    "TracedAsk",
    "TracedTell",
    "ZeroCopyTracedAsk",
    "ZeroCopyTracedTell",
    "encode_traces",
    "read_traces",
]

#: Bytes of a `tracestate` (W3C Trace Context, 3.3.1.5, wants 512 carried at least).
TRACESTATE_LIMIT = 512
#: Bytes of all traces of a frame that are read.
TRACES_LIMIT = 64 * 1024

#: By the place of the message: `[traceparent, tracestate]`.
_Traces = Annotated[
    dict[
        Annotated[int, Meta(ge=0, lt=BATCH_LIMIT)],
        tuple[
            Annotated[str, Meta(min_length=55, max_length=55)],
            Annotated[str, Meta(max_length=TRACESTATE_LIMIT)],
        ],
    ],
    Meta(max_length=BATCH_LIMIT),
]
_DECODER: msgspec.msgpack.Decoder[dict[int, tuple[str, str]]] = msgspec.msgpack.Decoder(_Traces)
_encode = msgspec.msgpack.Encoder().encode

#: As it stands in a frame without traces.
_NONE = msgspec.Raw(b"")


class TracedTell(Tell, frozen=True, array_like=True, gc=False, tag=3):
    """TELL `[3, channel, [[type, source, payload], …], {place: [traceparent, tracestate], …}]`."""

    traces: msgspec.Raw = _NONE


class TracedAsk(Ask, frozen=True, array_like=True, gc=False, tag=4):
    """ASK `[4, channel, [[rid, budget, type, source, payload], …], {place: [traceparent, tracestate], …}]`."""

    traces: msgspec.Raw = _NONE


class ZeroCopyTracedTell(ZeroCopyTell, frozen=True, array_like=True, gc=False, tag=3):
    """The same TELL, with payloads that are views."""

    traces: msgspec.Raw = _NONE


class ZeroCopyTracedAsk(ZeroCopyAsk, frozen=True, array_like=True, gc=False, tag=4):
    """The same ASK, with payloads that are views."""

    traces: msgspec.Raw = _NONE


#: Read frames with their traces.
TRACED_DECODERS: FrameDecoders = FrameDecoders(
    msgspec.msgpack.Decoder(ShortFrame | TracedTell | TracedAsk | Reply | Part | Compressed | ItemsFrame).decode,
    msgspec.msgpack.Decoder(
        ShortFrame
        | ZeroCopyTracedTell
        | ZeroCopyTracedAsk
        | ZeroCopyReply
        | ZeroCopyPart
        | ZeroCopyCompressed
        | ZeroCopyItems
    ).decode,
)


def encode_traces(traces: Mapping[int, tuple[str, str]], room: int) -> msgspec.Raw | None:
    """As many of them, the first ones, as `room` bytes hold; None where that is none."""
    room = min(room, TRACES_LIMIT) - HEAD
    fit: dict[int, tuple[str, str]] = {}
    for place, trace in traces.items():
        room -= len(trace[0]) + len(trace[1].encode()) + ENTRY
        if room < 0:
            break
        fit[place] = trace
    return msgspec.Raw(_encode(fit)) if fit else None


#: Bytes of the head of a map, and what stands around the two texts of an entry, at most.
HEAD, ENTRY = 5, 9


def read_traces(field: msgspec.Raw) -> dict[int, tuple[str, str]]:
    """What stands in the field of a frame that came; empty where it is not of this form. Never raises."""
    if not 0 < len(memoryview(field)) <= TRACES_LIMIT:
        return {}
    try:
        return _DECODER.decode(field)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
