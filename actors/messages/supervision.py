"""What becomes of an actor whose handler failed: the policy, without clock or actor.

One-for-one, as in Erlang/OTP's supervisor: only the failed actor is concerned. A restart waits for a backoff
that doubles with each failure in the budget's window; a spent budget stops the actor, or hands the failure on.
A send of the actor's own that failed says nothing of its state, and is often a peer's doing: it has a directive apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from ..base import spelled

__all__ = ["Directive", "Supervision"]


class Directive(Enum):
    """What to do with the failed actor.

    ```python
    class Stateless(Blocks):
        supervision = Supervision(directive=Directive.RESUME)
    ```
    """

    #: Rebuild it from its factory, after the backoff. The mailbox and the address stay.
    RESTART = "restart"
    #: Go on with the next message and the state as it is.
    RESUME = "resume"
    #: Stop it; whoever watches it hears of it.
    STOP = "stop"
    #: Stop it and let its parent fail with the same error; without a parent, the bus.
    ESCALATE = "escalate"


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """How one actor is supervised.

    `directive`: what happens on a failure. `budget` restarts within `window` seconds are allowed; the next
    failure does `then` (STOP or ESCALATE). The n-th restart in the window waits `backoff` × 2ⁿ⁻¹ seconds, at
    most `max_backoff`.

    `failed_send`: what happens instead where a handler lets the failure of a send of its own escape (SendError,
    RemoteError, QuorumFailed, or a group of nothing else). RESUME: a peer that answers with errors, or not at all, ends
    nobody here, and spends no budget. A task, or `on_start` of a rebuilt actor, cannot be resumed: where `directive` is
    RESTART it is begun anew, after the backoff, however often it fails so.

    Raises ValueError where a value is out of range.

    ```python
    class Cautious(Blocks):
        supervision = Supervision(budget=3, window=30, then=Directive.ESCALATE)
    ```
    """

    directive: Directive = Directive.RESTART
    budget: int = 5
    window: float = 60.0
    backoff: float = 0.1
    max_backoff: float = 10.0
    then: Directive = Directive.STOP
    failed_send: Directive = Directive.RESUME

    def __post_init__(self) -> None:
        given: tuple[object, ...] = (self.budget, self.window, self.backoff, self.max_backoff)  # checked or not
        for number in given:
            if not isinstance(number, int | float) or isinstance(number, bool):
                raise TypeError(f"supervision: {number!r} is no number")
        if not (self.budget >= 0 and self.window > 0 and 0 <= self.backoff <= self.max_backoff < inf):
            raise ValueError(
                "supervision out of range: budget is 0 or more, window above 0, 0 <= backoff <= max_backoff < inf, "
                f"got {self.budget}, {self.window}, {self.backoff} and {self.max_backoff}"
            )
        if self.then not in (Directive.STOP, Directive.ESCALATE):
            raise ValueError(f"a spent budget can stop or escalate, not {self.then.value}")
