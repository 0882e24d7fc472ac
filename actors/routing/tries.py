"""Those that one send to a role has tried, and whether another may be tried: the same for tells, asks and streams.

Laws:
1. Another is tried only where the last one is not there, or goes away. One that is too busy is left in peace: to send
   elsewhere would multiply the load just when there is too much of it.
2. Another is tried only where nothing can be done twice by it: the send may be handled twice, or this one certainly was
   not handled (`never_sent`).
3. No more than MAX_TRIES are tried, each once, within the one deadline; one that does not let this node is no try.
4. The error that the send ends with says who was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..base import (
    ActorStopped,
    NoRoute,
    NoSuchReactor,
    NotAllowed,
    PeerGone,
    SchemaMismatch,
    SendError,
    ShuttingDown,
    get_logger,
)
from ..engine import Cell
from ..messages import Address, FailedOver
from .directory import Directory
from .receivers import Receiver, name_of, one_of

__all__ = ["MAX_TRIES", "Tries"]

log = get_logger("peerbus.actors")

#: Receivers that one send tries. More tries of a service that is down only make its load larger ("Site Reliability
#: Engineering", 2016, ch. 21, has a budget of three attempts for each request).
MAX_TRIES = 3
#: Errors of a receiver that is not there, or goes away: law 1.
GONE = (ActorStopped, NoRoute, NoSuchReactor, NotAllowed, PeerGone, SchemaMismatch, ShuttingDown)


class Tries:
    """See the module. Made when the first one has failed, or is slow: a send that succeeds at once has none.

    `kind`: of the send, as logs name it; `left(names)`: those that can take the message, less those of these names.
    `sender` as for a send: what plain code has sent goes nowhere else once the bus takes nothing new.
    """

    __slots__ = ("_bus", "_deadline", "_kind", "_left", "_message", "_refusals", "_sender", "_to", "names")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any],
        message: object,
        first: Receiver,
        *,
        sender: Cell | None,
        deadline: float,
        kind: str,
        left: Callable[[Sequence[str]], list[Receiver]],
    ) -> None:
        self._bus = bus
        self._to = to
        self._message = message
        self._sender = sender
        self._deadline = deadline
        self._kind = kind
        self._left = left
        #: Node ids, `local` for this node, one after the other.
        self.names = [name_of(first)]
        #: How many of them do not let this node.
        self._refusals = 0

    def after(self, error: BaseException, *, twice: bool) -> Receiver | None:
        """The one to try now that this one has failed; None where `error` is how the send ends. `twice`: see law 2."""
        if not isinstance(error, SendError):
            return None
        self._refusals += isinstance(error, NotAllowed)
        if isinstance(error, GONE) and (twice or error.never_sent):
            another = self._another(f"role {self._kind} fails over", error.reason)
            if another is not None:
                return another
        error.tried = tuple(self.names)
        return None

    def beside(self) -> Receiver | None:
        """The one to ask beside one that is slow; None where there is none, or the time is over."""
        return self._another(f"role {self._kind} is hedged", "slow")

    def _another(self, event: str, why: str) -> Receiver | None:
        bus, names = self._bus, self.names
        if len(names) - self._refusals >= MAX_TRIES or bus.loop.time() >= self._deadline:
            return None
        if bus.closing and self._sender is None:
            return None
        left = self._left(names)
        if not left:
            return None
        another = one_of(bus, self._to, left)
        to, message, tried, other = str(self._to), type(self._message).__name__, names[-1], name_of(another)
        said = {self._kind: to, "message": message, "tried": tried, "next": other, "why": why}
        log.info(event, node=bus.name, **said)
        bus.publish(FailedOver(to, message, tried, other, why))
        names.append(other)
        return another

    def __str__(self) -> str:
        return ", ".join(self.names)
