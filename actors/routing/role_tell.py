"""A tell to one of those that offer a role: where it certainly never left, another one is told.

It waits for room at the one that was chosen; where that one goes away meanwhile, the next one gets it. What was
accepted is on its way, and is told to nobody else: it may have been handled.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..base import NotAllowed, SendError, get_logger
from ..engine import Cell
from ..messages import Address
from ..sends import HINT, Delivered, FailedOutcome, Once, Outcome, end_work
from .directory import Directory
from .link import Link
from .purpose import Purpose
from .receivers import Receiver, name_of, one_of, untried
from .role_ask import GONE, MAX_TRIES
from .time_limit import deadline_of

__all__ = ["told_or_another"]

log = get_logger("peerbus.actors")


def told_or_another(
    bus: Directory,
    to: Address[Any],
    message: object,
    first: Link,
    outcome: Outcome[None],
    sender: Cell | None,
    timeout: float | None,
) -> Outcome[None]:
    """A tell that `first` has not accepted at once: another is told where that one goes before it has the message."""
    deadline = deadline_of(bus, to.reactor, timeout)
    tried = Tried([name_of(first)])
    while isinstance(outcome, FailedOutcome):
        another = _another(bus, to, message, tried, outcome.error, deadline)
        if another is None:
            return outcome
        outcome = _told(bus, to, message, another, deadline - bus.loop.time(), sender)
    return outcome if isinstance(outcome, Delivered) else RoleTell(bus, to, message, outcome, tried, deadline, sender)


class Tried(list[str]):
    """Names of those that were told; `refusals`: how many of them do not let this node, which is no try."""

    refusals = 0


def _told(
    bus: Directory, to: Address[Any], message: object, receiver: Receiver, timeout: float | None, sender: Cell | None
) -> Outcome[None]:
    if isinstance(receiver, Cell):
        return receiver.tell(message, sender, timeout)
    return receiver.tell(to.reactor, message, None if sender is None else sender.address, timeout)


def _another(
    bus: Directory, to: Address[Any], message: object, tried: Tried, error: BaseException, deadline: float
) -> Receiver | None:
    """One that was not tried yet, if the message certainly never left and there is one. Else `error` says who was."""
    tried.refusals += isinstance(error, NotAllowed)
    if not isinstance(error, SendError):
        return None
    again = isinstance(error, GONE) and error.never_sent and len(tried) - tried.refusals < MAX_TRIES
    may = again and bus.loop.time() < deadline and not bus.closing
    left = untried(bus, to, message, Purpose.TELL, tried) if may else []
    if not left:
        error.tried = tuple(tried)
        return None
    another = one_of(bus, to, left)
    log.info(
        "role tell fails over",
        node=bus.name,
        tell=str(to),
        message=type(message).__name__,
        tried=tried[-1],
        next=name_of(another),
        why=error.reason,
    )
    tried.append(name_of(another))
    return another


class RoleTell(Once[None]):
    """One that waits for room."""

    __slots__ = ("_bus", "_deadline", "_message", "_outcome", "_sender", "_to", "_tried")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any],
        message: object,
        outcome: Outcome[None],
        tried: Tried,
        deadline: float,
        sender: Cell | None,
    ) -> None:
        self._bus = bus
        self._to = to
        self._message = message
        self._outcome = outcome
        self._tried = tried
        self._deadline = deadline
        self._sender = sender
        self._task = None
        self._ending = None

    def _run(self) -> Coroutine[Any, Any, None]:
        return self._one_by_one()

    def _end_work(self) -> None:
        end_work(self._outcome)

    def get(self, *, timeout: float | None = None) -> None:
        """Raise WouldDeadlock: this send was made on the event loop."""
        self._outcome.get(timeout=timeout)

    def __repr__(self) -> str:
        return f"<tell to {self._to}, tried: {', '.join(self._tried)}; {HINT}>"

    async def _one_by_one(self) -> None:
        try:
            while True:
                try:
                    return await self._outcome
                except SendError as error:
                    another = _another(self._bus, self._to, self._message, self._tried, error, self._deadline)
                    if another is None:
                        raise
                left = self._deadline - self._bus.loop.time()
                self._outcome = _told(self._bus, self._to, self._message, another, left, self._sender)
        finally:
            del self  # the error keeps this frame, see outcome
