"""For which cell an actor is being built, and in which context."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from typing import Protocol

from ..base import CURRENT_BUS, OfThread
from .behaviour import Behaviour

__all__ = ["BUILDING", "Claim", "context_on"]


class Claim(Protocol):
    """A cell that waits for its actor: the actor's `__init__` takes it."""

    def claim(self, actor: Behaviour) -> object:
        """The cell of `actor`, which is being built."""


#: Set while a factory runs; the first actor that is made takes it.
BUILDING: ContextVar[Claim | None] = ContextVar("peerbus_building", default=None)


def context_on(bus: OfThread) -> Context:
    """A copy of the caller's context, for what it starts on `bus`."""
    context = copy_context()
    if context.get(CURRENT_BUS) is not bus:
        context.run(CURRENT_BUS.set, bus)
    if context.get(BUILDING) is not None:
        context.run(BUILDING.set, None)
    return context
