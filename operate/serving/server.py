"""HTTP/1.1 for an API: connections, read and written by h11 within bounds; what is asked, others answer.

Tasks: one that accepts (waits for: callers; feeds: one task for each), one for each connection (waits for: the caller;
feeds: the handler), two more while it streams.
"""

# Law 1. A connection counts from the moment it is accepted, and has its seconds from then on, also to begin with TLS.
# Law 2. One that waits for its caller (TLS, a head, a body, that he reads) makes room: where all places are taken, the
#        one that has waited longest goes for whoever comes. So who says nothing, or little, shuts nobody out.

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import h11

from ...actors.base import get_logger
from ..api import ApiAnswer, ApiError, Streamed

__all__ = ["Bounds", "HttpRequest", "HttpServer"]

log = get_logger("peerbus.operate")


#: Connections that wait to be accepted, and those that are told that all places are at work; beyond, they are closed.
BACKLOG, TURNED_AWAY = 100, 8
#: Seconds to wait where there are no descriptors left.
AGAIN = 1.0


class Bounds:
    """What callers may take, in bytes and seconds."""

    #: Connections at one time.
    CLIENTS = 32
    #: The largest head, and the largest body, of a request.
    HEAD, BODY = 16 << 10, 1 << 20
    #: Pieces that a body may come in: each takes the loop's time, be it of one byte.
    PIECES = 4_096
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
        self._tasks: set[asyncio.Task[None]] = set()
        #: Those of them that have a place; and of these those that wait for their caller, for the longest time first.
        self._placed: set[asyncio.Task[None]] = set()
        self._waiting: dict[asyncio.Task[None], None] = {}
        self._accepting: asyncio.Task[None] | None = None
        self._listening: socket.socket | None = None

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Listen at that socket, which is bound, and is closed with this."""
        sock.setblocking(False)
        sock.listen(BACKLOG)
        self._listening = sock
        self._accepting = asyncio.create_task(self._accept(sock, tls), name="admin: accepts")

    async def aclose(self) -> None:
        """Listen no more, and end what is under way. Idempotent."""
        accepting, self._accepting = self._accepting, None
        tasks = [*self._tasks] if accepting is None else [accepting, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def _accept(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(sock)
            except ConnectionError:
                continue  # it has gone again
            except OSError as error:  # there are no descriptors left, or no memory
                log.warning("the admin API takes no caller for a moment", why=error.strerror)
                await asyncio.sleep(AGAIN)
                continue
            # Here, and not in the task: one that ends before it has begun leaves no socket open.
            if len(self._tasks) > Bounds.CLIENTS + TURNED_AWAY:
                accepted.close()
                continue
            full = len(self._placed) >= Bounds.CLIENTS and not self._make_room()
            task = asyncio.create_task(self._serve(accepted, tls, full=full), name="admin: serves")
            self._tasks.add(task)
            if not full:
                self._placed.add(task)
                self._waiting[task] = None
            task.add_done_callback(partial(self._served, accepted))

    def _make_room(self) -> bool:
        task = next(iter(self._waiting), None)
        if task is None:
            return False
        del self._waiting[task]
        self._placed.discard(task)
        task.cancel()
        return True

    def _waits(self, task: asyncio.Task[None], waits: bool) -> None:
        self._waiting.pop(task, None)
        if waits and task in self._placed:
            self._waiting[task] = None

    def _served(self, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._placed.discard(task)
        self._waiting.pop(task, None)
        accepted.close()  # once more, where the task was cancelled before it took it

    async def _serve(self, accepted: socket.socket, tls: ssl.SSLContext | None, *, full: bool = False) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            reader, writer = await _streams(accepted, tls)
        except (OSError, TimeoutError):
            return  # it speaks no TLS, or not in time
        client = _Client(reader, writer, partial(self._waits, task))
        try:
            if full:
                await client.answer(ApiAnswer.failed(ApiError(503, "busy", "too many callers at once")))
            else:
                while await self._one(client):
                    pass
        except (h11.ProtocolError, TimeoutError, OSError, EOFError):
            pass  # it has gone, or will not have its answer
        except asyncio.CancelledError:
            pass  # this is closed, or it makes room: nobody else cancels it
        finally:
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


async def _streams(
    accepted: socket.socket, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The two ends of a connection, once TLS has begun, where there is any. Raises OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=Bounds.HEAD)
    protocol = asyncio.StreamReaderProtocol(reader)
    patience = None if tls is None else Bounds.REQUEST
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, accepted, ssl=tls, ssl_handshake_timeout=patience, ssl_shutdown_timeout=patience and 1.0
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Client:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waits: Callable[[bool], None]
    ) -> None:
        self._waits = waits  # for the caller, or no more
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=Bounds.HEAD)

    async def request(self) -> h11.Request | None:
        """The head of the next request; None: the caller has gone."""
        http = self._http
        self._waits(True)
        if http.trailing_data[0]:
            await asyncio.sleep(0)  # others have their turn between requests that came in one piece
        else:
            async with asyncio.timeout(Bounds.IDLE):
                http.receive_data(await self._reader.read(Bounds.HEAD))
        async with asyncio.timeout(Bounds.REQUEST):
            event = await self._next()
        self._waits(False)
        return event if isinstance(event, h11.Request) else None

    async def body(self) -> bytes:
        """As `HttpRequest.body`."""
        if self._http.they_are_waiting_for_100_continue:
            self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        found, pieces = bytearray(), 0
        self._waits(True)
        async with asyncio.timeout(Bounds.REQUEST):
            while isinstance(event := await self._next(), h11.Data):
                found += event.data
                pieces += 1
                if len(found) > Bounds.BODY:
                    raise ApiError(413, "too_large", f"a body has at most {Bounds.BODY} bytes")
                if pieces > Bounds.PIECES:
                    raise ApiError(413, "too_large", f"a body comes in at most {Bounds.PIECES} pieces")
        self._waits(False)
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
            self._waits(True)
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
            self._waits(True)
            async with asyncio.timeout(Bounds.ANSWER):
                await self._writer.drain()
            self._waits(False)
