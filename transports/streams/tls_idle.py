"""TLS that is read with a bound on what one turn of the loop takes for it, whatever stands in its records.

A KeyUpdate (RFC 8446 §4.6.3) is 27 bytes and costs its reader a derivation of keys, 20 µs; a record of one byte costs
2 µs. OpenSSL reads as many as there are in one call, and an event loop as many as there are in one turn: of 256 KiB,
one chunk of the network, 0.2 s and more. So OpenSSL gets a few records at a time, which stand apart by their heads, and
between them there is a look at the time. Records that carry nothing end the connection when there are too many of them
(Go's crypto/tls and BoringSSL cap how many may come in a row).
"""

# Law 1. Of what came, OpenSSL is given RECORDS whole records at most, until the time of this turn of the loop is over
#        (`TlsTurns`): then the rest waits in `incoming`, so that the loop reads no further, and is read in turns.
# Law 2. Where a record begins is known from the end of the handshake on. Each that carries something pays for one that
#        does not; beside that IDLE_RECORDS may come.
# Law 3. Who has had TRUSTED bytes carried is looked at only where more than FEW bytes are there: a message alone costs
#        nothing. Then it is not known where a record begins until one has carried something: up to there BLIND bytes
#        are read at a time, and no more than a record may have.
# Law 4. A handshake takes HANDSHAKE_BYTES: certificates are parsed and checked in one go.

from __future__ import annotations

import ssl
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from .tls_turns import TlsTurns

__all__ = ["IdleRecords", "WatchedContext", "WatchedTls"]

#: Records that are read at once: 0.7 ms of KeyUpdates.
RECORDS: Final = 32
#: Records that carry nothing, beside those that are paid for: no honest side sends two of them in a row.
IDLE_RECORDS: Final = 64
#: Bytes that are read at once where it is not known where records begin, and by whom is trusted: 63 records at most.
BLIND, FEW = 1024, 1700
#: Bytes of the largest record and its head, and of KeyUpdates in place of one that comes in pieces.
IDLE_BYTES: Final = 20 * 1024
#: What a record that carries something has around it, and one KeyUpdate beside it.
AROUND: Final = 64
#: Bytes that the other side has sent in earnest before single messages of it are read without a look.
TRUSTED: Final = 1 << 20
#: Bytes of a handshake: one of a node has 2 000.
HANDSHAKE_BYTES: Final = 16 * 1024
#: Seconds of reading that are worth a word to whoever shares out the turn.
NOTICED: Final = 0.00003
#: Bytes of a record's head, of which the last two are its length.
HEAD: Final = 5


class IdleRecords(ssl.SSLError):
    """The other side sends records that carry nothing, again and again."""

    def __str__(self) -> str:
        return str(self.args[0])


