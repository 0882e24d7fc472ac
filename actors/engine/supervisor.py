"""Whether a failed actor is restarted, and when: its failures, counted against the budget of its supervision."""

from __future__ import annotations

from dataclasses import dataclass

from ..base import RemoteError, SendError
from ..messages import Directive, QuorumFailed, Supervision

__all__ = ["Decision", "Supervisor", "is_failed_send"]

#: Doublings of a backoff, at most: it is above any `max_backoff` by then, and 2.0 ** 1024 is no float.
DOUBLINGS = 60


def is_failed_send(error: BaseException) -> bool:
    """A send of the actor's own failed, and nobody caught that: of a group, each in it."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_failed_send, error.exceptions))
    return isinstance(error, SendError | RemoteError | QuorumFailed)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now; `delay` is the backoff before a restart, in seconds."""

    directive: Directive
    delay: float = 0.0


class Supervisor:
    """Counts one actor's failures against its budget."""

    __slots__ = ("_failures", "_last", "_streak", "policy", "total")

    def __init__(self, policy: Supervision) -> None:
        self.policy = policy
        #: Restarts since the actor was spawned.
        self.total = 0
        self._failures: list[float] = []  # at most `budget` long; an empty deque is 600 bytes
        #: Restarts that spent no budget, one within the window of the other, and when the last one was decided.
        self._streak = 0
        self._last = 0.0

    @property
    def restarts(self) -> int:
        """Restarts in the window that the last decision looked at."""
        return len(self._failures)

    def failed(self, now: float) -> Decision:
        """The actor failed at `now` (seconds of any steady clock)."""
        return self._do(self.policy.directive, now)

    def send_failed(self, now: float, *, goes_on: bool) -> Decision:
        """A send of the actor's own failed, and nothing caught that; `goes_on`: it can take its next message."""
        policy = self.policy
        if policy.failed_send is not Directive.RESUME or goes_on or policy.directive is not Directive.RESTART:
            return self._do(policy.failed_send, now)
        if now - self._last > policy.window:
            self._streak = 0
        delay = self._backoff(self._streak)
        self._streak += 1
        self._last = now
        self.total += 1
        return Decision(Directive.RESTART, delay)

    def _do(self, directive: Directive, now: float) -> Decision:
        policy = self.policy
        if directive is not Directive.RESTART:
            return Decision(directive)
        while self._failures and now - self._failures[0] > policy.window:
            self._failures.pop(0)
        if len(self._failures) >= policy.budget:
            return Decision(policy.then)
        delay = self._backoff(len(self._failures))
        self._failures.append(now)
        self.total += 1
        return Decision(Directive.RESTART, delay)

    def _backoff(self, before: int) -> float:
        return min(self.policy.backoff * 2.0 ** min(before, DOUBLINGS), self.policy.max_backoff)
