"""Paths that drop large packets without a word: how one looks from here, and how such a place is dialed.

A tunnel takes some bytes of each packet. Where its ends drop what is too large, and the ICMP message that should say
so (RFC 1191) is filtered on the way, small frames pass and large ones never do: a *black hole* (RFC 2923 §2.1). The
kernel can find out by itself (RFC 4821), which Linux does not do unless `net.ipv4.tcp_mtu_probing` is 1.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections import OrderedDict
from typing import Final

__all__ = ["NARROW", "NarrowPlaces", "PathSigns"]

#: What the log and the error say of it.
NARROW: Final = (
    "small frames were answered, large ones were not: the path may drop large packets without a word "
    "(a tunnel, and a filter that drops ICMP; see net.ipv4.tcp_mtu_probing). The next dial tries smaller segments"
)
#: Bytes of a segment, one after the other: what IPv6 carries everywhere (1 280 less its heads and options), and what
#: IPv4 does (RFC 879).
SEGMENTS: Final = (1200, 536)
#: Places that are remembered: the one that was dialed longest ago is forgotten.
MOST_PLACES: Final = 1024
#: Times that the kernel has sent a segment again, without an answer.
_RETRANSMITS: Final = 3
#: `struct tcp_info` of Linux: bytes before some of its fields.
_RETRANSMITS_AT, _RTO_AT, _MSS_AT, _UNACKED_AT, _SACKED_AT, _LAST_RECEIVED_AT = 2, 8, 16, 24, 28, 52
_RECEIVED_AT, _OUT_OF_ORDER_AT = 128, 224
_INFO_SIZE: Final = 256


class PathSigns:
    """Whether the path of a TCP socket looks as if it dropped large packets. Only Linux can tell."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        #: Bytes that had come in order at the last look, packets beside their order by then, and such packets before
        #: the last of these bytes.
        self._received = self._beside = self._beside_before = 0

    def look(self, *, silent: bool) -> bool:
        """Look now, and from time to time. `silent`: nothing comes any more.

        What is sent: large segments go again and again without an answer, while the other side's bytes still come, or,
        where it is silent, while it has what was sent behind them. What comes, where it is silent: bytes that stand
        behind others which never do.
        """
        info = self._info()
        if len(info) < _OUT_OF_ORDER_AT + 4:
            return False
        (received,) = struct.unpack_from("=Q", info, _RECEIVED_AT)
        if received != self._received:
            self._received, self._beside_before = received, self._beside
        self._beside = _u32(info, _OUT_OF_ORDER_AT)
        if silent and self._beside > self._beside_before:
            return True
        return (
            info[_RETRANSMITS_AT] >= _RETRANSMITS
            and _u32(info, _UNACKED_AT) > 0
            and _u32(info, _MSS_AT) > SEGMENTS[-1]
            # Doubled each time, the timeout is about as long as the segment has been on its way: since then bytes came.
            and (
                _u32(info, _LAST_RECEIVED_AT) < 0.8 * _u32(info, _RTO_AT) / 1000
                or (silent and _u32(info, _SACKED_AT) > 0)
            )
        )

    def _info(self) -> bytes:
        if sys.platform != "linux":
            return b""
        with contextlib.suppress(OSError):
            return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
        return b""


class NarrowPlaces:
    """The places that are dialed with smaller segments than the system would take."""

    def __init__(self) -> None:
        self._steps: OrderedDict[tuple[str, int], int] = OrderedDict()

    def narrow(self, host: str, port: int) -> None:
        """The path there looked narrow, also with the segments of the last dial."""
        step = self._steps.pop((host, port), -1)
        self._steps[host, port] = min(step + 1, len(SEGMENTS) - 1)
        if len(self._steps) > MOST_PLACES:
            self._steps.popitem(last=False)

    def prepare(self, sock: socket.socket, host: str, port: int) -> None:
        """Before a dial: limit the segments of both directions, where the path there looked narrow."""
        step = self._steps.get((host, port))
        if step is not None:
            with contextlib.suppress(OSError, AttributeError):  # as it would be without
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENTS[step])


def _u32(info: bytes, at: int) -> int:
    found: int = struct.unpack_from("=I", info, at)[0]
    return found
