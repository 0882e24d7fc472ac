"""Whose thread has ended: the system gives its identifier to the next thread, so nobody may keep it.

Whoever remembers the identifier of a thread as its own forgets it here. The interpreter clears what belongs to a thread
on that very thread, whatever ended it, and before the system can give the identifier to another.
"""

from __future__ import annotations

import sys
import threading
from typing import Final, Protocol

from .references import Reference, reference

__all__ = ["ENDED", "BoundToThread", "bind_to_thread"]

#: In the place of an identifier: that thread has ended. No thread has it, and it is not 0, which is "not yet".
ENDED: Final = -1


class BoundToThread(Protocol):
    """Something that one thread owns."""

    def thread_ended(self) -> None:
        """Forget the thread. Called on it, when it runs nothing else any more."""


class _Bound:
    __slots__ = ("at_exit", "owners")

    def __init__(self) -> None:
        self.owners: set[Reference[BoundToThread]] = set()
        #: Kept here, as the modules are gone where it is the interpreter that ends.
        self.at_exit = sys.is_finalizing

    def __del__(self) -> None:
        for one in () if self.at_exit() else tuple(self.owners):
            owner = one()
            if owner is not None:
                owner.thread_ended()


class _Here(threading.local):
    def __init__(self) -> None:
        self.bound = _Bound()


_HERE = _Here()


def bind_to_thread(owner: BoundToThread) -> None:
    """Call `owner.thread_ended()` when the calling thread ends, unless `owner` is gone by then."""
    owners = _HERE.bound.owners
    owners.add(reference(owner, owners.discard))
