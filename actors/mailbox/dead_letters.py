"""Dead letters: every message that nobody handled is counted by reason, published, and logged, but not without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import RLock
from typing import Protocol

from ..base import Pace, SendError, get_logger
from ..messages import ActorFailed, DeadLetter

__all__ = ["DeadLetterHost", "DeadLetters"]

log = get_logger("peerbus.actors")

#: Dead letters that are logged in one second; the rest is counted and summed up.
LOGGED = 10


class DeadLetterHost(Protocol):
    """What dead letters need of the bus that they are of."""

    name: str
    loop: asyncio.AbstractEventLoop
    #: The loop's thread; 0 before the bus runs.
    thread: int

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""

    def publish(self, event: object) -> None:
        """Tell a fact to those who listen. From any thread."""


class DeadLetters:
    """Those of one bus. From any thread."""

    __slots__ = ("_bus", "_counts", "_ended", "_failed", "_lock", "_pace", "_timer")

    def __init__(self, bus: DeadLetterHost) -> None:
        self._bus = bus
        self._counts: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._pace = Pace(LOGGED)
        #: Reentrant: a send that is collected as garbage, at any moment, counts too.
        self._lock = RLock()
        #: Says how many were not logged.
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    @property
    def counts(self) -> dict[str, int]:
        """How many, by reason."""
        with self._lock:
            return dict(self._counts)

    @property
    def failed(self) -> dict[str, int]:
        """Sends that found no mailbox, by reason."""
        with self._lock:
            return dict(self._failed)

    def count_failed(self, reason: str) -> None:
        """Count a send that found no mailbox."""
        with self._lock:
            self._failed[reason] = self._failed.get(reason, 0) + 1

    def add(self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None) -> None:
        """Count one, log it unless there were many in this second, and publish it."""
        bus = self._bus
        if error is not None:
            error.in_dead_letters = True
        where, whose = str(to), "-" if sender is None else str(sender)
        with self._lock:
            self._counts[reason] = self._counts.get(reason, 0) + 1
            logged = self._pace.allows(bus.loop.time() if bus.thread else 0.0)
            due = self._pace.due()
        if logged:
            self._sum_up()
            log.warning(
                "dead letter", node=bus.name, reason=reason, message=type(message).__name__, to=where, sender=whose
            )
        if due and bus.thread:
            bus.call(self._sum_up_soon)
        if not isinstance(message, DeadLetter | ActorFailed):  # nobody shall hear of what he failed to hear of
            bus.publish(DeadLetter(message, reason, where, whose, error))

    def _sum_up_soon(self) -> None:
        """Say in a second how many were not logged; at once where the bus has ended, and its timers."""
        if self._ended:
            self._sum_up()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._bus.loop.call_later(1.0, self._sum_up)

    def _sum_up(self) -> None:
        with self._lock:
            unlogged = self._pace.rest()
        if unlogged:
            log.warning("more dead letters", node=self._bus.name, unlogged=unlogged)

    def close(self) -> None:
        """The bus ends: say how many were not logged, and leave no timer to its loop."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._sum_up()
