"""A stream over a connected socket with TLS: what its transport carries is what a `TlsSession` seals.

asyncio has TLS of its own. Its transport reads to a buffer of its own for each connection, copies once more, and takes
a third of what a small message costs; and it leaves no room for a look at what OpenSSL is about to be given.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from ...actors.base import StreamBroken
from .filling import PEEK
from .loop_share import LoopShare
from .socket_stream import GATHERED, SocketStream
from .tls_session import MOST, TlsSession

__all__ = ["TlsStream"]


class TlsStream(SocketStream):
    """See the module. `shaken` is done when TLS has proven both sides; it raises ssl.SSLError, or OSError."""

    def __init__(self, sock: socket.socket, share: LoopShare, tls: ssl.SSLContext, *, server_side: bool) -> None:
        super().__init__(sock, share)
        self._turns = share.turns
        self._session = TlsSession(tls, server_side=server_side, turns=share.turns)
        self.shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: It waits for its turn to read what the session holds, and the loop reads nothing meanwhile.
        self._behind = False
        #: Why this side has ended it.
        self._why: Exception | None = None

    @property
    def tls(self) -> ssl.SSLObject:
        """The TLS session."""
        return self._session.tls

    # The Stream.

    @property
    def retained(self) -> int:
        """As `Retaining.retained`."""
        return super().retained + self._session.retained

    def pause(self) -> None:
        """As `Pausing.pause`."""
        if self._behind:
            self._reading_paused = True
        else:
            super().pause()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        if not data or self.transport.is_closing():
            return
        session = self._session
        try:
            session.write(data)
        except ssl.SSLError as error:
            self._break(error)
            self._gate.check()
        self.transport.write(session.sealed())

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`: one run of records, wherever the parts end."""
        if sum(map(len, parts)) <= GATHERED:
            self.write(b"".join(parts))
            return
        self._gate.check()
        if self.transport.is_closing():
            return
        try:
            self._seal(parts)
        except ssl.SSLError as error:
            self._break(error)
            self._gate.check()
        self.transport.write(self._session.sealed())

    def _seal(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """Of a large part no more is copied than a record takes that a small one before it has begun."""
        write, begun = self._session.write, b""
        for part in parts:
            if not begun and len(part) >= MOST:
                write(part)
            elif len(begun) + len(part) <= MOST:
                begun += part
            else:
                rest = memoryview(part)
                room = MOST - len(begun)
                write(begun + rest[:room])
                begun = b""
                if len(rest) - room >= MOST:
                    write(rest[room:])
                else:
                    begun = bytes(rest[room:])
        if begun:
            write(begun)

    # Private.

    def _say_end(self) -> None:
        self._session.close()
        self._flush()

    def _resume_reading(self) -> None:
        if self._behind:
            self._reading_paused = False
        elif self._session.behind and self._reading_paused and not self._lost.is_set():
            self._reading_paused = False
            self._behind = True
            self._turns.wait(self)
        else:
            super()._resume_reading()

    def _shake(self) -> bool:
        """Go on with the handshake. True: it is over, and well."""
        try:
            over = self._session.shake_hands()
        except ssl.SSLError as error:
            self._flush()
            self._not_shaken(error)
            self.transport.close()  # behind what TLS says of it
            return False
        self._flush()
        if over:
            self.shaken.set_result(None)
        return over

    def _not_shaken(self, error: Exception) -> None:
        if not self.shaken.done():
            self.shaken.set_exception(error)
            self.shaken.exception()  # it may be that nobody waits

    def _flush(self) -> None:
        session, transport = self._session, self.transport
        if session.has_sealed and not transport.is_closing():
            transport.write(session.sealed())

    def _break(self, error: Exception) -> None:
        """End it at once, because of that; the other side is told what TLS says of it."""
        self._why = self._why or error
        self._flush()
        self._fail(self._broken(self._why))  # now: the loop tells of the socket's end in a later turn
        self.transport.abort()

    def _unseal(self) -> None:
        """Hand over what came, as much of it as this turn of the loop has time for."""
        session, filler = self._session, self._filler
        parts: list[bytes] = []
        broken: Exception | None = None
        try:
            while True:
                if filler.place is not None:
                    size = session.read_into(filler.place)
                    if not size:
                        break
                    filler.filled(size)
                elif not filler.peeks:
                    data = session.read()
                    if not data:
                        break
                    parts.append(data)
                else:
                    data = session.read(PEEK)
                    if not data:
                        break
                    filler.peeks -= 1
                    self._hand_over(data)
        except ssl.SSLError as error:
            broken = error
        if parts:
            self._hand_over(parts[0] if len(parts) == 1 else b"".join(parts))
        if broken is not None:
            self._break(broken)
        elif session.ended:
            self._end()
        else:
            if session.has_sealed:  # an answer of TLS's own
                self._flush()
            if session.behind and not self._lost.is_set():
                self._wait()

    def _wait(self) -> None:
        """This turn of the loop has had its share: the rest waits for another, and the loop reads no further."""
        if not self._behind:
            self._behind = True
            if not self._reading_paused and not self.transport.is_closing():
                self.transport.pause_reading()
            self._turns.wait(self)

    def go_on(self) -> None:
        """As `BehindTls.go_on`."""
        self._behind = False
        if self._reading_paused or self._lost.is_set() or self.transport.is_closing():
            return  # where reading is paused it goes on after that
        self._session.behind = False
        self._unseal()
        self._read_on()

    def _read_on(self) -> None:
        if not (self._behind or self._reading_paused or self.transport.is_closing()):
            self.transport.resume_reading()

    def _end(self) -> None:
        if not self._closed:
            self._say_end()
        super()._end()

    # The Protocol: the event loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready: shake hands."""
        super().connection_made(transport)
        self._shake()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._place

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived there."""
        self._session.feed(self._place[:nbytes])
        if self.shaken.done() or self._shake():
            self._unseal()

    def eof_received(self) -> bool:
        """The other side ended its bytes; the loop then closes this side too."""
        if not self._session.ended and not self._closed:
            # Somebody in between has ended it (RFC 8446 §6.1).
            self._fail(StreamBroken(f"the connection to {self._remote} ended without an end of its TLS"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: after an end, a close of ours, or a failure."""
        why = self._why or exc
        self._not_shaken(why or ConnectionResetError("the other side hung up"))
        super().connection_lost(why)
