"""Where the documentation says what an error means: named in its traceback, at no cost until somebody prints it.

The place is a note (PEP 678), not a part of `str(error)`: a traceback, a test's report and a log with a traceback show
it on a line of its own, while texts stay what they are where they are compared, travel in a RemoteError, or stand in
one line of a log.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAGE", "HelpNotes", "help_of"]

#: The page, as the repository has it. An error's anchor is the name of its class in small letters.
PAGE: Final = "docs/errors.md"


class HelpNotes:
    """`__notes__` of an error that has no note yet: made when a traceback or `add_note` first looks at them."""

    def __get__(self, error: BaseException | None, owner: type[BaseException]) -> list[str]:
        """A list that is the error's own from then on, with the place of its help."""
        if error is None:
            return []
        notes = vars(error).setdefault("__notes__", [f"see {help_of(error)}"])
        return notes if isinstance(notes, list) else []


def help_of(error: BaseException) -> str:
    """The place of an error's own class, or of the nearest of its bases that is the bus's.

    Of what a handler raised at a peer, also that of the error of the bus which it was there.
    """
    place = _place(type(error))
    raised = getattr(error, "code", None)
    there = next((each for each in _documented(type(error)) if each.__name__ == raised), None)
    return place if there is None else f"{place}, and {_place(there)} for what was raised there"


def _place(cls: type[BaseException]) -> str:
    own = next((each for each in cls.__mro__ if each.__module__.startswith("peerbus.")), cls)
    return f"{PAGE}#{own.__name__.lower()}"


def _documented(cls: type[BaseException]) -> list[type[BaseException]]:
    """All errors of the bus with the same root."""
    root = next((each for each in reversed(cls.__mro__) if each.__module__.startswith("peerbus.")), cls)
    found, left = [], [root]
    while left:
        each = left.pop()
        found.append(each)
        left += each.__subclasses__()
    return [each for each in found if each.__module__.startswith("peerbus.")]
