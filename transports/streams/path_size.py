"""Paths that drop large packets without a word: how one looks from here, and how such a place is dialed.

A tunnel takes some bytes of each packet. Where its ends drop what is too large, and the ICMP message that should say
so (RFC 1191) is filtered on the way, small frames pass and large ones never do: a *black hole* (RFC 2923 §2.1). The
kernel can find out by itself (RFC 4821), which Linux does not do unless `net.ipv4.tcp_mtu_probing` is 1.
"""

# Law 1. Told is only what both kernels show: bytes that stand behind others which never come, or large segments that go
#        again and again while the other side is heard. A process that stands still makes neither.
# Law 2. Whoever sends something large sends something small behind it, so that both sides can see the hole: what ends
#        a HELLO, and the PINGs of a connection.
# Law 3. A path is one between two machines: what an accepted connection showed holds for dials there too.
# Law 4. Whoever has seen it tells the one that dials, since nothing but a dial can make segments smaller.
# Law 5. Of a place that took the first bytes of a dial and never answered nobody can tell whether it stands still. The
#        next dial tries smaller segments, and nobody is told that it is narrow.
# Law 6. The end of a connection takes the signs away, a reset as well as a close: a look at what has ended finds what
#        was last found while it lived. Else who is reset by the side that gives up first forgets what it has seen.

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["NARROW", "NarrowPlaces", "PathSigns", "TcpPath"]

#: What the log and the error say of it.
NARROW: Final = (
    "small frames were answered, large ones were not: the path may drop large packets without a word "
    "(a tunnel, and a filter that drops ICMP; see net.ipv4.tcp_mtu_probing). The next dial tries smaller segments"
)
#: Bytes of a segment, one after the other: what IPv6 carries everywhere (1 280 less its heads and options), and what
#: IPv4 does (RFC 879).
SEGMENTS: Final = (1200, 536)
#: Places that are remembered: the one that was noted longest ago is forgotten.
MOST_PLACES: Final = 1024
#: Seconds for which a place is dialed with smaller segments, as long as Linux remembers a smaller path (mtu_expires).
REMEMBERED_FOR: Final = 600.0
#: Times that the kernel has sent a segment again, without an answer.
_RETRANSMITS: Final = 3
#: Seconds that a hole stands: lost packets are sent again at once, and after 0.2, 0.6 and 1.4 s.
STANDING: Final = 1.9
#: `struct tcp_info` of Linux: bytes before some of its fields.
_STATE_AT, _RETRANSMITS_AT, _RTO_AT, _MSS_AT, _UNACKED_AT, _SACKED_AT, _LAST_RECEIVED_AT = 0, 2, 8, 16, 24, 28, 52
_ACKED_AT, _RECEIVED_AT = 120, 128
_INFO_SIZE: Final = 256
#: TCP_CLOSE of Linux: no connection, or none any more.
_CLOSED: Final = 7
#: SO_MEMINFO of Linux (not of its ports to SPARC and PA-RISC): first of it the bytes that arrived and were not read.
_SO_MEMINFO: Final = 55
#: FIONREAD of Linux: bytes that can be read.
_FIONREAD: Final = 0x541B


