"""A frame of many messages as several, so that one message is all that a turn of the loop may be over by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Raw
from msgspec.structs import replace

from .frames import PART_SIZE, ZeroCopyAsk, ZeroCopyItems, ZeroCopyReply, ZeroCopyTell
from .parts import BATCH_BODY, BODY_OVERHEAD
from .traces import TRACES_LIMIT, ZeroCopyTracedAsk, ZeroCopyTracedTell, encode_traces, read_traces

__all__ = ["BATCHES", "UNDIVIDED", "Batch", "in_pieces", "is_single"]

#: Bytes of a body whose messages are taken at once: no sender here puts more of them together.
UNDIVIDED: Final = BATCH_BODY + BODY_OVERHEAD
#: Frames of any number of messages, as they are read where they are large.
Batch: TypeAlias = ZeroCopyTell | ZeroCopyAsk | ZeroCopyReply | ZeroCopyItems
#: Their classes.
BATCHES: Final[tuple[type, ...]] = (
    ZeroCopyTell,
    ZeroCopyAsk,
    ZeroCopyReply,
    ZeroCopyItems,
    ZeroCopyTracedTell,
    ZeroCopyTracedAsk,
)


def is_single(frame: Batch) -> bool:
    """It has one message, or one item."""
    return len(frame.payloads if isinstance(frame, ZeroCopyItems) else frame.items) == 1


def in_pieces(frame: Batch, most: int = PART_SIZE) -> Iterator[Batch]:
    """The same messages, in their order, in frames of at most `most` bytes of payload, or of one message."""
    traces = read_traces(frame.traces) if isinstance(frame, ZeroCopyTracedTell | ZeroCopyTracedAsk) else {}
    start = size = 0
    sizes = _sizes(frame)
    for place, length in enumerate(sizes):
        size += length
        if size > most and place > start:
            yield _piece(frame, start, place, traces)
            start, size = place, length
    yield _piece(frame, start, len(sizes), traces)


def _sizes(frame: Batch) -> list[int]:
    """Bytes of payload of each message."""
    match frame:
        case ZeroCopyTell():
            return [len(payload) for _, _, payload in frame.items]
        case ZeroCopyAsk():
            return [len(payload) for _, _, _, _, payload in frame.items]
        case ZeroCopyReply():
            return [len(payload) for _, _, payload in frame.items]
        case ZeroCopyItems():
            return [len(payload) for payload in frame.payloads]


def _piece(frame: Batch, start: int, end: int, traces: Mapping[int, tuple[str, str]]) -> Batch:
    if isinstance(frame, ZeroCopyItems):
        return replace(frame, payloads=frame.payloads[start:end])
    items = frame.items[start:end]
    if not isinstance(frame, ZeroCopyTracedTell | ZeroCopyTracedAsk):
        return replace(frame, items=items)
    mine = {place - start: trace for place, trace in traces.items() if start <= place < end}
    return replace(frame, items=items, traces=encode_traces(mine, TRACES_LIMIT) or Raw(b""))
