"""What all streams over sockets share on one event loop: the place that it reads into, and a turn's share of TLS."""

# Law. An event loop that is told when a socket may be read (those of asyncio on Unix, and uvloop's) asks for a place,
#      reads, and says so with nothing between: so one place is enough for all, if whoever is told copies at once. Bytes
#      objects of MAX_CHUNK for each read, of which most is given back, cost more than the read itself.

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

from .tls_turns import TlsTurns
from .transport import MAX_CHUNK

__all__ = ["LoopShare", "share_of"]


class LoopShare:
    """That of one event loop."""

    __slots__ = ("place", "turns")

    def __init__(self) -> None:
        #: MAX_CHUNK bytes. What stands there is true until the loop reads the next time.
        self.place: Final = memoryview(bytearray(MAX_CHUNK))
        self.turns: Final = TlsTurns()


_SHARES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, LoopShare]] = WeakKeyDictionary()


def share_of(loop: asyncio.AbstractEventLoop) -> LoopShare:
    """The one of that loop."""
    share = _SHARES.get(loop)
    if share is None:
        share = _SHARES[loop] = LoopShare()
    return share
