"""Whether a value that was decoded can be sent on: where a decoder takes more than travels, the rest is refused."""

# Law: what is decoded as a type can be encoded as that type again, so no peer can hand an actor a value that makes its
#      next send fail. The decoder of a type keeps that itself, but for these: `Any`, where it makes dates, extensions
#      and tuples as keys; a datetime that has no year in UTC; a signaling NaN; what is nested in itself too deeply.
# What a class says is its default did not arrive, and is its own affair: each test is of the classes that arrive only.
# It is Python text that is compiled, as in `compiled_check`.

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import inspect

from .compiled_check import WITH_FIELDS, Compiler
from .exact import MANY, is_plain

__all__ = ["arrival_check"]

#: What a decoder makes where no type is declared, and no plain value is.
_NEVER_PLAIN: Final = frozenset({dt.datetime, msgspec.msgpack.Ext})


def arrival_check(info: inspect.Type) -> Callable[[Any], bool] | None:
    """A function that tells whether a decoded value of the type can be sent on; None where each can.

    What it raises is a no as well (RecursionError).
    """
    return _Arrivals().entry(info) if _lenient(info) else None


class _Arrivals(Compiler):
    def _fields(self, info: Any) -> list[str]:
        return [
            f"{self.name_of(_is_as_default)}({self._get(field.name)})"
            if _is_any(field.type) and not field.required
            else self._test(field.type, self._get(field.name))
            for field in info.fields
            if _lenient(field.type)
        ]

    def _of_class(self, cls: str, info: Any) -> str:
        return f"v.__class__ is not {cls} or ({' and '.join(self._fields(info))})"

    def _test(self, info: Any, get: str) -> str:
        if isinstance(info, inspect.Metadata):
            return self._test(info.type, get)
        if isinstance(info, WITH_FIELDS):
            return f"{self.function_of(info)}({get})"
        x = self._fresh()
        other = f"(({x} := {get}).__class__ is not"
        match info:
            case inspect.UnionType(types=types) if not _is_any(info):
                tests = [self._test(each, x) for each in types if _lenient(each)]
                return f"(({x} := {get}) is None or {' and '.join(tests)})"
            case inspect.DateTimeType():
                zone = f"{x}.tzinfo is None or {x}.tzinfo is {self.name_of(dt.UTC)}"
                return f"{other} {self.name_of(dt.datetime)} or {zone} or {self.name_of(_has_year)}({x}))"
            case inspect.DecimalType():
                return f"{other} {self.name_of(Decimal)} or not {x}.is_snan())"
            case inspect.DictType(key_type=keys, value_type=values):
                parts = ((keys, x), (values, f"{x}.values()"))
                tests = [self._all(each, many) for each, many in parts if _lenient(each)]
                return f"{other} {self.name_of(dict)} or {' and '.join(tests)})"
            case inspect.TupleType(item_types=items):
                tests = [self._test(item, f"{x}[{place}]") for place, item in enumerate(items) if _lenient(item)]
                short = f"{self.name_of(len)}({x}) != {len(items)}"
                return f"{other} {self.name_of(tuple)} or {short} or {' and '.join(tests)})"
            case _ if type(info) in MANY:
                return f"{other} {self.name_of(MANY[type(info)])} or {self._all(info.item_type, x)})"
            case inspect.TypedDictType():
                return f"{other} {self.name_of(dict)} or flaw({self.name_of(info)}, {x}, '') is None)"
            case _:
                return super()._test(inspect.AnyType(), get)


def _lenient(info: inspect.Type) -> bool:
    """The decoder takes for a value of the type what cannot be sent on, or a class stands in itself."""
    return _found_lenient(info, (), set())


def _found_lenient(info: Any, within: tuple[object, ...], strict: set[object]) -> bool:
    """`within`: the classes in which it stands. `strict`: those that are known to be none of these."""
    match info:
        case inspect.Metadata(type=inner):
            return _found_lenient(inner, within, strict)
        case inspect.AnyType() | inspect.DateTimeType() | inspect.DecimalType():
            return True
        case inspect.DictType(key_type=key, value_type=value):
            return _found_lenient(key, within, strict) or _found_lenient(value, within, strict)
        case inspect.TupleType(item_types=types) | inspect.UnionType(types=types):
            return any(_found_lenient(each, within, strict) for each in types)
        case _ if type(info) in MANY:
            return _found_lenient(info.item_type, within, strict)
        case _ if isinstance(info, (*WITH_FIELDS, inspect.TypedDictType)) and info.cls not in strict:
            inside = (*within, info.cls)
            if info.cls in within or any(_found_lenient(field.type, inside, strict) for field in info.fields):
                return True
            strict.add(info.cls)
            return False
        case _:
            return False


def _is_any(info: inspect.Type) -> bool:
    """Anything may stand there, whatever is declared beside it."""
    match info:
        case inspect.Metadata(type=inner):
            return _is_any(inner)
        case inspect.UnionType(types=types):
            return any(map(_is_any, types))
        case _:
            return isinstance(info, inspect.AnyType)


def _has_year(value: dt.datetime) -> bool:
    try:
        value.astimezone(dt.UTC)
    except OverflowError:
        return False
    return True


def _is_as_default(value: Any) -> bool:
    """Of a field without a declared type that has a default, which may be anything."""
    return value.__class__ not in _NEVER_PLAIN and (value.__class__ not in (list, dict) or is_plain(value))
