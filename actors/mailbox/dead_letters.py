"""Dead letters: every message that nobody handled is counted by reason, and logged, but not without end."""

from __future__ import annotations

from threading import RLock

from ..base import get_logger

__all__ = ["DeadLetters"]

log = get_logger("peerbus.actors")

#: Dead letters that are logged in one second; the rest is counted and summed up.
LOGGED = 10


class DeadLetters:
    """The ledger of one bus. From any thread."""

    __slots__ = ("_bus", "_counts", "_failed", "_lock", "_logged")

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._counts: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        #: The second of the last one, and how many there were in it.
        self._logged = (0, 0)
        #: Reentrant: a send that is collected as garbage, at any moment, counts too.
        self._lock = RLock()

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

    def unroutable(self, reason: str) -> None:
        """Count a send that found no mailbox."""
        with self._lock:
            self._failed[reason] = self._failed.get(reason, 0) + 1

    def add(self, message: object, reason: str, to: str, sender: str, now: float) -> None:
        """Count one at `now` (seconds of any clock), and log it unless there were many in this second."""
        second = int(now)
        with self._lock:
            self._counts[reason] = self._counts.get(reason, 0) + 1
            at, logged = self._logged
            unlogged = 0
            if at != second:
                unlogged, logged = max(0, logged - LOGGED), 0
            self._logged = (second, logged + 1)
        if unlogged:
            log.warning("more dead letters", node=self._bus, unlogged=unlogged)
        if logged < LOGGED:
            log.warning(
                "dead letter", node=self._bus, reason=reason, message=type(message).__name__, to=to, sender=sender
            )
