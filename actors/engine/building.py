"""For which cell this thread is building an actor, and in which context what it starts will run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Protocol, TypeVar

from ..base import CURRENT_BUS, OfThread
from .behaviour import Behaviour

__all__ = ["BUILDING", "Claim", "build_for", "context_on"]

A = TypeVar("A")


class Claim(Protocol):
    """A cell that waits for its actor: the actor's `__init__` takes it."""

    def claim(self, actor: Behaviour) -> object:
        """The cell of `actor`, which is being built."""


class _Building(threading.local):
    """What this thread is building. A factory runs to its end on one thread, so no task can begin with it set."""

    #: Set while a factory runs; the first actor that is made takes it.
    claim: Claim | None = None


BUILDING = _Building()


def build_for(cell: Claim, factory: Callable[[], A]) -> A:
    """Call a factory: the `__init__` of the actor that it makes finds `cell`."""
    outer, BUILDING.claim = BUILDING.claim, cell
    try:
        return factory()
    finally:
        BUILDING.claim = outer


def context_on(bus: OfThread) -> Context:
    """A copy of the caller's context, for what it starts on `bus`."""
    context = copy_context()
    if context.get(CURRENT_BUS) is not bus:
        context.run(CURRENT_BUS.set, bus)
    return context
