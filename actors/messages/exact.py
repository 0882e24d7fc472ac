"""Whether a value is exactly of its declared type, so that it arrives at another node as it was sent."""

# Law 1: a value that has no flaw is encoded and decoded to an equal value of the same types. Exactly of a type is
#        stricter than `isinstance`: a subclass loses what it adds, a tuple becomes a list where a list is declared.
# Law 2: one exception, as type checkers make it: where a float is declared an int of the same value may stand. It
#        arrives as that float.
# Law 3: where no type is declared (`Any`) stands a plain value: what MessagePack itself tells apart.

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, get_origin

import msgspec
from msgspec import inspect

from .travelling import NOWHERE, Destination, encoder_at, is_destination

__all__ = [
    "INTEGERS",
    "MANY",
    "PLAIN_SCALARS",
    "PLAIN_TEXT",
    "class_of",
    "first",
    "flaw",
    "is_plain",
    "plain_flaw",
    "spelled",
]

#: What a plain value is made of, beside lists and dicts with such keys.
PLAIN_SCALARS: Final = frozenset({type(None), bool, int, float, str, bytes})
#: The same in words.
PLAIN_TEXT: Final = "None, bool, int, float, str, bytes, and lists and dicts of these"
#: The integers that MessagePack has.
INTEGERS: Final = range(-(2**63), 2**64)

#: Types whose values need no further look.
_SIMPLE: Final[dict[type[inspect.Type], type]] = {
    inspect.NoneType: type(None),
    inspect.BoolType: bool,
    inspect.BytesType: bytes,
    inspect.ByteArrayType: bytearray,
    inspect.DateType: dt.date,
    inspect.TimeDeltaType: dt.timedelta,
    inspect.UUIDType: uuid.UUID,
    inspect.RawType: msgspec.Raw,
    inspect.ExtType: msgspec.msgpack.Ext,
}
#: Containers of one type of item.
MANY: Final[dict[type[inspect.Type], type]] = {
    inspect.ListType: list,
    inspect.SetType: set,
    inspect.FrozenSetType: frozenset,
    inspect.VarTupleType: tuple,
}
_NAMES: Final[dict[type[inspect.Type], str]] = {
    inspect.AnyType: "Any",
    inspect.NoneType: "None",
    inspect.IntType: "int",
    inspect.FloatType: "float",
    inspect.StrType: "str",
    inspect.DateTimeType: "datetime",
    inspect.TimeType: "time",
    inspect.DecimalType: "Decimal",
    inspect.MemoryViewType: "memoryview",
    inspect.TimeDeltaType: "timedelta",
}


_encode = encoder_at(NOWHERE)


def class_of(info: Any) -> type:
    """The class itself of a dataclass, a Struct or a named tuple, which may be generic."""
    found: type = get_origin(info.cls) or info.cls
    return found


def is_plain(value: Any) -> bool:
    """A value that needs no declared type to arrive as it was, as far as the encoder does not find it itself.

    Raises RecursionError where it is nested too deeply.
    """
    kind = value.__class__
    if kind in PLAIN_SCALARS:
        return True
    if kind is list:
        return PLAIN_SCALARS.issuperset(map(type, value)) or all(map(is_plain, value))
    return kind is dict and PLAIN_SCALARS.issuperset(map(type, value)) and all(map(is_plain, value.values()))


def plain_flaw(value: object, where: str) -> str | None:
    """What keeps it from being a plain value, None if nothing does. `where` names it."""
    kind = value.__class__
    if kind is list:
        assert isinstance(value, list)
        return first(plain_flaw(each, f"{where}[{place}]") for place, each in enumerate(value))
    if kind is dict:
        assert isinstance(value, dict)
        for key in value:
            if key.__class__ not in PLAIN_SCALARS:
                return f"{where} has a key of type {_name(key)}; without a declared type keys are plain scalars"
        return first(plain_flaw(key, f"the key {key!r} of {where}") for key in value) or first(
            plain_flaw(each, f"{where}[{key!r}]") for key, each in value.items()
        )
    if kind not in PLAIN_SCALARS:
        return f"{where} holds {_name(value)}, and without a declared type only {PLAIN_TEXT} travel"
    return _scalar_flaw(value, where)


