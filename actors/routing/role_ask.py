"""An ask of one of those that offer a role: another one is asked where the first is gone, or is slow.

Another is asked only where nothing can be done twice by it: the message is idempotent (its channel says so), or it
certainly never left this node. All tries share the deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

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
    new_task,
)
from ..engine import Cell
from ..messages import Address, FailedOver
from ..sends import HINT, Once, Outcome, end_work
from .directory import Directory
from .purpose import Purpose
from .receivers import Receiver, ask_here, name_of, one_of, untried

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["MAX_TRIES", "RoleAsk"]

R = TypeVar("R")

log = get_logger("peerbus.actors")

#: Receivers that one ask tries. More tries of a service that is down only make its load larger ("Site Reliability
#: Engineering", 2016, ch. 21, has a budget of three attempts for each request).
MAX_TRIES = 3
#: Errors of a receiver that is not there, or goes away. One that is too busy is not among them: asking others then
#: would multiply the load just when there is too much of it.
GONE = (ActorStopped, NoRoute, NoSuchReactor, NotAllowed, PeerGone, SchemaMismatch, ShuttingDown)


class RoleAsk(Once[R]):
    """See the module. The first is asked at once; the others are asked only where this is awaited.

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
        "_refusals",
        "_reply",
        "_sender",
        "_to",
        "_tried",
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
    ) -> None:
        self._bus = bus
        self._to = to
        self._message = message
        self._deadline = deadline
        self._reply = reply
        self._sender = sender
        self._idempotent = idempotent
        self._hedge_at = None if hedge is None else bus.loop.time() + hedge
        #: Names of those that were asked, and the asks.
        self._tried: list[str] = []
        #: How many of them do not let this node ask: that is no try.
        self._refusals = 0
        self._asks: list[Outcome[R]] = []
        self._first = self._ask(receiver)
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
        return f"<ask of {self._to}, tried: {', '.join(self._tried)}; {HINT}>"

    def _ask(self, receiver: Receiver) -> Outcome[R]:
        bus, to = self._bus, self._to
        self._tried.append(name_of(receiver))
        if isinstance(receiver, Cell):
            left = self._deadline - bus.loop.time()
            outcome = ask_here(bus, receiver, self._message, self._sender, left, self._reply)
        else:
            address = None if self._sender is None else self._sender.address
            outcome = receiver.ask(
                to.reactor, self._message, sender=address, deadline=self._deadline, reply=self._reply
            )
        self._asks.append(outcome)
        return outcome

    def _another(self) -> Receiver | None:
        """One that was not tried yet, if another try is allowed and there is one."""
        bus = self._bus
        if len(self._tried) - self._refusals >= MAX_TRIES or bus.loop.time() >= self._deadline:
            return None
        left = untried(bus, self._to, self._message, Purpose.of_ask(self._reply), self._tried)
        return one_of(bus, self._to, left) if left else None

    async def _one_by_one(self, outcome: Outcome[R]) -> R:
        try:
            while True:
                try:
                    return await outcome
                except SendError as error:
                    another = None
                    self._refusals += isinstance(error, NotAllowed)
                    if isinstance(error, GONE) and (self._idempotent or error.never_sent):
                        another = self._another()
                    if another is None:
                        error.tried = tuple(self._tried)
                        raise
                    self._log_another("role ask fails over", another, error.reason)
                outcome = self._ask(another)
        finally:
            del self, outcome  # the error keeps this frame, see outcome.py

    async def _hedged(self, hedge_at: float) -> R:
        loop = self._bus.loop
        running = racers = [self._race(self._first)]
        try:
            await asyncio.wait(racers, timeout=hedge_at - loop.time())
            second = None if racers[0].done() else self._another()
            if second is not None:
                self._log_another("role ask is hedged", second, "slow")
                racers.append(self._race(self._ask(second)))
            while True:
                running = [racer for racer in racers if not racer.done()]
                await asyncio.wait(running or racers, return_when=asyncio.FIRST_COMPLETED)
                for racer in racers:
                    if racer.done() and not isinstance(racer.exception(), SendError):
                        return racer.result()  # an answer, or the error that a handler raised: that is one as well
                if all(racer.done() for racer in racers):
                    error = racers[-1].exception()
                    if isinstance(error, SendError):
                        error.tried = tuple(self._tried)
                    del error
                    racers[-1].result()
        finally:
            for racer in racers:
                racer.cancel()
            self._end_work()  # a racer that has not begun to run ends nothing
            await asyncio.gather(*racers, return_exceptions=True)
            del self, racer, racers, running

    def _log_another(self, event: str, another: Receiver, why: str) -> None:
        to, message, tried, other = str(self._to), type(self._message).__name__, self._tried[-1], name_of(another)
        log.info(event, node=self._bus.name, ask=to, message=message, tried=tried, next=other, why=why)
        self._bus.publish(FailedOver(to, message, tried, other, why))

    def _race(self, outcome: Outcome[R]) -> asyncio.Task[R]:
        return new_task(self._one_by_one(outcome), loop=self._bus.loop, name=f"peerbus hedged ask to {self._to}")
