"""HTTP/1.1 to an admin API: one connection, on which requests are made one after the other, by h11."""

# Law 1. Nothing waits without an end: opening, each answer, and the silence of one that goes on have their seconds.
# Law 2. An answer is bounded before it is kept.
# Law 3. What breaks is said in one sentence that names the place, and whether the request may have been obeyed.

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

import h11

from ..serving import SocketPlace
from .errors import AnswerMalformed, NodeNotReached
from .target import AdminTarget

__all__ = ["ClientAnswer", "HttpConnection"]

#: The largest head and the largest body of an answer, in bytes: ten times what 1 000 peers in one page take.
HEAD, BODY = 64 << 10, 64 << 20
#: Bytes that are read at once.
CHUNK = 64 << 10


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """A whole answer, as it came. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HttpConnection:
    """See the module. Of one task at a time; what is cancelled or fails in a request ends the connection."""

    def __init__(self, target: AdminTarget, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._target = target
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
        #: Something has come since the last request.
        self._heard = False

    @classmethod
    async def open(cls, target: AdminTarget, timeout: float) -> HttpConnection:
        """Connect, within `timeout` seconds. Raises NodeNotReached, ConfigError."""
        place = target.place
        tls = target.tls()
        try:
            async with asyncio.timeout(timeout):
                if isinstance(place, SocketPlace):
                    reader, writer = await asyncio.open_unix_connection(str(place.path))
                else:
                    reader, writer = await asyncio.open_connection(place.host, place.port, ssl=tls)
        except TimeoutError:
            raise NodeNotReached(f"{target} has not taken a connection within {timeout:g} s", "silent") from None
        except (OSError, ValueError) as error:
            raise NodeNotReached(_why_not_open(target, error), "absent") from error
        return cls(target, reader, writer)

    @property
    def usable(self) -> bool:
        """Another request may be made: the last one is through, and the node keeps the connection."""
        return self._http.our_state is h11.IDLE and not self._reader.at_eof() and not self._writer.is_closing()

    async def request(
        self, verb: str, path: str, body: bytes | None, headers: Sequence[tuple[str, str]], timeout: float
    ) -> ClientAnswer:
        """One request and its answer, within `timeout` seconds. Raises NodeNotReached, AnswerMalformed."""
        sent = False
        try:
            async with asyncio.timeout(timeout):
                await self._send(verb, path, body, headers)
                sent = True
                head = await self._head()
                found = bytearray()
                while chunk := await self._data():
                    found += chunk
                    if len(found) > BODY:
                        raise AnswerMalformed(f"{self._target} answers {verb} {path} with more than {BODY >> 20} MiB")
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                done = "took the request, and has not answered" if sent else "has not taken the request"
                late = "its event loop stands still, or what was asked for takes longer"
                raise NodeNotReached(f"{self._target} {done} within {timeout:g} s: {late}", "silent") from None
            raise self._said(error, sent) from error
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return ClientAnswer(head.status_code, _headers(head), bytes(found))

    async def begin(self, path: str, headers: Sequence[tuple[str, str]], timeout: float) -> ClientAnswer:
        """Ask for an answer that goes on: its head comes back without a body, which `chunks` reads.

        One that is no 200 has its body. `timeout`: seconds for the head. Raises NodeNotReached, AnswerMalformed.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._send("GET", path, None, headers)
                head = await self._head()
                refused = b"" if head.status_code == 200 else await self._data()
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise NodeNotReached(f"{self._target} has not answered within {timeout:g} s", "silent") from None
            raise self._said(error, True) from error
        return ClientAnswer(head.status_code, _headers(head), refused)

    async def chunks(self, silence: float) -> AsyncGenerator[bytes, None]:
        """What comes, until the node ends it. Raises NodeNotReached where it breaks, or after `silence` seconds."""
        try:
            while True:
                async with asyncio.timeout(silence):
                    chunk = await self._data()
                if not chunk:
                    return
                yield chunk
        except TimeoutError:
            raise NodeNotReached(f"{self._target} has given no sign of life for {silence:g} s", "silent") from None
        except (OSError, EOFError, h11.ProtocolError) as error:
            raise self._said(error, True) from error
        finally:
            self.close()

    def close(self) -> None:
        """End it. Idempotent."""
        self._writer.transport.abort()

    async def aclose(self) -> None:
        """End it, and wait until its socket is closed. Idempotent."""
        self.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _send(self, verb: str, path: str, body: bytes | None, headers: Sequence[tuple[str, str]]) -> None:
        self._heard = False
        said = [*self._target.headers(), *headers]
        if body is not None:
            said += [("content-type", "application/json"), ("content-length", str(len(body)))]
        out = self._http.send(h11.Request(method=verb, target=path, headers=said)) or b""
        if body:
            out += self._http.send(h11.Data(data=body)) or b""
        self._writer.write(out + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()

    async def _head(self) -> h11.Response:
        event = await self._next()
        while isinstance(event, h11.InformationalResponse):
            event = await self._next()
        if not isinstance(event, h11.Response):
            raise EOFError
        return event

    async def _data(self) -> bytes:
        """The next piece of the body; nothing at its end."""
        while isinstance(event := await self._next(), h11.Data):
            if event.data:
                return bytes(event.data)
        return b""

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(CHUNK)
            self._http.receive_data(data)
            if not data:
                return self._at_end()
            self._heard = True
        return event

    def _at_end(self) -> object:
        """What a closed connection means here: the end of an answer that has no other, or EOFError."""
        before = self._http.their_state
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            if before is h11.SEND_RESPONSE and self._heard:
                raise  # what came is no head of an answer
            raise EOFError from None
        if isinstance(event, h11.ConnectionClosed):
            raise EOFError
        return event

    def _said(self, error: BaseException, sent: bool) -> BaseException:
        """The error that is raised for one: a sentence where it is the network's, or the node's."""
        if isinstance(error, h11.ProtocolError):
            return AnswerMalformed(f"{self._target} speaks no HTTP that can be read: {error}")
        if isinstance(error, OSError | EOFError):
            done = "before it answered: what was asked for may have been done" if sent else "before it was asked"
            return NodeNotReached(f"{self._target} closed the connection {done}", "broken")
        return error


def _headers(head: h11.Response) -> dict[str, str]:
    return {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}


def _why_not_open(target: AdminTarget, error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return f"no node listens at {target}: there is no such socket"
        case ConnectionRefusedError() if isinstance(target.place, SocketPlace):
            return f"no node listens at {target} any more: the socket was left behind"
        case ConnectionRefusedError():
            return f"no node listens at {target}"
        case PermissionError():
            return f"{target} is for its owner only: run this as the node's user"
        case ssl.SSLCertVerificationError():
            return (
                f"{target} shows a certificate that is not trusted: {error.verify_message}; --authority FILE names one"
            )
        case ssl.SSLError():
            return f"{target} cannot be reached by TLS: {error.reason or error}"
        case OSError():
            return f"{target} cannot be reached: {error.strerror or error}"
        case _:
            return f"{target} cannot be reached: {error}"