def flaw(info: Any, value: object, where: str) -> str | None:
    """What keeps the value from arriving as it is where `info` is declared; None if nothing does.

    The text begins with `where`, the name of the value. Raises RecursionError where it is nested too deeply.
    """
    match info:
        case inspect.AnyType():
            return plain_flaw(value, where)
        case inspect.Metadata(type=inside):
            return flaw(inside, value, where)
        case inspect.UnionType(types=types):
            return _union_flaw(info, types, value, where)
        case inspect.LiteralType(values=values):
            fits = any(value.__class__ is each.__class__ and value == each for each in values)
            return None if fits else _wrong(info, value, where)
        case inspect.FloatType():
            if value.__class__ is int:
                assert isinstance(value, int)
                return None if _is_float(value) else f"{where} holds {value}, which no float is equal to"
            return None if value.__class__ is float else _wrong(info, value, where)
        case inspect.IntType() | inspect.StrType():
            kind = int if isinstance(info, inspect.IntType) else str
            return _scalar_flaw(value, where) if value.__class__ is kind else _wrong(info, value, where)
        case inspect.CustomType():
            return _destination_flaw(info, value, where)
        case inspect.EnumType(cls=cls):
            return None if value.__class__ is cls else _wrong(info, value, where)
        case inspect.DateTimeType() | inspect.TimeType() | inspect.DecimalType() | inspect.MemoryViewType():
            return _special_flaw(info, value, where)
        case inspect.DataclassType() | inspect.StructType() | inspect.NamedTupleType():
            return _class_flaw(info, value, where)
        case inspect.TypedDictType():
            return _typed_dict_flaw(info, value, where)
        case inspect.DictType(key_type=keys, value_type=values):
            if not (isinstance(value, dict) and value.__class__ is dict):
                return _wrong(info, value, where)
            return first(flaw(keys, key, f"the key {key!r} of {where}") for key in value) or first(
                flaw(values, each, f"{where}[{key!r}]") for key, each in value.items()
            )
        case inspect.TupleType(item_types=items):
            if not (isinstance(value, tuple) and value.__class__ is tuple and len(value) == len(items)):
                return _wrong(info, value, where)
            return first(
                flaw(item, each, f"{where}[{place}]")
                for place, (item, each) in enumerate(zip(items, value, strict=True))
            )
        case _:
            many = MANY.get(type(info))
            if many is not None:
                if not (isinstance(value, list | tuple | set | frozenset) and value.__class__ is many):
                    return _wrong(info, value, where)
                return first(flaw(info.item_type, each, f"{where}[{place}]") for place, each in enumerate(value))
            return None if value.__class__ is _SIMPLE.get(type(info)) else _wrong(info, value, where)


