"""A send to an address that nobody answers to yet: it waits for a peer, until its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from math import inf, isnan
from typing import Any, TypeVar

from ..base import DeadlineExceeded, NoRoute, ShuttingDown, WouldDeadlock
from ..engine import Cell
from ..messages import Address, GroupAddress
from ..sends import HINT, FutureLike, Outcome, no_number
from .awaited import AwaitReceivers, ForgetWait, RouteWait
from .directory import Directory
from .nobody import not_sent, unroutable, why_nobody
from .purpose import Purpose
from .receivers import reaches

__all__ = ["Deferred"]

R = TypeVar("R")


class Deferred(FutureLike[R]):
    """As any send that has to wait it waits when it is awaited; dropped before, it has failed and is a dead letter.

    `need`: receivers that there must be; `purpose`: of the message. `send(timeout)` sends, with the seconds that are
    left. Raises: ValueError for a deadline that is no number.
    """

    __slots__ = ("_awaited", "_bus", "_deadline", "_message", "_need", "_purpose", "_send", "_sender", "_to")

    def __init__(
        self,
        bus: Directory,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        sender: Cell | None,
        *,
        need: int,
        deadline: float,
        purpose: Purpose = Purpose.TELL,
        send: Callable[[float], Outcome[R]],
    ) -> None:
        self._awaited = True  # until it can be
        if isnan(deadline):
            raise no_number(deadline)
        self._bus = bus
        self._to = to
        self._message = message
        self._sender = sender
        self._need = need
        self._deadline = deadline
        self._purpose = purpose
        self._send = send
        self._task = None
        self._awaited = False

    def __repr__(self) -> str:
        return f"<waiting for {self._need} to answer to {self._to}; {HINT}>"

    def __await__(self) -> Generator[object, None, R]:
        # By a task, always: it is sent once, however many await it.
        self._as_task()
        return super().__await__()

    def _begin(self) -> Generator[object, None, R]:
        self._awaited = True
        return self._wait().__await__()

    async def _wait(self) -> R:
        try:
            await self._reached()
            return await self._send(self._deadline - self._bus.loop.time())
        finally:
            del self  # an error keeps this frame, see outcome

    async def _reached(self) -> None:
        bus, error = self._bus, None
        try:
            async with asyncio.timeout_at(None if self._deadline == inf else self._deadline):
                while not reaches(bus, self._to, self._need, self._message, self._purpose):
                    await self._receivers()
        except TimeoutError:
            why = why_nobody(bus, self._to, self._need, waited=True, message=self._message, purpose=self._purpose)
            text = f"{not_sent(self._to, self._message)} before its deadline: {why}"
            error = DeadlineExceeded(text, phase="route", message=self._message)
        except (NoRoute, ShuttingDown) as refused:
            unroutable(bus, refused, self._to, self._sender)
            del self
            raise
        try:
            # Raised here, not where the time ran out: that one's frames keep the task that this one ends.
            if error is not None:
                unroutable(bus, error, self._to, self._sender)
                raise error
        finally:
            del error, self  # it keeps this frame, see outcome

    async def _receivers(self) -> None:
        bus = self._bus
        if bus.closing:
            raise ShuttingDown(f"{bus.name} is shutting down", message=self._message)
        there = RouteWait(self._to, self._message, bus.loop)
        bus.tell_router(AwaitReceivers(self._to, self._need, there, self._message, self._purpose))
        try:
            await there
        finally:
            if there.cancelled():
                bus.tell_router(ForgetWait(there))
            del there, self

    def get(self, *, timeout: float | None = None) -> R:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the send waits for a peer on this very event loop: await it")

    def __del__(self) -> None:
        if not self._awaited and not self._bus.loop.is_closed():
            error = NoRoute(
                f"{not_sent(self._to, self._message)}: it was to wait for a receiver, and was not awaited; await it",
                message=self._message,
            )
            unroutable(self._bus, error, self._to, self._sender)
