"""Senders that wait for room in a mailbox: in lanes by source, each lane in order, the lanes in turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from ..base import SendError
from .envelope import Envelope

__all__ = ["COUNTED", "Waiter", "WaitingSenders", "as_it_is", "gone"]

T = TypeVar("T")

#: In place of why a sender gave up: it is in the ledger.
COUNTED = "-"


class Waiter(Protocol):
    """A sender that waits for room. The mailbox calls at most one of the two, on the owner's thread."""

    envelope: Envelope
    #: Of a sender on another thread that has given up: why, as the ledger counts it. Put once more through the foreign
    #: door, it is taken out. Empty while it waits.
    withdrawn: str

    def admitted(self) -> bool:
        """There was room. False: the sender has given up meanwhile, do not put the message."""

    def refused(self, error: SendError) -> None:
        """There will never be room: the mailbox has closed."""


class WaitingSenders:
    """Those of one mailbox. `lanes` is empty while none waits."""

    __slots__ = ("lanes",)

    def __init__(self) -> None:
        self.lanes: OrderedDict[object, OrderedDict[Waiter, None]] = OrderedDict()

    def add(self, waiter: Waiter) -> None:
        """Behind those of its own source."""
        self.lanes.setdefault(waiter.envelope.source, OrderedDict())[waiter] = None

    def remove(self, waiter: Waiter) -> bool:
        """It waits no longer. False: it did not."""
        lane = self.lanes.get(waiter.envelope.source)
        if lane is None or waiter not in lane:
            return False
        del lane[waiter]
        if not lane:
            del self.lanes[waiter.envelope.source]
        return True

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self.lanes.get(waiter.envelope.source, ())

    def first(self) -> Waiter | None:
        """Whose turn it is."""
        if not self.lanes:
            return None
        return next(iter(next(iter(self.lanes.values()))))

    def take_first(self) -> None:
        """Whose turn it was waits no longer, and the next lane has its turn."""
        source, lane = next(iter(self.lanes.items()))
        lane.popitem(last=False)
        if lane:
            self.lanes.move_to_end(source)
        else:
            del self.lanes[source]

    def take_all(self) -> list[Waiter]:
        """Nobody waits any more; returns those that did."""
        waiting = [waiter for lane in self.lanes.values() for waiter in lane]
        self.lanes.clear()
        return waiting

    def holds_others(self, source: object) -> bool:
        """Somebody waits that is not of this source. From any thread, as a guess."""
        return any(whose is not source for whose in as_it_is(self.lanes.keys))


def gone(waiter: Waiter) -> SendError:
    """The error of a sender that gave up."""
    error = SendError("the sender has gone")
    error.reason = waiter.withdrawn or "cancelled"
    return error


def as_it_is(look: Callable[[], Iterable[T]]) -> tuple[T, ...]:
    """What is there at some instant, although another thread may change it while this one looks."""
    while True:
        try:
            return tuple(look())
        except RuntimeError:  # it was changed meanwhile
            continue
