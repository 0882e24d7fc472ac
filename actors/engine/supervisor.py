"""Whether a failed actor is restarted, and when: its failures, counted against the budget of its supervision."""

from __future__ import annotations

from dataclasses import dataclass

from ..messages import Directive, Supervision

__all__ = ["Decision", "Supervisor"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now; `delay` is the backoff before a restart, in seconds."""

    directive: Directive
    delay: float = 0.0


class Supervisor:
    """Counts one actor's failures against its budget."""

    __slots__ = ("_failures", "policy", "total")

    def __init__(self, policy: Supervision) -> None:
        self.policy = policy
        #: Restarts since the actor was spawned.
        self.total = 0
        self._failures: list[float] = []  # at most `budget` long; an empty deque is 600 bytes

    @property
    def restarts(self) -> int:
        """Restarts in the window that the last decision looked at."""
        return len(self._failures)

    def failed(self, now: float) -> Decision:
        """The actor failed at `now` (seconds of any steady clock)."""
        policy = self.policy
        if policy.directive is not Directive.RESTART:
            return Decision(policy.directive)
        while self._failures and now - self._failures[0] > policy.window:
            self._failures.pop(0)
        if len(self._failures) >= policy.budget:
            return Decision(policy.then)
        delay = min(policy.backoff * 2.0 ** len(self._failures), policy.max_backoff)
        self._failures.append(now)
        self.total += 1
        return Decision(Directive.RESTART, delay)
