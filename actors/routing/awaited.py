"""What the router is told of a send that waits until somebody answers to its address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..base import SendError
from ..messages import Address, GroupAddress
from .purpose import Purpose

__all__ = ["AwaitReceivers", "ForgetWait", "RouteWait"]


class RouteWait(asyncio.Future[None]):
    """What a send awaits that waits for receivers: an edge of the wait-for graph that leads to nobody yet."""

    #: As `WaitView.what`.
    what = "route"

    def __init__(self, to: Address[Any] | GroupAddress[Any], message: object, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.to = to
        self.message = message

    @property
    def wait(self) -> RouteWait:
        """It is awaited by itself; see `deadlock.Wait`."""
        return self

    def holder(self) -> object:
        """Nobody: whom it waits for is not there."""
        return self

    def place_of(self, _: object) -> str:
        """The address that nobody answers to."""
        return str(self.to)

    def over(self) -> bool:
        """It waits no longer."""
        return self.done()

    def give_up(self, error: SendError) -> None:
        """End it with an error."""
        if not self.done():
            self.set_exception(error)


@dataclass(frozen=True, slots=True)
class AwaitReceivers:
    """Complete `there` once `need` receivers answer to the address, and can take the message.

    With NoRoute where too many sends wait already. `purpose`: of the message.
    """

    to: Address[Any] | GroupAddress[Any]
    need: int
    there: asyncio.Future[None]
    message: object = None
    purpose: Purpose = Purpose.TELL


@dataclass(frozen=True, slots=True)
class ForgetWait:
    """The send waits no longer."""

    there: asyncio.Future[None]
