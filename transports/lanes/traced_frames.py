"""Frames of messages, some of which are traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...actors.mailbox import MessageTrace
from ..wire import BODY_OVERHEAD, Ask, Tell, TracedAsk, TracedTell, body_limit, encode_traces
from .batch import ITEM_OVERHEAD, Outgoing, TracedOutgoing
from .item import Item

__all__ = ["TRACED", "traced_ask", "traced_tell"]

#: What has something behind its messages.
TRACED = (TracedTell, TracedAsk)


def traced_tell(channel: int, items: Sequence[Item], traces: Mapping[int, MessageTrace], largest: int) -> Tell:
    """A frame of tells; `traces` by their places. `largest`: bytes of the largest message on the channel."""
    plain = [(item.number, item.source, item.payload) for item in items]
    encoded = encode_traces(_headers(traces), _room(largest, [len(item.payload) for item in items]))
    return Tell(channel, plain) if encoded is None else TracedTell(channel, plain, encoded)


def traced_ask(
    channel: int, items: list[tuple[int, int, int, int, bytes]], asks: Sequence[Outgoing], largest: int
) -> Ask:
    """A frame of asks, which are `asks`."""
    traces = {place: ask.trace for place, ask in enumerate(asks) if isinstance(ask, TracedOutgoing)}
    encoded = encode_traces(_headers(traces), _room(largest, [len(item[-1]) for item in items]))
    return Ask(channel, items) if encoded is None else TracedAsk(channel, items, encoded)


def _headers(traces: Mapping[int, MessageTrace]) -> dict[int, tuple[str, str]]:
    for trace in traces.values():
        trace.passed("outbox")
    headers = {place: trace.header() for place, trace in traces.items()}
    return {place: header for place, header in headers.items() if header[0]}


def _room(largest: int, sizes: list[int]) -> int:
    """Bytes that a body on the lane has left beside these payloads."""
    return body_limit(largest) - BODY_OVERHEAD - sum(sizes) - ITEM_OVERHEAD * len(sizes)
