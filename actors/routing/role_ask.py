"""An ask of one of those that offer a role: another one is asked where the first is gone, or is slow.

Another is asked only where nothing can be done twice by it: the message is idempotent (its channel says so), or it
certainly never left this node. All tries share the deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..base import SendError, new_task
from ..engine import Cell
from ..messages import Address
from ..sends import HINT, Once, Outcome, end_work
from .directory import Directory
from .purpose import Purpose
from .receivers import Receiver, ask_here, name_of, untried
from .tries import Tries

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["RoleAsk"]

R = TypeVar("R")


class RoleAsk(Once[R]):
    """See the module. The first, `receiver`, is asked at once, or was (`asked`); others only where this is awaited.

    `hedge`: seconds without an answer after which a second one is asked as well, None for never. What answers first
    counts, the other one is cancelled (Dean, Barroso, "The tail at scale", CACM 2013, "hedged requests").
    """

    __slots__ = (
        "_asks",
        "_bus",
        "_deadline",
        "_first",
        "_hedge_at",
        "_idempotent",
        "_message",
        "_receiver",
        "_reply",
        "_sender",
        "_to",
        "_tries",
    )

    def __init__(
        self,
        bus: Directory,
        to: Address[Any],
        message: object,
        receiver: Receiver,
        *,
        deadline: float,
        reply: TypeForm[R] | None,
        sender: Cell | None,
        idempotent: bool,
        hedge: float | None,
        asked: Outcome[R] | None = None,
    ) -> None:
        self._bus = bus
        self._to = to
        self._message = message
        self._deadline = deadline
        self._reply = reply
        self._sender = sender
        self._idempotent = idempotent
        self._hedge_at = None if hedge is None else bus.loop.time() + hedge
        self._receiver = receiver
        #: None while no other than the first was thought of.
        self._tries: Tries | None = None
        self._first = self._ask(receiver) if asked is None else asked
        self._asks = [self._first]
        self._task = None
        self._ending = None

    def _run(self) -> Coroutine[Any, Any, R]:
        return self._one_by_one(self._first) if self._hedge_at is None else self._hedged(self._hedge_at)

    def _end_work(self) -> None:
        for outcome in self._asks:
            end_work(outcome)

    def get(self, *, timeout: float | None = None) -> R:
        """The answer of the first, if it is there already. Raises WouldDeadlock if not: await it."""
        return self._first.get(timeout=timeout)

    def __repr__(self) -> str:
        return f"<ask of {self._to}, tried: {self._tries or name_of(self._receiver)}; {HINT}>"

    def _ask(self, receiver: Receiver) -> Outcome[R]:
        if isinstance(receiver, Cell):
            left = self._deadline - self._bus.loop.time()
            return ask_here(self._bus, receiver, self._message, self._sender, left, self._reply)
        address = None if self._sender is None else self._sender.address
        return receiver.ask(self._to.reactor, self._message, sender=address, deadline=self._deadline, reply=self._reply)

    def _ask_another(self, receiver: Receiver) -> Outcome[R]:
        outcome = self._ask(receiver)
        self._asks.append(outcome)
        return outcome

    def _known_tries(self) -> Tries:
        tries = self._tries
        if tries is None:
            bus, to, message = self._bus, self._to, self._message
            left = partial(untried, bus, to, message, Purpose.of_ask(self._reply))
            tries = self._tries = Tries(
                bus, to, message, self._receiver, sender=self._sender, deadline=self._deadline, kind="ask", left=left
            )
        return tries

    async def _one_by_one(self, outcome: Outcome[R]) -> R:
        try:
            while True:
                try:
                    return await outcome
                except SendError as error:
                    another = self._known_tries().after(error, twice=self._idempotent)
                    if another is None:
                        raise
                outcome = self._ask_another(another)
        finally:
            del self, outcome  # the error keeps this frame, see outcome.py

    async def _hedged(self, hedge_at: float) -> R:
        loop = self._bus.loop
        running = racers = [self._race(self._first)]
        try:
            await asyncio.wait(racers, timeout=hedge_at - loop.time())
            second = None if racers[0].done() else self._known_tries().beside()
            if second is not None:
                racers.append(self._race(self._ask_another(second)))
            while True:
                running = [racer for racer in racers if not racer.done()]
                await asyncio.wait(running or racers, return_when=asyncio.FIRST_COMPLETED)
                for racer in racers:
                    if racer.done() and not isinstance(racer.exception(), SendError):
                        return racer.result()  # an answer, or the error that a handler raised: that is one as well
                if all(racer.done() for racer in racers):
                    error = racers[-1].exception()
                    if isinstance(error, SendError):
                        error.tried = tuple(self._known_tries().names)
                    del error
                    racers[-1].result()
        finally:
            for racer in racers:
                racer.cancel()
            self._end_work()  # a racer that has not begun to run ends nothing
            await asyncio.gather(*racers, return_exceptions=True)
            del self, racer, racers, running

    def _race(self, outcome: Outcome[R]) -> asyncio.Task[R]:
        return new_task(self._one_by_one(outcome), loop=self._bus.loop, name=f"peerbus hedged ask to {self._to}")
