"""What a program started and did not stop: at its exit it is told so, and what was started ends in order.

By `atexit`, so when the program's own threads have ended and its own exit functions have run. Threads of the bus are
daemons, which live until these functions have returned, and keep no program alive.
"""

from __future__ import annotations

import atexit
import logging  # before `atexit.register`: its own exit function is to run after this one
import warnings
from typing import Protocol

from .log import get_logger
from .references import Reference, reference

__all__ = ["Unfinished", "finish_at_exit", "finished", "warn_unfinished"]

assert logging  # it is imported for what it does

log = get_logger("peerbus.actors")


class Unfinished(Protocol):
    """Something that is to be stopped before the program ends."""

    def finish(self) -> None:
        """Nobody stopped it: say so, by `warn_unfinished`, and stop it, in a bounded time."""


#: In the order of their starts.
_UNFINISHED: dict[Reference[Unfinished], None] = {}


def finish_at_exit(started: Unfinished) -> None:
    """Call `started.finish()` at the program's exit, unless it is `finished` by then, or gone."""
    _UNFINISHED[reference(started, _forget)] = None


def finished(started: Unfinished) -> None:
    """It has ended."""
    _UNFINISHED.pop(reference(started), None)


def warn_unfinished(what: str, instead: str) -> None:
    """Say that it was not stopped, to whoever reads logs and to whoever asks Python for warnings."""
    log.warning(f"{what} was not stopped, it ends with the program", hint=instead)
    warnings.warn(f"{what} was not stopped: {instead}", ResourceWarning, stacklevel=3)


def _forget(gone: Reference[Unfinished]) -> None:
    _UNFINISHED.pop(gone, None)


@atexit.register
def _finish_all() -> None:
    while _UNFINISHED:
        one = next(iter(_UNFINISHED))
        del _UNFINISHED[one]
        started = one()
        if started is not None:
            try:
                started.finish()
            except (SystemExit, KeyboardInterrupt) as error:  # an actor's, handed on where nobody is left
                log.error("the program is at its exit already", error=repr(error))
            except BaseException as error:  # the next one is to be stopped all the same
                log.error("it could not be stopped at the program's exit", exc_info=error)
