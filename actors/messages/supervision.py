"""What becomes of an actor whose handler failed: the policy, without clock or actor.

One-for-one, as in Erlang/OTP's supervisor: only the failed actor is concerned. A restart waits for a backoff
that doubles with each failure in the budget's window; a spent budget stops the actor, or hands the failure on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

__all__ = ["Decision", "Directive", "Supervision", "Supervisor"]


class Directive(Enum):
    """What to do with the failed actor."""

    #: Rebuild it from its factory, after the backoff. The mailbox and the address stay.
    RESTART = "restart"
    #: Go on with the next message and the state as it is.
    RESUME = "resume"
    #: Stop it; whoever watches it hears of it.
    STOP = "stop"
    #: Stop it and let its parent fail with the same error; without a parent, the bus.
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """How one actor is supervised.

    `directive`: what happens on a failure. `budget` restarts within `window` seconds are allowed; the next
    failure does `then` (STOP or ESCALATE). The n-th restart in the window waits `backoff` × 2ⁿ⁻¹ seconds, at
    most `max_backoff`. Raises ValueError where a value is out of range.
    """

    directive: Directive = Directive.RESTART
    budget: int = 5
    window: float = 60.0
    backoff: float = 0.1
    max_backoff: float = 10.0
    then: Directive = Directive.STOP

    def __post_init__(self) -> None:
        if not (self.budget >= 0 and self.window > 0 and 0 <= self.backoff <= self.max_backoff < inf):
            raise ValueError(
                "supervision out of range: budget is 0 or more, window above 0, 0 <= backoff <= max_backoff < inf, "
                f"got {self.budget}, {self.window}, {self.backoff} and {self.max_backoff}"
            )
        if self.then not in (Directive.STOP, Directive.ESCALATE):
            raise ValueError(f"a spent budget can stop or escalate, not {self.then.value}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now; `delay` is the backoff before a restart, in seconds."""

    directive: Directive
    delay: float = 0.0


class Supervisor:
    """Counts one actor's failures against its budget."""

    __slots__ = ("_failures", "policy")

    def __init__(self, policy: Supervision) -> None:
        self.policy = policy
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
        return Decision(Directive.RESTART, delay)
