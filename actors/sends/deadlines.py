"""One timer for many deadlines: a wheel of 10 ms slots on an event loop.

A timer of its own for each ask costs three times the ask (measured: 104 k asks/s with `call_later` each,
240 k with the wheel). Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf, isnan
from numbers import Real
from typing import Protocol, cast

from ..base import DeadlineExceeded, SendError, ShuttingDown
from ..messages import article

__all__ = ["DeadlineWheel", "Expiring", "check_timeout", "no_number", "spent"]

#: Seconds. A deadline is never early and at most this much late.
SLOT = 0.01
#: A deadline beyond is never: 30 000 years, and well within what a slot's number and a loop's timer can say.
HORIZON = 1e12


class Expiring(Protocol):
    """Something that waits and can run out of time. At most one of the two is called, once, on the loop's thread."""

    def expire(self) -> None:
        """The deadline has passed."""

    def give_up(self, error: SendError) -> None:
        """Nobody will end the wait any more, because of `error`."""


#: A dict for its order: what expires in one slot expires in the order it was added, in every run.
Slot = dict[Expiring, None]


#: What a timeout may be.
RIGHT = "write seconds, inf for no limit, or None for the channel's timeout"


def check_timeout(timeout: object) -> float:
    """A timeout that is some number, as a float. Each public send asks for what is neither None nor a float.

    Raises: TypeError for what is no number.
    """
    # An int goes before the question to an abstract class, which is a sixth of a tell.
    if timeout.__class__ is not int and (isinstance(timeout, bool) or not isinstance(timeout, Real)):
        raise TypeError(f"the timeout is {timeout!r}; {RIGHT}")
    number = cast("Real", timeout)
    try:
        return float(number)
    except OverflowError:  # beyond what a float can say
        return -inf if number < 0 else inf


def no_number(deadline: float) -> ValueError:
    """The error of a deadline that neither comes nor has passed."""
    return ValueError(f"the timeout is {deadline}; {RIGHT}")


def spent(timeout: float, message: object) -> DeadlineExceeded:
    """The error of a send that had no time left when it was made. Raises ValueError where the timeout is no number."""
    if isnan(timeout):
        raise no_number(timeout)
    text = f"no time was left to send {article(type(message).__name__)}: its timeout is {timeout:g} s"
    return DeadlineExceeded(text, phase="mailbox", message=message)


class DeadlineWheel:
    """Deadlines of one event loop. Each non-empty slot has one timer; removing an entry is one `pop`."""

    __slots__ = ("_from", "_loop", "_never", "_newest", "_slots", "_until")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, tuple[Slot, asyncio.TimerHandle]] = {}
        #: What has no deadline and waits all the same.
        self._never: Slot = {}
        # The slot that was asked for last, and its deadlines, `_until` being none of them any more. Of many asks at
        # once nearly all have the same, and to find it once more is 2 % of an ask.
        self._newest: Slot = {}
        self._from = self._until = inf

    def add(self, entry: Expiring, deadline: float) -> Slot:
        """Call `entry.expire()` at `deadline` (the loop's clock) unless it is popped from the returned slot first.

        Raises: ValueError for a deadline that is no number.
        """
        if deadline < self._until and deadline >= self._from:
            self._newest[entry] = None
            return self._newest
        if not deadline < HORIZON:  # nan comes here too, so that looking for it costs no other deadline anything
            if isnan(deadline):
                raise no_number(deadline)
            self._never[entry] = None
            return self._never
        try:
            index = int(deadline / SLOT) + 1
        except OverflowError:  # -inf
            index = 0
        found = self._slots.get(index)
        if found is None:
            try:
                found = ({}, self._loop.call_at(index * SLOT, self._expire, index))
            except RuntimeError:
                if not self._loop.is_closed():
                    raise
                entry.give_up(ShuttingDown("the event loop has ended"))
                return {}
            self._slots[index] = found
        self._newest, self._from, self._until = found[0], (index - 1) * SLOT, index * SLOT
        self._newest[entry] = None
        return self._newest

    def close(self, error: Callable[[], SendError]) -> None:
        """Cancel the timers: whatever still waits gives up now, each because of an `error()`."""
        slots = [slot for slot, _ in self._slots.values()]
        for _, timer in self._slots.values():
            timer.cancel()
        self._slots.clear()
        self._from = self._until = inf
        for slot in (*slots, self._never):
            for entry in tuple(slot):
                if slot.pop(entry, self) is None:
                    entry.give_up(error())

    def __len__(self) -> int:
        return len(self._never) + sum(len(slot) for slot, _ in self._slots.values())

    def _expire(self, index: int) -> None:
        slot, _ = self._slots.pop(index)
        if slot is self._newest:
            self._from = self._until = inf
        for entry in tuple(slot):
            if slot.pop(entry, self) is None:
                entry.expire()
