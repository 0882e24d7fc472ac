"""The events of a node over HTTP: those that are kept, and a stream of what happens (server-sent events).

WHATWG HTML, "Server-sent events": each has an id, so a reader that comes again says by `Last-Event-ID` where to go on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from ...actors.base import did_you_mean
from ...node.views import EVENT_KINDS, EventHistory, Happened, NodeViews
from ..api import ApiError, ApiRequest, EventView, Streamed, as_json
from .route import ApiRoute, QueryField

__all__ = ["FOLLOWING", "follow"]


async def events(node: NodeViews, request: ApiRequest) -> object:
    """The stream, or what is kept."""
    after = request.number("after", 0, low=0, high=2**63)
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 20:
        after = int(last)
    kinds = _kinds(request.query.get("kinds", ""))
    if request.query.get("follow", "true") == "false":
        return [view_of(each) for each in node.events.since(after) if not kinds or each.kind in kinds]
    return Streamed(follow(node.events, after, kinds))


def _kinds(said: str) -> frozenset[str]:
    """Those that are asked for. Raises ApiError for one that is none: of it nothing would ever come."""
    kinds = list(filter(None, map(str.strip, said.split(","))))
    for kind in kinds:
        if kind not in EVENT_KINDS:
            meant = did_you_mean(kind, EVENT_KINDS, otherwise=f"; there are {', '.join(sorted(EVENT_KINDS))}")
            raise ApiError(400, "malformed", f"there is no kind of event {kind[:80]!r}{meant}")
    return frozenset(kinds)


def view_of(happened: Happened) -> EventView:
    """One event, as it is sent."""
    time = datetime.fromtimestamp(happened.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return EventView(happened.number, happened.at, time, happened.kind, happened.event)


async def follow(history: EventHistory, after: int, kinds: frozenset[str]) -> AsyncGenerator[bytes, None]:
    """The events from there on, as server-sent events; a reader that was too slow is told how many it missed."""
    reader = history.follow(after)
    missed = 0
    yield b"retry: 1000\n\n"
    while found := await reader.read():
        if reader.missed > missed:
            yield b'event: missed\ndata: {"missed":%d}\n\n' % (reader.missed - missed)
            missed = reader.missed
        for happened in found:
            if not kinds or happened.kind in kinds:
                data = as_json(view_of(happened))
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (happened.number, happened.kind.encode(), data)


FOLLOWING = (
    ApiRoute(
        "GET",
        "/v1/events",
        events,
        "What happened, and what happens from now on.",
        list[EventView],
        query=(
            QueryField("after", "the number of the newest that you have", {"type": "integer", "minimum": 0}),
            QueryField("kinds", "only these, by commas", {"type": "string"}),
            QueryField("follow", "`false`: only what is kept, as a list", {"enum": ["true", "false"]}),
        ),
        media="text/event-stream",
    ),
)
