"""How to hear what an error means: a command, named in its traceback, at no cost until somebody prints it.

It is a note (PEP 678), not a part of `str(error)`: a traceback, a test's report and a log with a traceback show it on a
line of its own, while texts stay what they are where they are compared, travel in a RemoteError, or stand in one line
of a log. It is a command and not an address, so that it works from what is installed, offline.
"""

from __future__ import annotations

from typing import Final

__all__ = ["EXPLAIN", "HelpNotes", "help_of"]

#: What shows cause and cure of the errors that are named after it, as docs/errors.md has them.
EXPLAIN: Final = "peerbus explain"


class HelpNotes:
    """`__notes__` of an error that has no note yet: made when a traceback or `add_note` first looks at them."""

    def __get__(self, error: BaseException | None, owner: type[BaseException]) -> list[str]:
        """A list that is the error's own from then on, with what explains it."""
        if error is None:
            return []
        notes = vars(error).setdefault("__notes__", [f"see {help_of(error)}"])
        return notes if isinstance(notes, list) else []


def help_of(error: BaseException) -> str:
    """The command that explains an error's own class, or the nearest of its bases that is the bus's.

    Of what a handler raised at a peer, also the error of the bus which it was there.
    """
    name = _documented_name(type(error))
    raised = getattr(error, "code", None)
    there = next((each for each in _documented(type(error)) if each.__name__ == raised), None)
    return f"{EXPLAIN} {name}" if there is None else f"{EXPLAIN} {name} {there.__name__}"


def _documented_name(cls: type[BaseException]) -> str:
    return next((each for each in cls.__mro__ if each.__module__.startswith("peerbus.")), cls).__name__


def _documented(cls: type[BaseException]) -> list[type[BaseException]]:
    """All errors of the bus with the same root."""
    root = next((each for each in reversed(cls.__mro__) if each.__module__.startswith("peerbus.")), cls)
    found, left = [], [root]
    while left:
        each = left.pop()
        found.append(each)
        left += each.__subclasses__()
    return [each for each in found if each.__module__.startswith("peerbus.")]
