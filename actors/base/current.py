"""Which bus's event loop runs this code."""

from __future__ import annotations

from contextvars import ContextVar
from threading import get_ident
from typing import Protocol

__all__ = ["CURRENT_BUS", "OfThread", "current_bus"]


class OfThread(Protocol):
    """A bus, as far as this file knows one."""

    #: The identifier of its loop's thread.
    thread: int


#: Set in everything that runs on a bus's loop.
CURRENT_BUS: ContextVar[OfThread | None] = ContextVar("peerbus_bus", default=None)


def current_bus() -> OfThread | None:
    """The bus on whose event-loop thread this code runs; None elsewhere."""
    bus = CURRENT_BUS.get()
    return bus if bus is not None and bus.thread == get_ident() else None
