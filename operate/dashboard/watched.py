"""One node that the dashboard shows: requests are passed on to its admin API, and its pictures come from there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from ..api import ApiAnswer, ApiError, Streamed
from ..client import AdminCaller, AdminError, AdminTarget, HttpConnection, NodeNotReached, RequestRefused
from ..page import LookedAt

__all__ = ["WatchedNode"]

#: Seconds that a node has to answer, or to go on with a stream, before it is said to be lost.
ANSWER, SILENCE = 10.0, 2.0
#: Seconds that nodes have to say who they are, before the page is there.
MEETING = 2.0
#: Seconds of silence after which a stream of events, which has signs of life, has ended.
EVENTS_SILENCE = 45.0
#: Seconds between two tries to get to one that is lost.
AGAIN = 1.0
#: Bytes of one picture.
LARGEST = 8 << 20


class _Named(msgspec.Struct, frozen=True):
    name: str
    node_id: str


class WatchedNode:
    """See the module. `key` names it in paths, `name` is what people call it. On one event loop."""

    def __init__(self, key: str, name: str, target: AdminTarget) -> None:
        self.key = key
        self.name = name
        self.target = target
        #: Its id, once it has said so.
        self.node_id: str | None = None
        self._caller = AdminCaller(target, timeout=ANSWER)

    @property
    def looked_at(self) -> LookedAt:
        """What the page is told of it."""
        return LookedAt(self.key, self.name, f"/nodes/{self.key}", self.node_id)

    async def meet(self) -> None:
        """Ask it for its name and its id. One that does not say so is shown all the same, as lost."""
        with contextlib.suppress(AdminError, TimeoutError):
            async with asyncio.timeout(MEETING):
                seen = await self._caller.get("/v1/node", _Named)
            self.name, self.node_id = seen.name, seen.node_id

    async def aclose(self) -> None:
        """Close what is kept open to it. Idempotent."""
        await self._caller.aclose()

    async def passed_on(self, verb: str, path: str, body: bytes) -> ApiAnswer | Streamed:
        """What the node answers. Raises ApiError (502) where it does not."""
        try:
            if verb == "GET" and path.partition("?")[0] in ("/v1/events", "/v1/live"):
                return await self._stream(path)
            answer = await self._caller.exchange(verb, path, None if verb == "GET" else body)
        except AdminError as error:
            raise ApiError(502, "node_lost", str(error)) from None
        return ApiAnswer(answer.status, answer.body, answer.headers.get("content-type", "application/json"))

    async def _stream(self, path: str) -> ApiAnswer | Streamed:
        connection = await HttpConnection.open(self.target, ANSWER)
        try:
            head = await connection.begin(path, (), ANSWER)
        except BaseException:
            await connection.aclose()
            raise
        kind = head.headers.get("content-type", "")
        if head.status == 200 and kind.startswith("text/event-stream"):
            return Streamed(_until_it_ends(connection))
        try:
            body = head.body
            if head.status == 200:
                async with aclosing(connection.chunks(ANSWER)) as chunks:
                    body = b"".join([chunk async for chunk in chunks])
            return ApiAnswer(head.status, body, kind)
        finally:
            await connection.aclose()

    async def pictures(self, every: float, take: Callable[[bytes], object], lost: Callable[[str], object]) -> None:
        """Hand on its pictures, as server-sent events with its key, for ever; and why there are none, each time."""
        while True:
            try:
                await self._pictures(every, take)
                lost(f"{self.target} has ended the stream: the node shuts down")
            except AdminError as error:
                lost(str(error))
            await asyncio.sleep(AGAIN)

    async def _pictures(self, every: float, take: Callable[[bytes], object]) -> None:
        connection = await HttpConnection.open(self.target, ANSWER)
        try:
            head = await connection.begin(f"/v1/live?every={every:g}", (), ANSWER)
            if head.status != 200:
                raise RequestRefused(
                    f"{self.target} shows no picture of itself ({head.status}): is it of another version?",
                    status=head.status,
                    reason="refused",
                )
            rest = b""
            async with aclosing(connection.chunks(every + SILENCE)) as chunks:
                async for chunk in chunks:
                    *whole, rest = (rest + chunk).split(b"\n\n")
                    if len(rest) > LARGEST:
                        raise NodeNotReached(f"{self.target} sends no end of a picture", "broken")
                    for event in whole:
                        if event.startswith(b"event: picture\n"):
                            take(b"event: picture@%s\n%s\n\n" % (self.key.encode(), event.partition(b"\n")[2]))
        finally:
            await connection.aclose()


async def _until_it_ends(connection: HttpConnection) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(connection.chunks(EVENTS_SILENCE)) as chunks:
            async for chunk in chunks:
                yield chunk
    except NodeNotReached:
        pass  # whoever reads it comes again, and is told then
    finally:
        await connection.aclose()
