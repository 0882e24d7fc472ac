"""A `Stream` over a relay: TLS 1.3 from node to node, in the messages of `relay_flow`, over whatever carries these."""

# Law 1. Nothing leaves the node but TLS records, and what stands around them: the relay can cut, and nothing else.
# Law 2. The stream is handed over once both sides have proven who they are; until then little is granted.
# Law 3. Credit is returned when the reader has taken, so a reader that stops makes the writer's `drain` wait.

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ...actors.base import HandshakeFailed, StreamBroken, StreamClosed
from .endpoint import Endpoint
from .receive_buffer import ReceiveBuffer
from .relay_flow import CREDIT, DATA, END, RESET, FlowIn, FlowOut
from .socket_handshake import handshake_error
from .tls import authenticated_id
from .tls_session import TlsSession
from .transport import FLUSH_TIMEOUT, HIGH_WATER, LOW_WATER
from .write_gate import WriteGate

__all__ = ["HANDSHAKE_WINDOW", "Relay", "RelayedStream"]

#: Bytes that are granted before the other side has proven who it is: twice a handshake with long certificates.
HANDSHAKE_WINDOW: Final = 64 * 1024


class Relay(Protocol):
    """What carries the messages of a stream to its other end."""

    @property
    def busy(self) -> bool:
        """It takes more, but had better not; `RelayedStream.flush` is called when that is over."""
        ...

    @property
    def window(self) -> int:
        """Bytes that one stream may grant just now."""
        ...

    @property
    def largest(self) -> int:
        """Bytes of the largest message."""
        ...

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        """Send a message to the other end."""
        ...

    def closed(self) -> None:
        """The stream is over on both sides, or broken: nothing is sent or taken any more."""
        ...

    async def released(self) -> None:
        """After `closed`: wait until nothing of it is left that only it needed."""
        ...


