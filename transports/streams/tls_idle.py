"""TLS whose records carry nothing: what a side reads and gets no byte of is counted, and ends the connection.

A KeyUpdate (RFC 8446 §4.6.3) is 27 bytes and costs its reader a derivation of keys, 20 µs; a peer may send them, and
empty records, without end, and OpenSSL takes them all, as many as there are in one call. Go's crypto/tls and BoringSSL
cap how many may come in a row; here each record that carries something pays for one, and IDLE_BYTES may come beside
that, so they may not take turns either.
"""

# Law 1: what one call of OpenSSL reads is at most PIECE bytes, until the other side has had TRUSTED bytes of its own
#        carried: 256 KiB of KeyUpdates, one chunk of the network, were 0.2 s of one turn of the loop.
# Law 2: after that it reads what there is, at no cost. What is kept for later stays in its order.

from __future__ import annotations

import ssl
from typing import Any, Final

__all__ = ["IdleRecords", "WatchedContext"]

#: Bytes of records that carry nothing: a record that has come in part is none, and has 16 KiB and its frame at most.
#: That is 15 ms of KeyUpdates.
IDLE_BYTES: Final = 20 * 1024
#: What a record that carries something has around it, and one KeyUpdate beside it.
AROUND: Final = 64
#: Bytes that OpenSSL is given at a time by whom nothing is known: 3 ms of KeyUpdates.
PIECE: Final = 4096
#: Bytes that the other side has sent in earnest before it is read as fast as it can be.
TRUSTED: Final = 1 << 20


class IdleRecords(ssl.SSLError):
    """The other side sends records that carry nothing, again and again."""

    def __str__(self) -> str:
        return str(self.args[0])


class _WatchedObject(ssl.SSLObject):
    """As its base, but that it counts what it reads. Its `incoming` is what it reads from."""

    incoming: ssl.MemoryBIO
    #: Bytes that were read and have carried nothing, beyond what was carried since.
    idle = 0
    #: Bytes that it is still to carry before it is read as fast as it can be.
    doubt = TRUSTED
    #: Bytes that have come behind those in `incoming`, and how many of these were there when OpenSSL had read last.
    held = memoryview(b"")
    _left = 0

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002  # the name in the standard library
        """As `ssl.SSLObject.read`. Raises IdleRecords."""
        incoming = self.incoming
        new = incoming.pending - self._left
        if new > 0 and (self.held or (new > PIECE and self.doubt > 0)):
            self._hold()
        while True:
            before = incoming.pending
            try:
                got = self._sslobj.read(len) if buffer is None else self._sslobj.read(len, buffer)  # type: ignore[attr-defined]  # as the base does
            except ssl.SSLWantReadError:
                self._left = left = incoming.pending
                if before:
                    self.idle += before - left
                    if self.idle > IDLE_BYTES:
                        self._refuse()
                if not self.held:
                    raise
                self._feed()
                continue
            carried = got if buffer is not None else got.__len__()
            self._left = left = incoming.pending
            idle = self.idle + before - left - carried - AROUND
            self.idle = idle if idle > 0 else 0
            if idle > IDLE_BYTES:
                self._refuse()
            self.doubt -= carried
            return got

    def pending(self) -> int:
        """As `ssl.SSLObject.pending`, with what it has yet to read."""
        return super().pending() + len(self.held)

    def _hold(self) -> None:
        """Leave in `incoming` what OpenSSL has seen of it, and keep the rest for later."""
        data = memoryview(self.incoming.read())
        new = data[self._left :]
        self.held = memoryview(b"".join((self.held, new))) if self.held else new
        self.incoming.write(data[: self._left])
        if not self._left:
            self._feed()

    def _feed(self) -> None:
        piece, self.held = self.held[:PIECE], self.held[PIECE:]
        self.incoming.write(piece)

    def _refuse(self) -> None:
        raise IdleRecords(f"{self.idle} bytes of TLS records that carry nothing") from None


class WatchedContext(ssl.SSLContext):
    """As its base; the connections that it makes are watched."""

    sslobject_class = _WatchedObject

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As `ssl.SSLContext.wrap_bio`."""
        made = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(made, _WatchedObject)
        made.incoming = incoming
        return made
