"""A tell to one of those that offer a role: where it certainly never left, another one is told.

It waits for room at the one that was chosen; where that one goes away meanwhile, the next one gets it. What was
accepted is on its way, and is told to nobody else: it may have been handled.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from ..base import SendError
from ..engine import Cell
from ..messages import Address
from ..sends import HINT, Delivered, FailedOutcome, Once, Outcome, end_work
from .directory import Directory
from .purpose import Purpose
from .receivers import Receiver, untried
from .time_limit import deadline_of
from .tries import Tries

__all__ = ["told_or_another"]


def told_or_another(
    bus: Directory,
    to: Address[Any],
    message: object,
    first: Receiver,
    outcome: Outcome[None],
    sender: Cell | None,
    timeout: float | None,
) -> Outcome[None]:
    """A tell that `first` has not accepted at once: another is told where that one goes before it has the message."""
    deadline = deadline_of(bus, to.reactor, timeout)
    left = partial(untried, bus, to, message, Purpose.TELL)
    tries = Tries(bus, to, message, first, sender=sender, deadline=deadline, kind="tell", left=left)
    while isinstance(outcome, FailedOutcome):
        another = tries.after(outcome.error, twice=False)
        if another is None:
            return outcome
        outcome = _told(bus, to, message, another, deadline - bus.loop.time(), sender)
    return outcome if isinstance(outcome, Delivered) else RoleTell(bus, to, message, outcome, tries, deadline, sender)


def _told(
    bus: Directory, to: Address[Any], message: object, receiver: Receiver, timeout: float | None, sender: Cell | None
) -> Outcome[None]:
    if isinstance(receiver, Cell):
        return receiver.tell(message, sender, timeout)
    return receiver.tell(to.reactor, message, None if sender is None else sender.address, timeout)


class RoleTell(Once[None]):
    """One that waits for room."""

    __slots__ = ("_bus", "_deadline", "_message", "_outcome", "_sender", "_to", "_tries")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any],
        message: object,
        outcome: Outcome[None],
        tries: Tries,
        deadline: float,
        sender: Cell | None,
    ) -> None:
        self._bus = bus
        self._to = to
        self._message = message
        self._outcome = outcome
        self._tries = tries
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
        return f"<tell to {self._to}, tried: {self._tries}; {HINT}>"

    async def _one_by_one(self) -> None:
        try:
            while True:
                try:
                    return await self._outcome
                except SendError as error:
                    another = self._tries.after(error, twice=False)
                    if another is None:
                        raise
                left = self._deadline - self._bus.loop.time()
                self._outcome = _told(self._bus, self._to, self._message, another, left, self._sender)
        finally:
            del self  # the error keeps this frame, see outcome