class WatchedTls(ssl.SSLObject):
    """As its base; it reads by turns. `incoming` is what it reads from, and `kick` has it read again."""

    incoming: ssl.MemoryBIO
    turns: TlsTurns
    #: Of records that carried nothing, how many are not paid for; of bytes that were read without a look the same.
    idle = 0
    idle_bytes = 0
    #: Bytes that it is still to carry before single messages are read without a look.
    doubt = TRUSTED
    #: Bytes that were taken out of `incoming`, to be given back some at a time.
    held = memoryview(b"")
    #: It takes turns: whoever reads from it will be there to be told to read again, by `_kick`.
    by_turns = False
    _kick: Callable[[], None] | None = None
    #: Something waits for a turn.
    _behind = False
    _watched = True
    #: Bytes that are still to come of the record which has begun; -1: unknown.
    _ahead = 0
    #: Bytes in `incoming` that were looked at.
    _left = 0
    #: How many came last, and how many the handshake has taken.
    _arrived = 0
    _shaken = 0
    #: Seconds of reading that nobody was told of yet.
    _took = 0.0

    def do_handshake(self) -> None:
        """As `ssl.SSLObject.do_handshake`. Raises ssl.SSLError where it would take too many bytes."""
        incoming, room = self.incoming, HANDSHAKE_BYTES - self._shaken
        rest = b""
        if incoming.pending > room:
            data = incoming.read()
            incoming.write(data[:room])
            rest = data[room:]
        before = incoming.pending
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            if rest:
                raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"a handshake of more than {HANDSHAKE_BYTES} bytes") from None
            raise
        finally:
            self._shaken += before - incoming.pending
            if rest:
                incoming.write(rest)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002  # the name in the standard library
        """As `ssl.SSLObject.read`; it wants more as well where what there is has to wait. Raises IdleRecords."""
        incoming = self.incoming
        before = incoming.pending
        if self._watched or before > FEW:
            return self._read_by_turns(len, buffer)
        try:
            got = self._read(len, buffer)
        except ssl.SSLWantReadError:
            if before:
                self.idle_bytes += before - incoming.pending
                if self.idle_bytes > IDLE_BYTES:
                    self._refuse(f"{self.idle_bytes} bytes of TLS records")
            raise
        carried = got if buffer is not None else got.__len__()
        idle = self.idle_bytes + before - incoming.pending - carried - AROUND
        self.idle_bytes = idle if idle > 0 else 0
        if idle > IDLE_BYTES:
            self._refuse(f"{idle} bytes of TLS records")
        return got

    def pending(self) -> int:
        """As `ssl.SSLObject.pending`, with what it has yet to read."""
        return super().pending() + len(self.held)

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

    def _read(self, size: int, buffer: Any) -> Any:
        reads = self._sslobj.read  # type: ignore[attr-defined]  # as the base does
        return reads(size) if buffer is None else reads(size, buffer)

    def _read_by_turns(self, size: int, buffer: Any) -> Any:
        incoming, turns = self.incoming, self.turns
        if not self._watched:
            self._watched, self._ahead, self._left, self.idle = True, -1, 0, 0
        while True:
            if turns.left <= 0.0 and self.by_turns and (incoming.pending or self.held):
                self._fall_behind()
            if incoming.pending > self._left:
                self._take_out()
            if not incoming.pending and not self._feed():
                if self.doubt <= 0 and self._arrived <= FEW and not self._ahead and not self.held:
                    self._watched = False
                return self._read(size, buffer)  # it wants more, or finds the end
            began = perf_counter()
            try:
                got = self._read(size, buffer)
            except ssl.SSLWantReadError:
                self._left = incoming.pending
                self._judge()
                continue
            finally:
                self._took += perf_counter() - began
                if self._took > NOTICED:
                    turns.spent(self._took)
                    self._took = 0.0
            self._left = incoming.pending
            if self._ahead < 0:
                self._align()
            self.idle = max(0, self.idle - 2)
            self.doubt -= got if buffer is not None else got.__len__()
            return got

    def _take_out(self) -> None:
        """Take out of `incoming` what has come, and leave there what was there before."""
        incoming, left = self.incoming, self._left
        data = memoryview(incoming.read())
        if left:
            incoming.write(data[:left])
            data = data[left:]
        self._arrived = len(data)
        self.held = memoryview(b"".join((self.held, data))) if self.held else data

    def _align(self) -> None:
        """A record has ended: what follows is a head."""
        if self._left:
            self.held = memoryview(b"".join((self.incoming.read(), self.held)))
        self._left = self._ahead = self.idle_bytes = 0

    def _feed(self) -> bool:
        """Give some more of what came to OpenSSL. False: there is nothing."""
        held, at = self.held, self._ahead
        size = len(held)
        if at < 0:
            end = min(size, BLIND)
            self.idle_bytes += end
        else:
            records = 0
            while records < RECORDS and at + HEAD <= size:
                at += HEAD + (held[at + 3] << 8 | held[at + 4])
                records += 1
            end = min(at, size)  # of a head that is there in part the rest has to come
            self._ahead = at - end
            self.idle += records
        if not end:
            return False
        self.incoming.write(held[:end])
        self.held = held[end:]
        self._left = self.incoming.pending
        return True

    def _fall_behind(self) -> None:
        """The time of this turn is over: leave all that is there to the next one."""
        if self.held:
            self._left = self.incoming.pending
            self.incoming.write(self.held)
            self.held = memoryview(b"")
        if not self._behind:
            self._behind = True
            if self._kick is not None:
                self.turns.wait(self)
        raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "its turn has not come")

    def _judge(self) -> None:
        if self._ahead < 0 and self.idle_bytes > IDLE_BYTES:
            self._refuse(f"{self.idle_bytes} bytes of TLS records")
        if self.idle > IDLE_RECORDS:
            self._refuse(f"{self.idle} TLS records")

    def _refuse(self, what: str) -> None:
        raise IdleRecords(f"{what} that carry nothing") from None


class WatchedContext(ssl.SSLContext):
    """As its base; the connections that it makes are watched, and take turns."""

    sslobject_class = WatchedTls
    #: Of those that it makes, and whether they take any: not until somebody says that they can be told to read again.
    turns: TlsTurns
    by_turns = False

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        """As `ssl.SSLContext.wrap_bio`."""
        made = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(made, WatchedTls)
        made.incoming, made.turns, made.by_turns = incoming, self.turns, self.by_turns
        return made
