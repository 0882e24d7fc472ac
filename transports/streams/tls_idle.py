"""TLS that is read with a bound on what one turn of the loop takes for it, whatever stands in its records.

A KeyUpdate (RFC 8446 §4.6.3) is 27 bytes and costs its reader a derivation of keys, 20 µs; a record of one byte costs
2 µs. OpenSSL reads as many as there are in one call, and an event loop as many as there are in one turn: of 256 KiB,
one chunk of the network, 0.2 s and more. So OpenSSL is given a few records at a time, which stand apart by their heads,
and between them there is a look at how many it has had. Records that carry nothing end the connection when there are
too many of them (Go's crypto/tls and BoringSSL cap how many may come in a row).
"""

# Law 1. OpenSSL reads from a buffer of its own, `_given`, and gets RECORDS whole records at most, until this turn of
#        the loop has had its share (`TlsTurns`): then the rest stays in `incoming`, so that the loop reads no further
#        and finds no end, and is read in turns.
# Law 2. Each record that carries something pays for one that does not; beside that IDLE_RECORDS may come.
# Law 3. A handshake takes HANDSHAKE_BYTES: certificates are parsed and checked in one go.

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, Final

from .tls_turns import IDLE, SLICE, TlsTurns

__all__ = ["IdleRecords", "WatchedContext", "WatchedTls"]

#: Records that are read at once: 0.7 ms of KeyUpdates.
RECORDS: Final = 32
#: Records that carry nothing, beside those that are paid for: no honest side sends two of them in a row.
IDLE_RECORDS: Final = 64
#: Bytes that are looked through at once: copied in the cache of a processor.
PIECE: Final = 64 * 1024
#: Bytes of a handshake: one of a node has 2 000.
HANDSHAKE_BYTES: Final = 16 * 1024
#: Bytes that one record carries at most (RFC 8446 §5.1).
MOST: Final = 16 * 1024
#: Bytes of a record's head, of which the last two are its length.
HEAD: Final = 5


class IdleRecords(ssl.SSLError):
    """The other side sends records that carry nothing, again and again."""

    def __str__(self) -> str:
        return str(self.args[0])


class WatchedTls(ssl.SSLObject):
    """As its base; it reads by turns. `incoming` is what came, and what has yet to be looked at."""

    incoming: ssl.MemoryBIO
    turns: TlsTurns
    #: It takes turns: whoever reads from it will be there to be told to read again, by `_kick`.
    by_turns = False
    #: Records that carried nothing, and are not paid for.
    idle = 0
    #: What OpenSSL reads from, and whether something may be left of it.
    _given: ssl.MemoryBIO
    _some = False
    #: What was taken out of `incoming` and is not given yet.
    _held = b""
    #: Bytes that are still to be given of the record which has begun.
    _ahead = 0
    _kick: Callable[[], None] | None = None
    #: Something waits for a turn; nothing will come any more.
    _behind = False
    _ended = False
    _shaken = 0

    def do_handshake(self) -> None:
        """As `ssl.SSLObject.do_handshake`. Raises ssl.SSLError where it would take too many bytes."""
        given, room = self._given, HANDSHAKE_BYTES - self._shaken
        data = self.incoming.read(room) if room > 0 else b""
        self._shaken += len(data)
        given.write(data)
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            if self._shaken >= HANDSHAKE_BYTES:
                raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"a handshake of more than {HANDSHAKE_BYTES} bytes") from None
            raise
        if given.pending:  # it has ended with a record, and what follows begins with one
            self._held = given.read()

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002  # the name in the standard library
        """As `ssl.SSLObject.read`; it wants more as well where what there is has to wait. Raises IdleRecords."""
        reads = self._sslobj.read  # type: ignore[attr-defined]  # as the base does
        size = len if len < MOST else MOST  # it makes room for that much, 256 KiB for asyncio
        while True:
            if not (self._some or self._give() or self._ended):
                raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "nothing is there that may be read now")
            try:
                got = reads(size) if buffer is None else reads(size, buffer)
            except ssl.SSLWantReadError:
                self._some = False
                if self.idle > IDLE_RECORDS:
                    raise IdleRecords(f"{self.idle} TLS records that carry nothing") from None
                continue
            carried = got if buffer is not None else got.__len__()
            if not carried:
                self._ended = True
                return got
            self.turns.left += IDLE - 1
            if self.idle > 0:
                self.idle -= 2
            if (carried < size or size == MOST) and not self._given.pending:
                self._some = False  # it would want more, and say so at length
            return got

    def unwrap(self) -> Any:
        """As `ssl.SSLObject.unwrap`."""
        self._given.write(self._held + self.incoming.read())
        self._held = b""
        return super().unwrap()

    def pending(self) -> int:
        """As `ssl.SSLObject.pending`, with what it has yet to read."""
        return super().pending() + self._given.pending + len(self._held) + self.incoming.pending

    def read_again_by(self, kick: Callable[[], None]) -> None:
        """Call `kick` where something waited and its turn has come: it has the loop read from this."""
        self._kick = kick
        if self._behind:
            self.turns.wait(self)

    def go_on(self) -> None:
        """As `BehindTls.go_on`."""
        self._behind = False
        if self._kick is not None:
            self._kick()

    def _give(self) -> bool:
        """Give some more of what came to OpenSSL. False: there is nothing, or it has to wait."""
        data, turns, at = self._held, self.turns, self._ahead
        if not data:
            data = self.incoming.read(PIECE)
        elif len(data) < HEAD:
            data += self.incoming.read(PIECE)
        size, records = len(data), 0
        if not size:
            return False
        if turns.left <= 0 and self.by_turns:
            self._fall_behind(data)
            return False
        while records < RECORDS and at + HEAD <= size:
            at += HEAD + (data[at + 3] << 8 | data[at + 4])
            records += 1
        end = at if at < size else size  # of a head that is there in part the rest has to come
        self._ahead = at - end
        self._held = data[end:] if end < size else b""
        if not end:
            return False
        self.idle += records
        turns.left -= records * IDLE
        if turns.left < SLICE // 2:
            turns.plan()
        self._given.write(data if end == size else data[:end])
        self._some = True
        return True

    def _fall_behind(self, data: bytes) -> None:
        """This turn has had its share: leave what there is to the next one, where the loop sees it."""
        if self.incoming.pending:
            self._held = data
        else:
            self._held = b""
            self.incoming.write(data)
        if not self._behind:
            self._behind = True
            if self._kick is not None:
                self.turns.wait(self)


class WatchedContext(ssl.SSLContext):
    """As its base; the connections that it makes are watched, and take turns."""

    sslobject_class = WatchedTls
    #: Of those that it makes, and whether they take any: not until somebody says that they can be told to read again.
    turns: TlsTurns
    by_turns = False

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As `ssl.SSLContext.wrap_bio`."""
        given = ssl.MemoryBIO()
        made = super().wrap_bio(given, outgoing, *args, **options)
        assert isinstance(made, WatchedTls)
        made.incoming, made._given, made.turns, made.by_turns = incoming, given, self.turns, self.by_turns
        return made
