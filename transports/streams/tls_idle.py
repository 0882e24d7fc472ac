"""TLS whose records carry nothing: what a side reads and gets no byte of is counted, and ends the connection.

A KeyUpdate (RFC 8446 §4.6.3) is 27 bytes and costs its reader a derivation of keys, 20 µs; a peer may send them, and
empty records, without end, and OpenSSL takes them all. Go's crypto/tls and BoringSSL cap how many may come in a row;
here each record that carries something pays for one, and IDLE_BYTES may come beside that, so they may not take turns
either.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

__all__ = ["IdleRecords", "WatchedContext"]

#: Bytes of records that carry nothing: a record that has come in part is none, and has 16 KiB and its frame at most.
IDLE_BYTES: Final = 48 * 1024
#: What a record that carries something has around it, and one KeyUpdate beside it.
AROUND: Final = 64


class IdleRecords(ssl.SSLError):
    """The other side sends records that carry nothing, again and again."""

    def __str__(self) -> str:
        return str(self.args[0])


class _WatchedObject(ssl.SSLObject):
    """As its base, but that it counts what it reads. Its `incoming` is what it reads from."""

    incoming: ssl.MemoryBIO
    #: Bytes that were read and have carried nothing, beyond what was carried since.
    idle = 0

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002  # the name in the standard library
        """As `ssl.SSLObject.read`. Raises IdleRecords."""
        incoming = self.incoming
        before = incoming.pending
        try:
            got = self._sslobj.read(len) if buffer is None else self._sslobj.read(len, buffer)  # type: ignore[attr-defined]  # as the base does
        except ssl.SSLWantReadError:
            if before:
                self.idle += before - incoming.pending
                if self.idle > IDLE_BYTES:
                    raise IdleRecords(f"{self.idle} bytes of TLS records that carry nothing") from None
            raise
        carried = got if buffer is not None else got.__len__()
        idle = self.idle + before - incoming.pending - carried - AROUND
        self.idle = idle if idle > 0 else 0
        if idle > IDLE_BYTES:
            raise IdleRecords(f"{idle} bytes of TLS records that carry nothing")
        return got


class WatchedContext(ssl.SSLContext):
    """As its base; the connections that it makes are watched."""

    sslobject_class = _WatchedObject

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As `ssl.SSLContext.wrap_bio`."""
        made = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(made, _WatchedObject)
        made.incoming = incoming
        return made