def spelled(info: Any) -> str:
    """A type as one would write it."""
    match info:
        case inspect.UnionType(types=types):
            return " | ".join(map(spelled, types))
        case inspect.Metadata(type=inside):
            return spelled(inside)
        case inspect.LiteralType(values=values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case inspect.DictType(key_type=keys, value_type=values):
            return f"dict[{spelled(keys)}, {spelled(values)}]"
        case inspect.TupleType(item_types=items):
            return f"tuple[{', '.join(map(spelled, items)) or '()'}]"
        case inspect.VarTupleType(item_type=item):
            return f"tuple[{spelled(item)}, ...]"
        case inspect.ListType(item_type=item) | inspect.SetType(item_type=item) | inspect.FrozenSetType(item_type=item):
            return f"{MANY[type(info)].__name__}[{spelled(item)}]"
        case _:
            if type(info) in _NAMES:
                return _NAMES[type(info)]
            simple = _SIMPLE.get(type(info)) or (getattr(info, "cls", None) and class_of(info))
            return getattr(simple, "__name__", type(info).__name__)


def first(flaws: Iterable[str | None]) -> str | None:
    """The first flaw that there is."""
    return next((found for found in flaws if found is not None), None)


def _name(value: object) -> str:
    return type(value).__name__


def _wrong(info: Any, value: object, where: str) -> str:
    return f"{where} holds {_name(value)}, its type is {spelled(info)}"


def _is_float(value: int) -> bool:
    try:
        return float(value) == value and value in INTEGERS
    except OverflowError:
        return False


def _scalar_flaw(value: object, where: str) -> str | None:
    if value.__class__ is int and value not in INTEGERS:
        return f"{where} holds an int of more than 64 bits"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"{where} holds text that UTF-8 cannot carry: {error.reason}"
    return None


def _union_flaw(info: inspect.UnionType, types: tuple[inspect.Type, ...], value: object, where: str) -> str | None:
    if any(isinstance(each, inspect.AnyType) for each in types):
        return plain_flaw(value, where)  # whoever reads it does not look at the other types
    flaws = [flaw(each, value, where) for each in types]
    if None in flaws:
        return None
    # Where one member is what was meant, what is wrong inside says more.
    inside = [
        found for found, each in zip(flaws, types, strict=True) if found and not found.startswith(f"{where} holds")
    ]
    return inside[0] if len(inside) == 1 else _wrong(info, value, where)


def _special_flaw(info: Any, value: object, where: str) -> str | None:
    match info, value:
        case inspect.DateTimeType(), dt.datetime() if value.__class__ is dt.datetime:
            if value.tzinfo is None or value.utcoffset() is None:
                lost = (
                    "the fold of a time without a zone" if value.fold else value.tzinfo and "a zone without an offset"
                )
                return f"{where} holds {lost}, which would not arrive" if lost else None
            try:
                value.astimezone(dt.UTC)
            except OverflowError:
                return f"{where} holds a time that has no year in UTC"
            return None
        case inspect.TimeType(), dt.time() if value.__class__ is dt.time:
            offset = value.utcoffset()
            if value.fold or (value.tzinfo is not None and (offset is None or offset.seconds % 60)):
                return f"{where} holds a fold, or a zone without an offset in minutes, which would not arrive"
            return None
        case inspect.DecimalType(), Decimal() if value.__class__ is Decimal:
            return f"{where} holds a signaling NaN, which cannot be decoded" if value.is_snan() else None
        case inspect.MemoryViewType(), memoryview():
            if value.format == "B" and value.ndim == 1 and value.c_contiguous:
                return None
            return f"{where} holds a memoryview that is not of single bytes in a row"
        case _:
            return _wrong(info, value, where)


def _destination_flaw(info: Any, value: object, where: str) -> str | None:
    known: object = Destination
    if not (value.__class__ is info.cls or (info.cls is known and is_destination(value))):
        hint = "; declare Destination[…], or send its address" if is_destination(value) else ""
        return f"{_wrong(info, value, where)}{hint}"
    try:
        _encode(value)
    except ValueError as error:
        return f"{where} cannot travel: {error}"
    return None


def _class_flaw(info: Any, value: object, where: str) -> str | None:
    cls = class_of(info)
    if value.__class__ is not cls:
        hint = f"; a subclass would arrive as {cls.__name__}, without what it adds" if isinstance(value, cls) else ""
        return _wrong(info, value, where) + hint
    for field in info.fields:
        name = f"{where}.{field.name}"
        try:
            held = getattr(value, field.name)
        except AttributeError:
            return f"{name} is not set"
        if (
            held is msgspec.UNSET
            and not field.required
            and _no_default(field)
            and not getattr(info, "array_like", False)
        ):
            continue
        found = flaw(field.type, held, name)
        if found is not None:
            return found
    return None


def _no_default(field: inspect.Field) -> bool:
    return field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT


def _typed_dict_flaw(info: inspect.TypedDictType, value: object, where: str) -> str | None:
    if not (isinstance(value, dict) and value.__class__ is dict):
        return _wrong(info, value, where)
    fields = {field.name: field for field in info.fields}
    for key in value:
        if key not in fields:
            return f"{where} has the key {key!r}, which {info.cls.__name__} does not declare"
    for name, field in fields.items():
        if name in value:
            found = flaw(field.type, value[name], f"{where}[{name!r}]")
            if found is not None:
                return found
        elif field.required:
            return f"{where} has no key {name!r}, which {info.cls.__name__} requires"
    return None
