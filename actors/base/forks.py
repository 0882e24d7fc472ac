"""After `os.fork()`: what ran in the parent runs there only, and every call of it in the child raises and says so.

Threads and event loops do not come along into a child; what was copied of them is a picture that nobody works on. A
call costs nothing for this: in the child the methods themselves are replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import NoReturn, Protocol

from .errors import ProcessForked
from .references import Reference, reference

__all__ = ["Forked", "forked_error", "not_in_child", "refuse_calls", "runs_no_more", "silence"]


class Forked(Protocol):
    """Something that runs, and not in the child of a fork."""

    def forked(self) -> None:
        """This process is such a child: refuse every call. No lock may be taken: a thread of the parent may hold it."""


_RUNNING: set[Reference[Forked]] = set()


def not_in_child(running: Forked) -> None:
    """Call `running.forked()` in each child that this process makes by fork."""
    _RUNNING.add(reference(running, _RUNNING.discard))


def runs_no_more(running: Forked) -> None:
    """It has ended, here and so in every child."""
    _RUNNING.discard(reference(running))


def _in_child() -> None:
    for one in tuple(_RUNNING):
        running = one()
        if running is not None:
            running.forked()
    _RUNNING.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def forked_error(what: object, message: object = None) -> ProcessForked:
    """The error of a call in the child."""
    return ProcessForked(
        f"this process is the child of a fork, and {what} runs in its parent (pid {os.getppid()}) only: "
        "start one here, or make processes by `spawn`",
        message=message,
    )


def refuse_calls(of: object, what: str, names: Iterable[str]) -> None:
    """Let these methods of an object raise ProcessForked from now on."""
    for name in names:
        of.__dict__[name] = partial(_refuse, what)


def silence(of: object, names: Iterable[str]) -> None:
    """Let these methods of an object do nothing from now on, and return None."""
    for name in names:
        of.__dict__[name] = _nothing


def _refuse(what: str, /, *_args: object, **_kwargs: object) -> NoReturn:
    raise forked_error(what)


def _nothing(*_args: object, **_kwargs: object) -> None:
    return None