class RelayedStream:
    """One end; `ready` is done when the other side is proven."""

    secure = True

    def __init__(self, relay: Relay, tls: ssl.SSLContext, *, server_side: bool, place: Endpoint) -> None:
        self.local = self.remote = place
        self.peer_id: str | None = None
        self.on_settled: Callable[[str], object] | None = None
        self._relay = relay
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self._out = FlowOut(relay.largest)
        self._in = FlowIn(HANDSHAKE_WINDOW)
        self._buffer, self._gate = ReceiveBuffer(), WriteGate()
        self._push: Callable[[bytes], None] | None = None
        self._session = TlsSession(tls, server_side=server_side)
        self._shaking = True
        self._paused = self._closed = False
        #: Our end is to be sent behind what waits; it, or a reset, was sent.
        self._finishing = self._finished = False
        #: The other side's end has come.
        self._ended = asyncio.Event()

    # What the relay calls.

    def opened(self, credit: int) -> None:
        """The other end is there, and takes `credit` bytes: shake hands."""
        self._out.granted(credit)
        self._shake()

    def message(self, message: bytes) -> None:
        """A message has come."""
        if self._ended.is_set():
            return
        try:
            kind, body = self._in.message(message)
            if kind == DATA:
                self._take(body)
                self._grant()
            elif kind == CREDIT:
                self._out.granted(int.from_bytes(body, "big"))
                self.flush()
            elif kind == END:
                self._end(StreamBroken("it was cut: the end came without TLS's own"))
            elif kind == RESET:
                self._end(StreamBroken("the other side broke the stream off"))
        except StreamBroken as error:
            self.lost(error)

    def lost(self, error: Exception) -> None:
        """The relay, or the other end, is gone."""
        self._end(error if isinstance(error, StreamBroken) else StreamBroken(str(error)))

    def flush(self) -> None:
        """Send what credit and the relay allow."""
        if self._finished:
            return
        relay, messages = self._relay, self._out.data()
        while not relay.busy and (parts := next(messages, None)) is not None:
            relay.send(parts)
        if self._out.unsent <= LOW_WATER:
            self._gate.reopen()
        if self._finishing and not self._out.unsent:
            self._finished = True
            self._relay.send([self._out.head(END)])
            self._over()

    # TLS.

    def _take(self, records: bytes) -> None:
        session = self._session
        session.feed(records)
        if self._shaking and not self._shake():
            return
        try:
            while data := session.read():
                self._hand_over(data)
        except ssl.SSLError as error:
            self._end(StreamBroken(f"TLS: {error.reason or error}"))
            return
        if session.ended:
            self._end(None)
        elif session.has_sealed:
            self._seal()

    def _shake(self) -> bool:
        """Go on with the handshake; True: it is over, and well."""
        try:
            over = self._session.shake_hands()
            if over:
                self.peer_id = authenticated_id(self._session.tls)
        except (ssl.SSLError, HandshakeFailed) as error:
            failed = error if isinstance(error, HandshakeFailed) else handshake_error(error)
            self._seal()  # what TLS says of it
            if not self.ready.done():
                self.ready.set_exception(failed)
            self.lost(StreamBroken(str(failed)))
            return False
        self._seal()
        if not over:
            return False
        self._shaking = False
        self._grant()
        if not self.ready.done():
            self.ready.set_result(None)
        return True

    def _seal(self) -> None:
        data, out, relay = self._session.sealed(), self._out, self._relay
        if data and not out.unsent and len(data) <= out.at_once and not relay.busy and not self._finished:
            relay.send((out.sent(len(data)), data))
            if not self._finishing:
                return
        else:
            out.put(data)
        self.flush()

    def _hand_over(self, data: bytes) -> None:
        if self._push is not None and not self._closed:
            self._push(data)
        else:
            self._buffer.feed(data)

    def _grant(self) -> None:
        if self._ended.is_set() or self._finished or self._paused:
            return
        if not self._closed and self._push is None and not self._buffer.room:
            return
        size = self._in.to_grant(HANDSHAKE_WINDOW if self._shaking else self._relay.window)
        if size:
            self._relay.send([self._out.grant(size)])

    # How it ends.

    def _end(self, error: StreamBroken | None) -> None:
        """The other side's bytes are over: cleanly, or because of that."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._buffer.feed_end(error)
        if not self._gate.failed:
            self._gate.fail(error or StreamBroken("the other side closed the stream"))
        self._out.drop()
        if not self.ready.done():
            self.ready.set_exception(error or StreamBroken("the other side closed the stream"))
            self.ready.exception()  # it may be that nobody waits
        if error is None:
            self._finish()  # there are no half-closed streams
        else:
            self._reset()
        self._over()

    def _finish(self) -> None:
        if self._finishing or self._finished:
            return
        self._finishing = True
        self._session.close()  # the end of the other side may come later
        self._seal()

    def _reset(self) -> None:
        if not self._finished:
            self._finished = True
            self._relay.send([self._out.head(RESET)])

    def _over(self) -> None:
        if self._finished and self._ended.is_set():
            self._relay.closed()
            self.settle("" if self._closed else "broken")

    def settle(self, reason: str = "") -> None:
        """As `Provisional.settle`."""
        settled, self.on_settled = self.on_settled, None
        if settled is not None:
            settled(reason)

    # The stream.

    async def read(self) -> bytes:
        """As `Stream.read`."""
        data = await self._buffer.read()
        self._grant()
        return data

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        """As `Pushing.push_to`."""
        for data in self._buffer.drain():
            receive(data)
        self._push = receive
        self._grant()

    def pause(self) -> None:
        """As `Pausing.pause`."""
        self._paused = True

    def resume(self) -> None:
        """As `Pausing.resume`."""
        self._paused = False
        self._grant()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        if not data:
            return
        try:
            self._session.write(data)
        except ssl.SSLError as error:
            self.lost(StreamBroken(f"TLS: {error.reason or error}"))
            self._gate.check()
        self._seal()
        if self._out.unsent > HIGH_WATER:
            self._gate.shut()

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`."""
        self.write(b"".join(parts))

    @property
    def writable(self) -> bool:
        """As `Stream.writable`."""
        return self._gate.open

    @property
    def retained(self) -> int:
        """As `Retaining.retained`."""
        return self._session.retained + self._out.unsent

    async def drain(self) -> None:
        """As `Stream.drain`."""
        await self._gate.wait_open()

    async def aclose(self) -> None:
        """As `Stream.aclose`."""
        if not self._closed:
            self._close()
            self._grant()  # the other side may be at the end of its window, with its own end behind
            self._finish()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    await self._ended.wait()
        finally:
            self.abort()
        await self._relay.released()

    def abort(self) -> None:
        """As `Stream.abort`."""
        self._close()
        self._out.drop()
        self._reset()
        self._end(StreamBroken("it was broken off on this side"))
        self._over()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._buffer.close()
            self._gate.fail(StreamClosed("the stream was closed on this side"))

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ended" if self._ended.is_set() else "open"
        return f"<RelayedStream {self.local} ⇄ {self.remote} {state}>"
