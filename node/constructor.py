"""Whether what a configuration says of a reactor is what its constructor takes, without calling it."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from ..actors.actor import Actor
from ..actors.reactor import Reactor

__all__ = ["check_arguments"]

#: What TOML has, by the names that a person knows them by. Where a constructor wants anything else, it converts.
_PLAIN: Mapping[object, str] = {
    int: "an integer",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def check_arguments(reactor: type[Reactor], given: Mapping[str, object]) -> None:
    """Raise TypeError where `reactor(**given)` would: an argument is missing, unknown, or of another type.

    Of types only those are looked at that a configuration can write: int, float, str, bool, list, dict, a choice of
    them, a Literal. Others, and those of annotations that cannot be resolved, are left to the constructor.
    """
    constructor = reactor.__init__
    if constructor in (Reactor.__init__, Actor.__init__):  # these take anything, for Pykka's sake, and forget it
        if given:
            raise TypeError(f"it takes no arguments, args has {', '.join(map(repr, given))}")
        return
    signature = inspect.signature(reactor)
    try:
        signature.bind(**given)
    except TypeError as error:
        takes = ", ".join(str(parameter) for parameter in signature.parameters.values())
        raise TypeError(f"{error}; it takes ({takes})") from None
    try:
        hints = typing.get_type_hints(constructor)
    except Exception:  # noqa: BLE001  # an annotation that only a type checker can resolve
        return
    for name, value in given.items():
        wanted = hints.get(name, Any)
        if not _fits(value, wanted):
            raise TypeError(f"args.{name} is {value!r}, not {_named(wanted)}")


def _fits(value: object, wanted: object) -> bool:
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is list and isinstance(value, Sequence) and not isinstance(value, str) and parts:
        return all(_fits(each, parts[0]) for each in value)
    if origin is dict and isinstance(value, Mapping) and parts:
        return all(_fits(each, parts[1]) for each in value.values())
    plain = origin or wanted
    if plain not in _PLAIN:
        return wanted is not types.NoneType  # TOML has no null
    if plain is bool or isinstance(value, bool):
        return plain is bool and isinstance(value, bool)
    return isinstance(value, int | float) if plain is float else isinstance(value, typing.cast("type", plain))


def _named(wanted: object) -> str:
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return " or ".join(_named(part) for part in parts if part is not types.NoneType)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, parts))
    named = _PLAIN.get(origin or wanted)
    return str(wanted) if named is None else named if not parts else f"{named} ({wanted})"
