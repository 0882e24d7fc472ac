"""What a cell becomes in the child of a fork: every send to its actor raises, and says where the actor runs."""

from __future__ import annotations

from threading import RLock
from typing import Any, NoReturn

from ..base import ENDED, ProcessForked, forked_error
from .life import Life
from .state import State

__all__ = ["refuse_sends"]


class _OfParent:
    """What a cell becomes in the child."""

    __slots__ = ()

    def _refuse(self, message: object = None, *_args: object, **_kwargs: object) -> NoReturn:
        raise forked_error(f"the actor {self}", message)

    tell = ask = tell_foreign = pour = inform = _refuse

    def _refuse_stop(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise forked_error(f"the actor {self}")

    request_stop = kill = post = _refuse_stop

    def dead_error(self, _ref: object, message: object) -> NoReturn:
        """Raise at once, also where a future could say it."""
        raise forked_error(f"the actor {self}", message)

    def lost(self) -> ProcessForked:
        """Why its answers never come."""
        return forked_error(f"the actor {self}")

    def _nothing(self, *_args: object, **_kwargs: object) -> None:
        return None

    undelivered = unheard = _nothing


_CLASSES: dict[type, type] = {}


def refuse_sends(cell: Life) -> None:
    """Let every send to this cell raise ProcessForked."""
    kind: Any = type(cell)
    if issubclass(kind, _OfParent):
        return
    if kind not in _CLASSES:
        _CLASSES[kind] = type(f"{kind.__name__}OfParent", (_OfParent, kind), {"__slots__": ()})
    mailbox = cell.mailbox
    mailbox._door = RLock()  # a thread of the parent may have held it
    mailbox.owner = ENDED
    mailbox.wake = mailbox.wake_threadsafe = _woken
    mailbox.scheduled = True  # nobody looks for what comes
    cell.state = State.STOPPED
    cell.stopped.flag = True
    cell.__class__ = _CLASSES[kind]


def _woken() -> None:
    """Nothing runs the actor here that could be woken."""
