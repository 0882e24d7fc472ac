"""What the router is told of a send that waits until somebody answers to its address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..messages import Address, GroupAddress

__all__ = ["AwaitReceivers", "ForgetWait"]


@dataclass(frozen=True, slots=True)
class AwaitReceivers:
    """Complete `there` once `need` receivers answer to the address, and can take the message.

    With NoRoute where too many sends wait already. `asked`: see `way_to`.
    """

    to: Address[Any] | GroupAddress[Any]
    need: int
    there: asyncio.Future[None]
    message: object = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class ForgetWait:
    """The send waits no longer."""

    there: asyncio.Future[None]
