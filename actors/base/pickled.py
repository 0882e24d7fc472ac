"""Errors that cross a process: pickled and copied with all that they carry, whatever their constructors ask for.

Laws:
1. No constructor is called again: one with arguments of its own, as a user's subclass has, changes nothing.
2. An error always arrives. What it carries and cannot be pickled, or not be rebuilt at the other end, arrives as
   `NotPickled`; such a cause arrives as `RemoteError` with its class and text; an error of a class that is not found
   there, as one that is made in a function, arrives as the nearest of its base classes.
3. A copy is always had: where none can be made, it is the error itself.
"""

from __future__ import annotations

import contextlib
import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, TypeVar

__all__ = ["Crossing", "NotPickled", "copied", "packed", "reduced", "unpacked"]

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
    state = {name: packed(value) for name, value in _state(error).items()}
    cause = None if error.__cause__ is None else Crossing.of(error.__cause__, stand_in)
    return _rebuilt, (_classes(type(error)), tuple(map(packed, error.args)), state, cause)


def copied(error: E, memo: dict[int, object] | None = None) -> E:
    """A copy with the same cause: a deep one with the `memo` of `copy.deepcopy`, which shares what has no copy."""
    try:
        if memo is None:
            return _made(type(error), error.args, _state(error), error.__cause__)
        made = _made(type(error), (), {}, error.__cause__)
        memo[id(error)] = made
        _set(made, "args", tuple(_deep(value, memo) for value in error.args))
        for name, value in _state(error).items():
            _set(made, name, _deep(value, memo))
    except Exception:  # noqa: BLE001  # of a user's class, see law 3
        return error
    return made


def _state(error: BaseException) -> dict[str, object]:
    state: Any = error.__getstate__()
    if isinstance(state, tuple):  # a subclass with `__slots__`
        plain, slots = state
        found = {**(plain or {}), **slots}
    else:
        found = {**(state or {})}
    for cls in type(error).__mro__:
        # What Python's own errors keep beside their arguments, as the place in the bytes of a UnicodeDecodeError.
        if cls.__module__ == "builtins" and cls not in _WITHOUT_FIELDS:
            for name, kind in vars(cls).items():
                if isinstance(kind, MemberDescriptorType | GetSetDescriptorType) and not name.startswith("_"):
                    value = getattr(error, name, None)
                    if value is not None:
                        found[name] = value
    return found


#: Of these, and of object, the state says all.
_WITHOUT_FIELDS = (BaseException, Exception, object)
#: Whatever a class makes of it: one that is a frozen dataclass refuses to be set.
_set = object.__setattr__


def _made(cls: type[E], args: tuple[object, ...], state: dict[str, object], cause: BaseException | None) -> E:
    error = cls.__new__(cls, *args)
    _set(error, "args", args)
    for name, value in state.items():
        with contextlib.suppress(AttributeError):  # one that is not to be set, of Python's own: it is as it was made
            _set(error, name, value)
    if cause is not None:
        _set(error, "__cause__", cause)
    return error


def _rebuilt(
    classes: tuple[bytes, ...], args: tuple[object, ...], state: dict[str, object], cause: Crossing | None
) -> BaseException:
    args = tuple(map(unpacked, args))
    state = {name: unpacked(value) for name, value in state.items()}
    why = None if cause is None else cause.exception()
    for pickled in classes:
        with contextlib.suppress(Exception):  # it is not found here, or cannot be made: the next one is its base
            cls: type[BaseException] = pickle.loads(pickled)  # noqa: S301  # part of a pickle that is being loaded
            return _made(cls, args, state, why)
    return _made(Exception, args, state, why)


def _classes(cls: type[BaseException]) -> tuple[bytes, ...]:
    """The class and its bases, each pickled by its name, as far as one that is certainly found."""
    found: list[bytes] = []
    for each in cls.__mro__:
        if issubclass(each, BaseException):
            with contextlib.suppress(Exception):  # it has no name that is found: it is made in a function
                found.append(pickle.dumps(each))
            if each.__module__.startswith("peerbus."):
                break
    return tuple(found)


def packed(value: object) -> object:
    """A value that an error carries, as it crosses."""
    if isinstance(value, str | bytes | int | float | None):
        return value
    try:
        return _Packed(type(value).__qualname__, pickle.dumps(value))
    except Exception:  # noqa: BLE001  # whatever a user's class raises: the error is to arrive all the same
        return NotPickled(type(value).__qualname__, _text(value, repr))


@dataclass(frozen=True, slots=True)
class _Packed:
    """A value on its way: pickled apart, as a cause is."""

    type_name: str
    pickled: bytes


def unpacked(value: object) -> object:
    """What arrived of it: the value, or `NotPickled`."""
    if not isinstance(value, _Packed):
        return value
    try:
        return pickle.loads(value.pickled)  # noqa: S301  # as above
    except Exception as error:  # noqa: BLE001  # as above
        return NotPickled(value.type_name, _text(error, lambda found: f"it cannot be rebuilt: {found}"))


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
class Crossing:
    """An error within another on its way: pickled apart, so that what cannot be rebuilt does not take all with it."""

    type_name: str
    text: str
    pickled: bytes | None
    stand_in: Callable[[str, str], BaseException]

    @classmethod
    def of(cls, cause: BaseException, stand_in: Callable[[str, str], BaseException]) -> Crossing:
        """The error, as it crosses; `stand_in(class, text)` makes what stands for one that does not arrive."""
        try:
            pickled = pickle.dumps(cause)
        except Exception:  # noqa: BLE001  # as above
            pickled = None
        return cls(type(cause).__name__, _text(cause, str), pickled, stand_in)

    def exception(self) -> BaseException:
        """The cause, or what stands for it."""
        if self.pickled is not None:
            try:
                cause = pickle.loads(self.pickled)  # noqa: S301  # it is part of a pickle that is being loaded
            except Exception:  # noqa: BLE001  # as of an exception whose constructor wants more than its text
                cause = None
            if isinstance(cause, BaseException):
                return cause
        return self.stand_in(self.type_name, self.text)
