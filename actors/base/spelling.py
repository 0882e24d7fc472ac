"""What somebody probably meant by a word that is none: one rule for keys, flags, names and arguments."""

# Law. Wherever a word is looked up among few that are known, the error that refuses it names the nearest of them.

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

__all__ = ["did_you_mean", "nearest", "spelled"]

#: How alike two words have to be, as difflib measures it, where nobody says.
ALIKE = 0.6
_UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'$")

C = TypeVar("C", bound=type[Any])


def nearest(word: str, known: Iterable[str], *, alike: float = ALIKE) -> str | None:
    """The one of `known` that is most like `word`; None: none of them is. Case, `-` and `_` do not count."""
    import difflib  # only who has misspelled something waits for it

    plain: dict[str, str] = {}
    for each in known:
        plain.setdefault(_plain(each), each)
    found = difflib.get_close_matches(_plain(word[:80]), plain, n=1, cutoff=alike)
    return plain[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """The end of a sentence that refuses `word`: `; did you mean 'blocks'?`; `otherwise` where nothing is like it."""
    found = nearest(word, known)
    return otherwise if found is None else f"; did you mean {found!r}?"


def spelled(cls: C) -> C:
    """Let a constructor name the argument that was probably meant, as Python does by itself from 3.13 on.

    For what people write by hand and programs make once: it costs a call 0.1 us before Python 3.13.
    """
    if sys.version_info < (3, 13):
        cls.__init__ = _with_suggestions(cls.__init__)
    return cls


def _with_suggestions(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def called(*args: object, **kwargs: object) -> None:
        try:
            function(*args, **kwargs)
        except TypeError as error:
            wrong = _UNEXPECTED.search(str(error))
            at = error.__traceback__
            if wrong is None or at is None or at.tb_next is not None:  # raised by what the constructor has called
                raise
            found = nearest(wrong[1], _keywords(function))
            if found is None:
                raise
            raise TypeError(f"{error}. Did you mean {found!r}?") from None

    return called


def _keywords(function: Callable[..., None]) -> list[str]:
    import inspect

    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return [each.name for each in parameters if each.kind in kinds]


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-")
