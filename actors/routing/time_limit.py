"""What time a send has: what it says, else what its channel says, else the default."""

from __future__ import annotations

from typing import Any

from ..engine import Ref
from ..messages import DEFAULT_TIMEOUT, Address, GroupAddress
from .directory import Directory

__all__ = ["deadline_of", "seconds_of"]


def seconds_of(bus: Directory, to: Ref[Any] | Address[Any] | GroupAddress[Any], timeout: float | None) -> float:
    """What a send to that address or actor may take, in seconds; `timeout`: what it says. From any thread."""
    if timeout is not None:
        return timeout
    return to._cell.timeout if isinstance(to, Ref) else _default(bus, to.reactor)


def deadline_of(bus: Directory, reactor: str, timeout: float | None) -> float:
    """Deadline (loop clock) of a send to `reactor`; `timeout` in seconds, None: the channel's."""
    return bus.loop.time() + (_default(bus, reactor) if timeout is None else timeout)


def _default(bus: Directory, reactor: str) -> float:
    channel = bus.channels.get(reactor)
    return DEFAULT_TIMEOUT if channel is None else channel.timeout
