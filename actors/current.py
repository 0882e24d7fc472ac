"""What is running here: which bus's loop thread this is, and for whom an actor is being built."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .actor import Actor
    from .bus import Bus
    from .cell import Cell

__all__ = ["BUILDING", "CURRENT_BUS", "Claim", "context_on", "current_bus"]


class Claim(Protocol):
    """A cell that waits for its actor: the actor's `__init__` takes it."""

    def claim(self, actor: Actor) -> Cell:
        """The cell of `actor`, which is being built."""


#: Set while a factory runs; the first actor that is made takes it.
BUILDING: ContextVar[Claim | None] = ContextVar("peerbus_building", default=None)
#: Set in everything that runs on a bus's loop.
CURRENT_BUS: ContextVar[Bus | None] = ContextVar("peerbus_bus", default=None)


def current_bus() -> Bus | None:
    """The bus on whose event-loop thread this code runs; None elsewhere."""
    bus = CURRENT_BUS.get()
    return bus if bus is not None and bus.thread == get_ident() else None


def context_on(bus: Bus) -> Context:
    """A copy of the caller's context, for what it starts on `bus`."""
    context = copy_context()
    if context.get(CURRENT_BUS) is not bus:
        context.run(CURRENT_BUS.set, bus)
    if context.get(BUILDING) is not None:
        context.run(BUILDING.set, None)
    return context
