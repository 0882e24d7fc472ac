"""The events of a node as they come, also over a restart of it: where the stream breaks it is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass

import msgspec

from ..api import EventView
from .caller import AdminCaller, refusal
from .errors import AnswerMalformed, NodeNotReached
from .event_parser import EventParser, SentEvent
from .http_client import HttpConnection

__all__ = ["EventsMissed", "FeedItem", "NodeBack", "NodeLost", "follow_events"]

#: Seconds without a sign of life (a node gives one each 15) after which a stream is given up.
SILENCE = 45.0
#: Seconds before the first attempt to come back, and at most before another.
FIRST_WAIT, LONGEST_WAIT = 0.25, 3.0


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """Events that were lost, as this reader was too slow for what the node keeps."""

    count: int


@dataclass(frozen=True, slots=True)
class NodeLost:
    """The stream has broken, and is taken up as soon as the node is there again."""

    why: str


@dataclass(frozen=True, slots=True)
class NodeBack:
    """It is there again. `restarted`: it is another process, whose events count from 1."""

    restarted: bool


FeedItem = EventView | EventsMissed | NodeLost | NodeBack


async def follow_events(
    caller: AdminCaller, after: int = 0, kinds: Collection[str] = (), *, resume: bool = True
) -> AsyncGenerator[FeedItem, None]:
    """What the node keeps that is newer than the event of number `after`, then what happens; `kinds`: only these.

    `resume`: where the stream breaks, wait for the node and go on where it ended, without an end; else raise, as for
    a first attempt that comes to nothing, NodeNotReached. Raises RequestRefused where one may not look.
    """
    run = await _run_of(caller)
    lost, wait = False, FIRST_WAIT
    while True:
        why = f"{caller.target} has ended its stream of events"
        try:
            if lost:
                now = await _run_of(caller)
                after, run, restarted = (after, run, False) if now == run else (0, now, True)
                yield NodeBack(restarted)
                lost = False
            async with aclosing(_once(caller, after, kinds)) as stream:
                async for item in stream:
                    if isinstance(item, EventView):
                        after = item.number
                    yield item
        except NodeNotReached as error:
            why = str(error)
            if not resume:
                raise
        if not resume:
            raise NodeNotReached(why, "broken")
        if not lost:
            yield NodeLost(why)
            lost, wait = True, FIRST_WAIT
        else:
            wait = min(2 * wait, LONGEST_WAIT)
        await asyncio.sleep(wait)


async def _run_of(caller: AdminCaller) -> tuple[str, int, float]:
    """What tells this run of the node from another."""
    node = await caller.get("/v1/node", _Run)
    return node.node_id, node.process.pid, node.process.started


async def _once(
    caller: AdminCaller, after: int, kinds: Collection[str]
) -> AsyncGenerator[EventView | EventsMissed, None]:
    connection = await HttpConnection.open(caller.target, caller.timeout)
    try:
        path = f"/v1/events?kinds={','.join(kinds)}" if kinds else "/v1/events"
        headers = [("accept", "text/event-stream"), ("last-event-id", str(after))]
        answer = await connection.begin(path, headers, caller.timeout)
        if answer.status != 200:
            raise refusal(caller.target, answer)
        parser = EventParser()
        async with aclosing(connection.chunks(SILENCE)) as chunks:
            async for chunk in chunks:
                for event in _fed(parser, chunk, caller):
                    yield event
    finally:
        await connection.aclose()


def _fed(parser: EventParser, chunk: bytes, caller: AdminCaller) -> list[EventView | EventsMissed]:
    try:
        return [_read(event) for event in parser.feed(chunk)]
    except (ValueError, msgspec.DecodeError) as error:
        raise AnswerMalformed(f"{caller.target} sends events that cannot be read: {error}") from error


def _read(event: SentEvent) -> EventView | EventsMissed:
    if event.kind == "missed":
        return EventsMissed(msgspec.json.decode(event.data, type=_Missed).missed)
    return msgspec.json.decode(event.data, type=EventView)


class _Process(msgspec.Struct, frozen=True):
    pid: int
    started: float


class _Run(msgspec.Struct, frozen=True):
    node_id: str
    process: _Process


class _Missed(msgspec.Struct, frozen=True):
    missed: int
