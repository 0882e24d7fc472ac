"""What of a name server's answer is read: its first records, cut off before anybody parses the rest of it.

A message has up to 64 KiB, over TCP. Of records that point at one name of many labels, or that are to be told from each
other one by one, a parser makes ten seconds of the event loop out of that.
"""

# Law 1. Whoever sends it is anybody: what is passed on to the parser has MOST_RECORDS records of kinds that are known
#        here, and MOST_LABELS labels in all of their names, wherever these stand.
# Law 2. Names point backwards, so what is left is whole: nothing is taken out but the end.

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import Any, Final, Protocol, Self

import dns.asyncbackend
import dns.exception

__all__ = ["MOST_LABELS", "MOST_RECORDS", "ShortAnswers", "shortened"]

#: Records of one answer, and labels of their names: 64 services and the addresses of their hosts, in Kubernetes. All
#: that a server can make of them takes some milliseconds.
MOST_RECORDS, MOST_LABELS = 128, 1536
#: Bytes of what one record says: of a name, of the start of a zone of authority.
MOST_DATA: Final = 1024
#: Kinds of records, and where in what they say names stand: first, behind three numbers, two.
_A, _NS, _CNAME, _SOA, _PTR, _TXT, _AAAA, _SRV, _DNAME, _OPT = 1, 2, 5, 6, 12, 16, 28, 33, 39, 41
_NAMES: Final = {
    _A: (0, 0), _AAAA: (0, 0), _TXT: (0, 0), _OPT: (0, 0), _NS: (0, 1), _CNAME: (0, 1), _PTR: (0, 1), _DNAME: (0, 1),
    _SRV: (6, 1), _SOA: (0, 2),
}  # fmt: skip
_HEAD, _RECORD = struct.Struct(">4s4H"), struct.Struct(">HHIH")


def shortened(wire: bytes) -> bytes:
    """The beginning of a message (RFC 1035 §4.1), as one of its own. Raises FormError for what is none."""
    try:
        return _shortened(wire)
    except (IndexError, struct.error, ValueError) as error:
        raise dns.exception.FormError from error


def _shortened(wire: bytes) -> bytes:
    start, questions, *counts = _HEAD.unpack_from(wire)
    if questions > 1:
        raise ValueError(f"{questions} questions in one answer")
    at, left = _HEAD.size, MOST_LABELS
    if questions:
        at, labels = _past_name(wire, at)
        at, left = at + 4, left - labels
    kept, records = [0, 0, 0], 0
    for section, count in enumerate(counts):
        for _ in range(count):
            end, labels = _past_record(wire, at)
            left -= labels
            if not end or records == MOST_RECORDS or left < 0:
                return _HEAD.pack(start, questions, *kept) + wire[_HEAD.size : at]
            at = end
            records += 1
            kept[section] += 1
    return wire


def _past_record(wire: bytes, at: int) -> tuple[int, int]:
    """Where a record ends, and how many labels it has; 0 for one that is not to be read."""
    at, labels = _past_name(wire, at)
    kind, _, _, size = _RECORD.unpack_from(wire, at)
    at += _RECORD.size
    end = at + size
    if end > len(wire):
        raise ValueError("a record is cut short")
    if kind not in _NAMES or size > MOST_DATA:
        return 0, labels
    place, names = _NAMES[kind]
    at += place
    for _ in range(names):
        at, more = _past_name(wire, at)
        labels += more
    return end, labels


def _past_name(wire: bytes, at: int) -> tuple[int, int]:
    """Where a name ends, and how many labels it has, those that it points at too."""
    labels, end, before = 1, 0, at
    while size := wire[at]:
        if size < 64:  # RFC 1035 §4.1.4: above it stands a pointer
            at += 1 + size
            labels += 1
            continue
        end = end or at + 2
        at = (size & 63) << 8 | wire[at + 1]
        if at >= before:
            raise ValueError("a name points ahead")
        before = at
        labels += 1
    return end or at + 1, labels


class Socket(Protocol):
    """One of dnspython's: the methods of datagrams, and of bytes in order, of which it calls those that it needs."""

    family: int

    async def sendto(self, what: bytes, destination: object, timeout: float | None) -> int: ...

    async def recvfrom(self, size: int, timeout: float | None) -> tuple[bytes, object]: ...

    async def sendall(self, what: bytes, timeout: float | None) -> None: ...

    async def recv(self, size: int, timeout: float | None) -> bytes: ...

    async def close(self) -> None: ...


class ShortAnswers:
    """What dnspython asks by, its `Backend`: sockets of asyncio, of whose answers it sees as much as is read."""

    def __init__(self) -> None:
        self._backend: Any = dns.asyncbackend.get_backend("asyncio")

    def name(self) -> str:
        """As `Backend.name`."""
        return "asyncio"

    async def make_socket(self, af: int, socktype: int, *more: object, **options: object) -> ShortSocket:
        """As `Backend.make_socket`."""
        return ShortSocket(await self._backend.make_socket(af, socktype, *more, **options))

    def datagram_connection_required(self) -> bool:
        """As `Backend.datagram_connection_required`."""
        return False

    async def sleep(self, interval: float) -> None:
        """As `Backend.sleep`."""
        await asyncio.sleep(interval)


class ShortSocket:
    """As `Socket`."""

    def __init__(self, made: Socket) -> None:
        self.family = made.family
        self._made = made
        #: The number of the question.
        self._asked = b""
        #: What is left of the message that has come, of bytes in order.
        self._rest = b""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def sendto(self, what: bytes, destination: object, timeout: float | None) -> int:
        """As `Socket.sendto`."""
        self._asked = what[:2]
        return await self._made.sendto(what, destination, timeout)

    async def sendall(self, what: bytes, timeout: float | None) -> None:
        """As `Socket.sendall`."""
        await self._made.sendall(what, timeout)

    async def recvfrom(self, size: int, timeout: float | None) -> tuple[bytes, object]:
        """As `Socket.recvfrom`. What is no message, or answers another question, did not come, whoever sent it."""
        until = _until(timeout)
        while True:
            data, sender = await self._made.recvfrom(size, _left(until))
            if data[:2] == self._asked:
                with contextlib.suppress(dns.exception.FormError):
                    return shortened(data), sender
            await asyncio.sleep(0)  # whoever sends many of them leaves time to others

    async def recv(self, size: int, timeout: float | None) -> bytes:
        """As `Socket.recv`. Raises EOFError where the server hangs up, FormError for what is no message."""
        if not self._rest:
            until = _until(timeout)
            (length,) = struct.unpack(">H", await self._exactly(2, until))
            message = shortened(await self._exactly(length, until))
            self._rest = len(message).to_bytes(2, "big") + message
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def _exactly(self, size: int, until: float | None) -> bytes:
        found = bytearray()
        while len(found) < size:
            data = await self._made.recv(size - len(found), _left(until))
            if not data:
                raise EOFError("the name server hung up")
            found += data
        return bytes(found)

    async def close(self) -> None:
        """As `Socket.close`."""
        await self._made.close()


def _until(timeout: float | None) -> float | None:
    return None if timeout is None else asyncio.get_running_loop().time() + timeout


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.0, until - asyncio.get_running_loop().time())
