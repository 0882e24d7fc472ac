"""HTTP/1.1 for an API: connections, read and written by h11 within bounds; what is asked, others answer.

Tasks: one for each connection (waits for: the caller; feeds: the handler), two more while it streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

import h11

from ..actors.base import get_logger
from .exchange import ApiAnswer, ApiError, Streamed

__all__ = ["Bounds", "HttpServer", "HttpRequest"]

log = get_logger("peerbus.operate")


class Bounds:
    """What callers may take, in bytes and seconds."""

    #: Connections at one time.
    CLIENTS = 32
    #: The largest head, and the largest body, of a request.
    HEAD, BODY = 16 << 10, 1 << 20
    #: For the next request to begin, and for one that has begun to be there.
    IDLE, REQUEST = 60.0, 10.0
    #: For an answer to be taken.
    ANSWER = 30.0
    #: Between two signs of life on a stream of events.
    PULSE = 15.0


class HttpRequest:
    """A request as it came: what is behind its head is read when it is asked for."""

    def __init__(self, client: _Client, request: h11.Request) -> None:
        self._client = client
        self.verb = request.method.decode("ascii")
        self.target = request.target.decode("ascii")
        self.headers: Mapping[str, str] = {
            name.decode("ascii"): value.decode("latin-1") for name, value in request.headers
        }

    async def body(self) -> bytes:
        """All of it. Raises ApiError for one that is too long."""
        return await self._client.body()


#: Answers a request. What it raises, beside ApiError, is a defect.
Handle = Callable[[HttpRequest], Awaitable[ApiAnswer | Streamed]]


class HttpServer:
    """Listens at one socket. `handle` answers; an ApiError that it raises is an answer too."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[object]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Listen at that socket, which is bound."""
        start = asyncio.start_unix_server if sock.family == socket.AF_UNIX else asyncio.start_server
        self._server = await start(self._serve, sock=sock, ssl=tls, limit=Bounds.HEAD)

    async def aclose(self) -> None:
        """Listen no more, and end what is under way. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        client = _Client(reader, writer)
        try:
            if len(self._tasks) > Bounds.CLIENTS:
                await client.answer(ApiAnswer.failed(ApiError(503, "busy", "too many callers at once")))
            else:
                while await self._one(client):
                    pass
        except (h11.ProtocolError, TimeoutError, OSError, EOFError):
            pass  # it has gone, or will not have its answer
        except asyncio.CancelledError:
            pass  # this is closed: nobody else cancels it
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, client: _Client) -> bool:
        """Serve one request. False: there will be no other on this connection."""
        try:
            request = await client.request()
            if request is None:
                return False
            answer = await self._handle(HttpRequest(client, request))
        except ApiError as error:
            challenge = {"www-authenticate": "Bearer"} if error.status == 401 else {}
            answer = ApiAnswer.failed(error, challenge)
        except h11.RemoteProtocolError as error:
            answer = ApiAnswer.failed(ApiError(error.error_status_hint, "malformed", str(error)))
        except (TimeoutError, OSError):  # it is too slow, or has gone
            raise
        except Exception as error:  # a defect, of which the caller need not know more
            log.error("an admin request failed", exc_info=error)
            answer = ApiAnswer.failed(ApiError(500, "internal", "the node's log says what went wrong"))
        if isinstance(answer, Streamed):
            await client.stream(answer)
            return False
        return await client.answer(answer)


class _Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=Bounds.HEAD)

    async def request(self) -> h11.Request | None:
        """The head of the next request; None: the caller has gone."""
        http = self._http
        if not http.trailing_data[0]:
            async with asyncio.timeout(Bounds.IDLE):
                http.receive_data(await self._reader.read(Bounds.HEAD))
        async with asyncio.timeout(Bounds.REQUEST):
            event = await self._next()
        return event if isinstance(event, h11.Request) else None

    async def body(self) -> bytes:
        """As `HttpRequest.body`."""
        if self._http.they_are_waiting_for_100_continue:
            self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        found = bytearray()
        async with asyncio.timeout(Bounds.REQUEST):
            while isinstance(event := await self._next(), h11.Data):
                found += event.data
                if len(found) > Bounds.BODY:
                    raise ApiError(413, "too_large", f"a body has at most {Bounds.BODY} bytes")
        return bytes(found)

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(Bounds.HEAD))
        return event

    async def answer(self, reply: ApiAnswer) -> bool:
        """Send an answer. False: the connection is over."""
        http = self._http
        # What a caller has sent and nobody has read would stand before its next request.
        over = http.their_state is not h11.DONE
        headers = {
            "content-type": reply.content_type,
            "content-length": str(len(reply.body)),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
            **({"connection": "close"} if over else {}),
            **reply.headers,
        }
        await self._send(h11.Response(status_code=reply.status, headers=list(headers.items())))
        await self._send(h11.Data(data=reply.body))
        await self._send(h11.EndOfMessage())
        if over or http.our_state is not h11.DONE:
            with contextlib.suppress(OSError, TimeoutError):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                async with asyncio.timeout(1.0):  # or a caller that still sends would lose the answer
                    while await self._reader.read(Bounds.HEAD):
                        pass
            return False
        http.start_next_cycle()
        return True

    async def stream(self, answer: Streamed) -> None:
        """Send what comes, until there is no more or the caller goes; a sign of life now and then."""
        headers = [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("connection", "close")]
        gone = asyncio.ensure_future(self._reader.read(1))
        chunk = asyncio.ensure_future(anext(answer.chunks, b""))
        try:
            await self._send(h11.Response(status_code=200, headers=headers))
            while True:
                await asyncio.wait({gone, chunk}, timeout=Bounds.PULSE, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                if not chunk.done():
                    await self._send(h11.Data(data=b": alive\n\n"))
                    continue
                data = chunk.result()
                if not data:
                    await self._send(h11.EndOfMessage())
                    return
                await self._send(h11.Data(data=data))
                chunk = asyncio.ensure_future(anext(answer.chunks, b""))
        finally:
            for task in (gone, chunk):
                task.cancel()
            await asyncio.gather(gone, chunk, return_exceptions=True)
            await answer.chunks.aclose()

    async def _send(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            async with asyncio.timeout(Bounds.ANSWER):
                await self._writer.drain()
