"""Types that `msgspec` takes and reads no value of, or leaves to a hook: they are refused where they are declared."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from .exact import class_of, spelled
from .travelling import arrives, why_never

__all__ = ["unreadable"]

#: Values of these have no hash, and nor has what is of both sorts.
_NO_HASH = (
    inspect.ListType,
    inspect.SetType,
    inspect.DictType,
    inspect.TypedDictType,
    inspect.ByteArrayType,
    inspect.RawType,
    inspect.ExtType,
)


def unreadable(info: object) -> str | None:
    """Why no value of a part of the type would arrive, naming the field; None where each part has values that do."""
    return _unreadable(info, "", set())


def _unreadable(info: Any, where: str, seen: set[int]) -> str | None:
    if isinstance(info, tuple):
        return next((found for each in info if (found := _unreadable(each, where, seen))), None)
    if not isinstance(info, inspect.Type | inspect.Field) or id(info) in seen:
        return None
    seen.add(id(info))
    found = _itself(info)
    if found is not None:
        return f"{where}{found}"
    if isinstance(info, inspect.Field):
        where = f"{where}field {info.name!r}: "
    elif isinstance(info, inspect.DataclassType | inspect.StructType) and where:
        where = f"{where}{class_of(info).__name__}, "
    return next(
        (found for name in info.__struct_fields__ if (found := _unreadable(getattr(info, name), where, seen))), None
    )


def _itself(info: Any) -> str | None:
    """The same, of the type and not of what it is made of."""
    match info:
        case inspect.CustomType(cls=cls):
            return None if arrives(cls) else why_never(cls) or f"{getattr(cls, '__name__', cls)} has no encoding"
        case inspect.UnionType(types=types) if any(isinstance(each, inspect.RawType) for each in map(_bare, types)):
            if any(isinstance(each, inspect.AnyType) for each in types):
                return None
            return f"{spelled(info)} is read as one of the others only: declare Raw alone, which holds any of them"
        case inspect.TypedDictType(fields=fields):
            raw = next(
                (each for each in fields if each.required and isinstance(_bare(each.type), inspect.RawType)), None
            )
            return None if raw is None else f"the key {raw.name!r} of {info.cls.__name__} is a Raw: declare a Message"
        case inspect.SetType(item_type=item) | inspect.FrozenSetType(item_type=item):
            return _hashless(info, item, "an item")
        case inspect.DictType(key_type=key):
            return _hashless(info, key, "a key")
        case _:
            return None


def _bare(info: Any) -> Any:
    return _bare(info.type) if isinstance(info, inspect.Metadata) else info


def _hashless(info: Any, part: Any, place: str) -> str | None:
    found = _without_hash(part, set())
    if found is None:
        return None
    return f"{spelled(info)} has {spelled(found)} as {place}, which has no hash: declare a tuple or a frozenset there"


def _without_hash(info: Any, seen: set[object]) -> Any:
    """The part of the type whose values have no hash; None where there is none, as far as can be seen."""
    match info:
        case inspect.Metadata(type=inner):
            return _without_hash(inner, seen)
        case inspect.VarTupleType(item_type=inner):
            return _without_hash(inner, seen)
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            return next((found for each in types if (found := _without_hash(each, seen)) is not None), None)
        case inspect.NamedTupleType() | inspect.StructType() | inspect.DataclassType():
            cls = class_of(info)
            made: object = getattr(cls, "__hash__", None)
            if made is None:
                return info
            # Its hash is made of its fields; what a dataclass makes it of is not seen.
            if made not in (tuple.__hash__, msgspec.Struct.__hash__) or cls in seen:
                return None
            seen.add(cls)
            types = tuple(field.type for field in info.fields)
            return next((found for each in types if (found := _without_hash(each, seen)) is not None), None)
        case _ if isinstance(info, _NO_HASH):
            return info
        case _:
            return None
