"""Decodes what may have any number of values in it, and counts the lists, maps and objects that it makes."""

# Python's collector looks at all of them, each time that a number more are there: with 1.5 million of them in a mailbox
# one look took 0.1 s, and a message of 64 000 brought one about. So it rests while one is decoded, and what a
# peer makes this node hold is counted with what they cost it (gc: the count of generation 0 goes on while it rests).

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, Final

__all__ = ["OF_CONTAINER", "UNCOUNTED", "Counted"]

#: Bytes of a payload that is taken for what its type weighs.
UNCOUNTED: Final = 512
#: Bytes that a list, a map or an object stands for: 64 to 100 of memory, and the rest for the looks of the collector,
#: 60 ns each: all that `PEER_MEMORY` allows take 10 ms together.
OF_CONTAINER: Final = 640


class Counted:
    """A decoder of one message type. `most`: values in one message."""

    __slots__ = ("_check", "_decode", "_most", "made")

    def __init__(
        self, decode: Callable[[bytes | memoryview], Any], check: Callable[[bytes | memoryview, int], None], most: int
    ) -> None:
        self._decode = decode
        self._check = check
        self._most = most
        #: Lists, maps and objects in the message of more than UNCOUNTED bytes that was decoded last.
        self.made = 0

    def __call__(self, payload: bytes | memoryview) -> Any:
        """As the decoder. Raises what it raises, and ValueError for too many values."""
        size = len(payload)
        if size > self._most:
            self._check(payload, self._most)
        if size <= UNCOUNTED:
            return self._decode(payload)
        rests = not gc.isenabled()
        gc.disable()
        before = gc.get_count()[0]
        try:
            return self._decode(payload)
        finally:
            self.made = max(0, gc.get_count()[0] - before)
            if not rests:
                gc.enable()