class PathSigns:
    """Whether the path of a TCP socket looks as if it dropped large packets. Only Linux can tell."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        #: Bytes that the other side had when it was first seen to have some behind them, and when that was.
        self._acked, self._since = -1, 0.0
        #: Bytes that it had when it was first seen to lack some, and those that had come from it by then.
        self._lacking, self._heard = -1, 0
        #: It did at the last look.
        self.narrow = False

    def look(self, now: float) -> bool:
        """Look now, and from time to time; `now` is of any one clock. Of what has ended: as at the last look.

        What comes: bytes stand behind others which did not. What is sent: the other side has bytes behind others that
        it lacks; or large segments go again and again while it is heard.
        """
        info = self._info()
        if len(info) >= _RECEIVED_AT + 8 and info[_STATE_AT] != _CLOSED:
            self.narrow = self._judge(info, now)
        return self.narrow

    def _judge(self, info: bytes, now: float) -> bool:
        silence = _u32(info, _LAST_RECEIVED_AT) / 1000
        if silence >= STANDING and self._stands_behind():
            return True
        if _u32(info, _UNACKED_AT) == 0 or _u32(info, _MSS_AT) <= SEGMENTS[-1]:
            self._acked = self._lacking = -1
            return False
        acked, received = _u64(info, _ACKED_AT), _u64(info, _RECEIVED_AT)
        if acked != self._lacking:
            self._lacking, self._heard = acked, received
        return self._lacks_what_was_before(info, acked, now) or (
            info[_RETRANSMITS_AT] >= _RETRANSMITS
            # Doubled each time, the timeout is about as long as the segment has been on its way: since then bytes came.
            and (received > self._heard or silence < 0.8 * _u32(info, _RTO_AT) / 1e6)
        )

    def carries(self, size: int) -> bool:
        """Whether segments of more than `size` bytes are sent."""
        info = self._info()
        return len(info) >= _RECEIVED_AT + 8 and _u32(info, _MSS_AT) > size

    def _lacks_what_was_before(self, info: bytes, acked: int, now: float) -> bool:
        if _u32(info, _SACKED_AT) == 0:
            self._acked = -1
            return False
        if acked != self._acked:
            self._acked, self._since = acked, now
        return now - self._since >= STANDING

    def _stands_behind(self) -> bool:
        """The kernel holds bytes of this socket, and none of them can be read."""
        with contextlib.suppress(OSError):
            held = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4)
            readable = fcntl.ioctl(self._socket.fileno(), _FIONREAD, b"\0\0\0\0")
            return _u32(held, 0) > 0 and _u32(readable, 0) == 0
        return False

    def _info(self) -> bytes:
        if sys.platform != "linux":
            return b""
        with contextlib.suppress(OSError):
            return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
        return b""


@dataclass(slots=True)
class _Place:
    #: Of `SEGMENTS`, the one that it is dialed with, and the one that signs have shown it to need; -1: none.
    step: int
    least: int
    until: float
    #: The dialer there was told.
    told: bool = False


class NarrowPlaces:
    """The places that are dialed with smaller segments than the system would take. Times are of any one clock."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def narrow(self, host: str, now: float) -> None:
        """The path there looked narrow, also with the segments of the last dial."""
        step = min(self._step(host, now) + 1, len(SEGMENTS) - 1)
        self._note(host, _Place(step, step, now + REMEMBERED_FOR))

    def unanswered(self, host: str, now: float) -> None:
        """It took the first bytes of a dial and said nothing: the next one tries smaller segments, then as before."""
        place = self._known(host, now) or _Place(-1, -1, 0.0)
        step = place.step + 1 if place.step + 1 < len(SEGMENTS) else place.least
        self._note(host, _Place(step, place.least, now + REMEMBERED_FOR))

    def refuses(self, signs: PathSigns, host: str, now: float) -> bool:
        """Whether to tell somebody who has dialed from there, with larger segments than the path takes; once a sign.

        Not more often, as not every program can dial with smaller ones.
        """
        place = self._known(host, now)
        if place is None or place.least < 0 or place.told or not signs.carries(SEGMENTS[place.least]):
            return False
        place.told = True
        return True

    def prepare(self, sock: socket.socket, host: str, now: float) -> None:
        """Before a dial: limit the segments of both directions, where the path there looked narrow."""
        step = self._step(host, now)
        if step >= 0:
            with contextlib.suppress(OSError, AttributeError):  # as it would be without
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENTS[step])

    def _step(self, host: str, now: float) -> int:
        place = self._known(host, now)
        return -1 if place is None else place.step

    def _known(self, host: str, now: float) -> _Place | None:
        place = self._places.get(_machine(host))
        return place if place is not None and now < place.until else None

    def _note(self, host: str, place: _Place) -> None:
        machine = _machine(host)
        self._places.pop(machine, None)
        if place.step < 0 or machine == "::1" or machine.startswith("127."):
            return  # within a machine nothing is narrow
        self._places[machine] = place
        if len(self._places) > MOST_PLACES:
            self._places.popitem(last=False)


class TcpPath:
    """The path of one TCP socket: its signs, and what is remembered of the machine at its other end."""

    def __init__(self, sock: socket.socket, host: str, places: NarrowPlaces) -> None:
        self._socket = sock
        self._signs = PathSigns(sock)
        self._host = host
        self._places = places

    def looks_narrow(self) -> bool:
        """As `Narrowing.looks_narrow`."""
        return self._signs.look(time.monotonic())

    @property
    def looked_narrow(self) -> bool:
        """Whether it did at the last look."""
        return self._signs.narrow

    def too_wide(self) -> bool:
        """As `Narrowing.too_wide`."""
        return self._places.refuses(self._signs, self._host, time.monotonic())

    def narrow(self) -> None:
        """As `Narrowing.narrow`."""
        self._places.narrow(self._host, time.monotonic())

    async def apart(self) -> None:
        """As `Narrowing.apart`."""
        await asyncio.sleep(0)  # an event loop joins what is written in one turn
        with contextlib.suppress(OSError):
            # Set again, it also sends what the kernel held back to join it with more (tcp_autocorking).
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _machine(host: str) -> str:
    return host.partition("%")[0]


def _u64(info: bytes, at: int) -> int:
    found: int = struct.unpack_from("=Q", info, at)[0]
    return found


def _u32(info: bytes, at: int) -> int:
    found: int = struct.unpack_from("=I", info, at)[0]
    return found
