"""One end of TLS, sans-IO: sealed bytes in and out, and a bound on what one turn of the loop takes to read them.

A KeyUpdate (RFC 8446 §4.6.3) is 27 bytes and costs its reader a derivation of keys, 20 µs; a record of one byte costs
2 µs. OpenSSL reads all that it has in one call: of 256 KiB, one chunk of the network, that is 0.2 s and more. So it is
given a few records at a time, which stand apart by their heads, and between them there is a look at how many it has
had. Records that carry nothing end the connection when there are too many of them (Go's crypto/tls and BoringSSL cap
how many may come in a row).
"""

# Law 1. OpenSSL gets RECORDS whole records at most, until this turn of the loop has had its share (`TlsTurns`): the
#        rest is held here, and whoever feeds this reads no further meanwhile.
# Law 2. Each record that carries something pays for one that does not; beside that IDLE_RECORDS may come.
# Law 3. A handshake takes HANDSHAKE_BYTES: certificates are parsed and checked in one go.
# Law 4. Bytes are copied once on their way to OpenSSL, from wherever the loop has read them.

from __future__ import annotations

import contextlib
import ssl
from typing import Final

from .tls_turns import IDLE, SLICE, TlsTurns

__all__ = ["MOST", "IdleRecords", "TlsSession"]

#: Records that are read at once: 0.7 ms of KeyUpdates.
RECORDS: Final = 32
#: Records that carry nothing, beside those that are paid for: no honest side sends two of them in a row.
IDLE_RECORDS: Final = 64
#: Bytes of a handshake: one of a node has 2 000.
HANDSHAKE_BYTES: Final = 16 * 1024
#: Bytes that one record carries at most (RFC 8446 §5.1).
MOST: Final = 16 * 1024
#: Bytes of a record's head, of which the last two are its length.
HEAD: Final = 5

_NOTHING: Final = memoryview(b"")


class TlsRefused(ssl.SSLError):
    """What this side refuses though OpenSSL would not; `reason` says why, as in an error of OpenSSL."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class IdleRecords(TlsRefused):
    """The other side sends records that carry nothing, again and again."""


class TlsSession:
    """See the module. `turns`: those of all who share a loop's time; None: whoever feeds this bounds it.

    Nothing is read before `shake_hands` has returned True.
    """

    __slots__ = (
        "_ahead",
        "_given",
        "_held",
        "_idle",
        "_sealed",
        "_shaken",
        "_some",
        "_turns",
        "behind",
        "ended",
        "tls",
    )

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, turns: TlsTurns | None = None) -> None:
        #: What OpenSSL reads from, and what it writes to.
        self._given, self._sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._given, self._sealed, server_side=server_side)
        self._turns = turns
        #: What came and is not given yet.
        self._held = _NOTHING
        #: Bytes that are still to be given of the record which has begun.
        self._ahead = 0
        #: Something may be left of what was given.
        self._some = False
        #: Records that carried nothing, and are not paid for.
        self._idle = 0
        #: Bytes that the handshake has taken; None once it is over.
        self._shaken: int | None = 0
        #: Something is held until this turn of the loop is over.
        self.behind = False
        #: The other side has said that nothing more comes.
        self.ended = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes that came; the caller may change what they stand in afterwards."""
        if self._held or self._shaken is not None:
            self._held = memoryview(b"".join((self._held, data)))
            return
        given = self._pass_on(data)
        if given < len(data):
            self._held = memoryview(bytes(data[given:]))

    def shake_hands(self) -> bool:
        """Go on with the handshake. True: it is over, and well. Raises ssl.SSLError."""
        if self._shaken is None:
            return True
        room = HANDSHAKE_BYTES - self._shaken
        data, self._held = self._held[:room], self._held[room:] if len(self._held) > room else _NOTHING
        self._shaken += len(data)
        self._given.write(data)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            if self._shaken >= HANDSHAKE_BYTES:
                raise TlsRefused(f"a handshake of more than {HANDSHAKE_BYTES} bytes") from None
            return False
        self._shaken = None
        if self._given.pending:  # it has ended with a record, and what follows begins with one
            self._held = memoryview(self._given.read() + self._held)
        return True

    def read(self, most: int = MOST) -> bytes | None:
        """What one record carried, or the first bytes of it. None: nothing is there that may be read now; b"": the end.

        Raises ssl.SSLError, IdleRecords.
        """
        read = self.tls.read
        while self._some or (self._held and self._pass_held()):
            try:
                data = read(most)
            except ssl.SSLWantReadError:
                self._read_all()
                continue
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self._end()
                break
            self._carried(len(data), most)
            return data
        return b"" if self.ended else None

    def read_into(self, place: memoryview) -> int:
        """Read as much as there is into `place`; returns how many bytes. Raises: as `read`."""
        read, room, at = self.tls.read, len(place), 0
        while at < room and (self._some or (self._held and self._pass_held())):
            most = min(room - at, MOST)
            try:
                size = _size_of(read(most, place[at:]))
            except ssl.SSLWantReadError:
                self._read_all()
                continue
            except ssl.SSLZeroReturnError:
                size = 0
            if not size:
                self._end()
                break
            self._carried(size, most)
            at += size
        return at

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal bytes. Raises ssl.SSLError."""
        self.tls.write(data)

    @property
    def retained(self) -> int:
        """Bytes of memory of what came and was not read."""
        return memoryview(self._held.obj).nbytes + self._given.pending

    @property
    def has_sealed(self) -> bool:
        """Whether there is something to be sent: what was written, or an answer of TLS's own."""
        return self._sealed.pending > 0

    def sealed(self) -> bytes:
        """What is to be sent."""
        return self._sealed.read()

    def close(self) -> None:
        """Say that nothing more comes from here; what comes can still be read. Once."""
        if self._shaken is None:
            with contextlib.suppress(ssl.SSLError, ValueError):
                self.tls.unwrap()

    # Private.

    def _pass_held(self) -> bool:
        """Give OpenSSL some of what is held. False: there is too little, or it has to wait."""
        given = self._pass_on(self._held)
        self._held = self._held[given:] if given < len(self._held) else _NOTHING
        return given > 0

    def _pass_on(self, data: bytes | memoryview) -> int:
        """Give OpenSSL the first records of that; returns how many bytes."""
        turns = self._turns
        if turns is not None and turns.left <= 0:
            self.behind = True
            return 0
        at, size, records = self._ahead, len(data), 0
        while records < RECORDS and at + HEAD <= size:
            at += HEAD + (data[at + 3] << 8 | data[at + 4])
            records += 1
        end = at if at < size else size  # of a head that is there in part the rest has to come
        self._ahead = at - end
        if not end:
            return 0
        self._idle += records
        if turns is not None:
            turns.left -= records * IDLE
            if turns.left < SLICE // 2:
                turns.plan()
        self._given.write(data if end == size else data[:end])
        self._some = True
        return end

    def _read_all(self) -> None:
        self._some = False
        if self._idle > IDLE_RECORDS:
            raise IdleRecords(f"{self._idle} TLS records that carry nothing") from None

    def _carried(self, size: int, most: int) -> None:
        if size == most < MOST and self.tls.pending():
            return  # there is more of that record, which pays once
        if self._turns is not None:
            self._turns.left += IDLE - 1
        if self._idle > 0:
            self._idle -= 2
        if not self._given.pending:
            self._some = False  # it would want more, and say so at length

    def _end(self) -> None:
        self.ended, self._some, self._held = True, False, _NOTHING


def _size_of(read: object) -> int:
    """What `ssl.SSLObject.read` returns where it is given a buffer."""
    assert isinstance(read, int)
    return read
