"""The hooks of an actor's start and end: one after the other, each of them `def` or `async def`; and `on_failure`.

Not of the compiled core, for the stall watch: whose hook holds the loop, it reads from the frames that stand here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from .behaviour import Behaviour
from .named_actor import log
from .state import State

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["hear_failure", "run_hooks"]

Then = Callable[[BaseException | None], object]


class Hooked(Protocol):
    """Whose hooks they are."""

    @property
    def state(self) -> State:
        """Where in its life it is."""

    @property
    def named(self) -> dict[str, str]:
        """The fields of a log line that say which actor it is about."""

    @property
    def log(self) -> FilteringBoundLogger:
        """Where it says what Pykka's actors say too."""

    def run_hook(self, awaitable: object, then: Then) -> None:
        """Run an `async def` hook to its end, then call `then(error)`."""

    def exits(self, error: BaseException) -> None:
        """A hook raised this: end the program where it is to."""


def run_hooks(cell: Hooked, hooks: tuple[Callable[[], object], ...], then: Then) -> None:
    """Run them, then call `then(error)`.

    As long as the actor is where it was when they began: a start that is cut short begins no hook more. At the start
    the first that fails is the last; at the end each may clean up.
    """
    first, rest = hooks[0], hooks[1:]
    if not rest:
        _run(cell, first, then)
        return
    began_in = cell.state

    def go_on(error: BaseException | None) -> None:
        if cell.state is not began_in or (error is not None and began_in is State.STARTING):
            then(error)
            return
        if isinstance(error, asyncio.CancelledError):
            log.warning("on_stopping was cut short", **cell.named)
        elif error is not None:
            cell.log.error("on_stopping failed", **cell.named, exc_info=error)
            cell.exits(error)
        run_hooks(cell, rest, then)

    _run(cell, first, go_on)


def call_hook(cell: object, hook: Callable[[], object]) -> object:
    """Call a hook of `cell`. Apart from what follows it, for the watch."""
    return hook()


def hear_failure(cell: Hooked, actor: Behaviour, error: BaseException) -> None:
    """Tell the actor that it failed."""
    try:
        actor.on_failure(type(error), error, error.__traceback__)
    except BaseException as raised:  # user code
        cell.log.error("on_failure failed", **cell.named, exc_info=raised)
        cell.exits(raised)


def _run(cell: Hooked, hook: Callable[[], object], then: Then) -> None:
    try:
        result = call_hook(cell, hook)
    except BaseException as error:  # noqa: BLE001  # user code
        then(error)
        return
    if result is not None and hasattr(result, "__await__"):
        cell.run_hook(result, then)
    else:
        then(None)
