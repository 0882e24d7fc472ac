"""A node as the page shows it: all that its screens need, as one picture, again and again (server-sent events)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator

from ...actors.actor_page import ActorView
from ...actors.base import ConfigError, wall_clock
from ...node.views import NodeViews
from ...patterns.pattern_views import PatternViews
from ..api import EVERY, LATEST, SOONEST, ApiError, ApiRequest, NodePicture, Streamed, as_json
from .looking import channels_of, overview_of
from .route import ApiRoute, QueryField

__all__ = ["LIVE"]

#: Most of a kind that a picture lists: more are no picture, and are had in pages.
LISTED = 200
#: How many actors it lists of those with the fullest mailboxes, and of those that have handled most.
FULLEST, BUSIEST = 50, 20


async def live(node: NodeViews, request: ApiRequest) -> object:
    """The stream, or one picture."""
    every = _seconds(request.query.get("every"))
    if request.query.get("follow", "true") == "false":
        return picture(node)
    return Streamed(pictures(node, every))


def picture(node: NodeViews) -> NodePicture:
    """As of now. On the loop's thread."""
    seen = node.snapshot(LISTED, mailboxes=0)
    return NodePicture(
        at=wall_clock(),
        now=node.bus.loop.time(),
        node=overview_of(node, seen),
        peers=seen.peers,
        connections=seen.connections,
        channels=channels_of(node, seen),
        actors=_foremost(node),
        waits=node.waits(),
        pools=seen.pools,
        workers=seen.workers,
        streams=seen.streams,
        patterns=PatternViews(seen.gossips, seen.singletons),
    )


def _foremost(node: NodeViews) -> tuple[ActorView, ...]:
    pages = node.actors(limit=FULLEST, order="fullest"), node.actors(limit=BUSIEST, order="busiest")
    return tuple({actor.name: actor for page in pages for actor in page.actors}.values())


async def pictures(node: NodeViews, every: float) -> AsyncGenerator[bytes, None]:
    """Pictures as server-sent events, until the node stops. One that is not taken in time is followed by a new one."""
    yield b"retry: 1000\n\n"
    while True:
        try:
            data = as_json(picture(node))
        except ConfigError:  # it has stopped
            return
        yield b"event: picture\ndata: %s\n\n" % data
        await asyncio.sleep(every)


def _seconds(text: str | None) -> float:
    if text is None:
        return EVERY
    try:
        every = float(text) if len(text) < 20 else math.nan
    except ValueError:
        every = math.nan
    if not SOONEST <= every <= LATEST:
        raise ApiError(400, "malformed", f"every is {text[:40]!r}; write {SOONEST} to {LATEST:g} seconds")
    return every


LIVE = (
    ApiRoute(
        "GET",
        "/v1/live",
        live,
        "The node as the page shows it: a picture again and again.",
        NodePicture,
        query=(
            QueryField(
                "every",
                "seconds between two",
                {"type": "number", "minimum": SOONEST, "maximum": LATEST, "default": EVERY},
            ),
            QueryField("follow", "`false`: one picture only", {"enum": ["true", "false"]}),
        ),
        media="text/event-stream",
    ),
)
