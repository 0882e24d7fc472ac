"""Dead letters: every message that nobody handled is counted by reason, and logged, but not without end."""

from __future__ import annotations

from threading import RLock

from ..base import Pace, get_logger

__all__ = ["DeadLetters"]

log = get_logger("peerbus.actors")

#: Dead letters that are logged in one second; the rest is counted and summed up.
LOGGED = 10


class DeadLetters:
    """The ledger of one bus. From any thread."""

    __slots__ = ("_bus", "_counts", "_failed", "_lock", "_pace")

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._counts: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._pace = Pace(LOGGED)
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

    def add(self, message: object, reason: str, to: str, sender: str, now: float | None) -> bool:
        """Count one at `now` (seconds of any clock; None: none runs), and log it unless there were many in this second.

        True: `close` is to be called in a second, as nothing else may say how many there were.
        """
        with self._lock:
            self._counts[reason] = self._counts.get(reason, 0) + 1
            logged = self._pace.allows(now or 0.0)
            due = now is not None and self._pace.due()
        if logged:
            self.close()
            log.warning(
                "dead letter", node=self._bus, reason=reason, message=type(message).__name__, to=to, sender=sender
            )
        return due

    def close(self) -> None:
        """Log how many there were that were not logged, if any: at the end, and when a second is over."""
        with self._lock:
            unlogged = self._pace.rest()
        if unlogged:
            log.warning("more dead letters", node=self._bus, unlogged=unlogged)
