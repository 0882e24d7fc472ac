"""Errors that cross a process: pickled and copied with all that they carry, whatever their constructors ask for.

Laws:
1. No constructor is called again: one with arguments of its own, as a user's subclass has, changes nothing.
2. An error always arrives. What it carries and cannot be pickled arrives as `NotPickled`; a cause that cannot be
   pickled, or not be rebuilt at the other end, arrives as `RemoteError` with its class and text.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["NotPickled", "copied", "reduced"]

E = TypeVar("E", bound=BaseException)
V = TypeVar("V")

#: Characters of a text that stands for a value: a message may be of 16 MiB.
MOST_TEXT = 1000

#: What `reduced` returns: the function and the arguments that make the error anew.
Reduced = tuple[Callable[..., BaseException], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class NotPickled:
    """Stands where an error carried something that cannot be pickled: its class, and its `repr` in short."""

    type_name: str
    text: str


def reduced(error: BaseException, stand_in: Callable[[str, str], BaseException]) -> Reduced:
    """What an error's `__reduce__` returns. `stand_in(class, text)` makes what stands for a cause; see law 2."""
    state = {name: _portable(value) for name, value in _state(error).items()}
    cause = None if error.__cause__ is None else _Cause.of(error.__cause__, stand_in)
    return _rebuilt, (type(error), tuple(map(_portable, error.args)), state, cause)


def copied(error: E, memo: dict[int, object] | None = None) -> E:
    """A copy with the same cause: a deep one with the `memo` of `copy.deepcopy`, which shares what has no copy."""
    if memo is None:
        return _made(type(error), error.args, _state(error), error.__cause__)
    made = _made(type(error), (), {}, error.__cause__)
    memo[id(error)] = made
    made.args = tuple(_deep(value, memo) for value in error.args)
    for name, value in _state(error).items():
        setattr(made, name, _deep(value, memo))
    return made


def _state(error: BaseException) -> dict[str, object]:
    state: Any = error.__getstate__()
    if isinstance(state, tuple):  # a subclass with `__slots__`
        plain, slots = state
        return {**(plain or {}), **slots}
    return {**(state or {})}


def _made(cls: type[E], args: tuple[object, ...], state: dict[str, object], cause: BaseException | None) -> E:
    error = cls.__new__(cls, *args)
    error.args = args
    for name, value in state.items():
        setattr(error, name, value)
    if cause is not None:
        error.__cause__ = cause
    return error


def _rebuilt(cls: type[E], args: tuple[object, ...], state: dict[str, object], cause: _Cause | None) -> E:
    return _made(cls, args, state, None if cause is None else cause.exception())


def _portable(value: object) -> object:
    if isinstance(value, str | bytes | int | float | None):
        return value
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001  # whatever a user's class raises: the error is to arrive all the same
        return NotPickled(type(value).__qualname__, _text(value, repr))
    return value


def _deep(value: V, memo: dict[int, object]) -> V:
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # noqa: BLE001  # a lock, a socket: the copy carries the same one
        return value


def _text(value: object, of: Callable[[object], str]) -> str:
    try:
        return of(value)[:MOST_TEXT]
    except Exception:  # noqa: BLE001  # user code
        return "(no text: making it fails)"


@dataclass(frozen=True, slots=True)
class _Cause:
    """A cause on its way: pickled apart, so that one which cannot be rebuilt does not take the error with it."""

    type_name: str
    text: str
    pickled: bytes | None
    stand_in: Callable[[str, str], BaseException]

    @classmethod
    def of(cls, cause: BaseException, stand_in: Callable[[str, str], BaseException]) -> _Cause:
        try:
            pickled = pickle.dumps(cause)
        except Exception:  # noqa: BLE001  # as above
            pickled = None
        return cls(type(cause).__name__, _text(cause, str), pickled, stand_in)

    def exception(self) -> BaseException:

        if self.pickled is not None:
            try:
                cause = pickle.loads(self.pickled)  # noqa: S301  # it is part of a pickle that is being loaded
            except Exception:  # noqa: BLE001  # as of an exception whose constructor wants more than its text
                cause = None
            if isinstance(cause, BaseException):
                return cause
        return self.stand_in(self.type_name, self.text)
