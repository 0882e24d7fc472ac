"""How many values one payload may make: an empty list, one byte, becomes 56 in memory, and 8 more in the one around.

They are made in one turn of the loop, whoever waits for it meanwhile. So there is a bound on how many there are, as in
Jackson's `StreamReadConstraints` and Redis's `proto-max-multibulk-len`.
"""

from __future__ import annotations

import functools

from msgspec import inspect

from ...actors.messages import too_many

__all__ = ["check_elements", "grows", "why_too_many"]

#: Types that are looked at once: to look costs, and leaves to Python's collector what msgspec has made for it.
KEPT = 1024


def why_too_many(limit: int) -> str:
    """What is said of a payload with more values."""
    return (
        f"more than {limit} values in one message: send long arrays of numbers as bytes, several messages, or let the "
        "channel say max_elements"
    )


def check_elements(payload: bytes | memoryview, limit: int) -> None:
    """Raise ValueError where more values are in it than may be. A payload of fewer bytes is not looked through."""
    if too_many(payload, limit):
        raise ValueError(why_too_many(limit))


@functools.lru_cache(maxsize=KEPT)
def grows(message_type: type) -> bool:
    """The number of values in a message depends on its maker: it has a list, a map or the like somewhere."""
    return _grows(inspect.type_info(message_type), set())


def _grows(info: object, seen: set[type]) -> bool:
    match info:
        case inspect.DataclassType(cls=cls, fields=fields) | inspect.StructType(cls=cls, fields=fields):
            if cls in seen:
                return True  # recursive: as deep as one likes
            seen.add(cls)
            found = any(_grows(field.type, seen) for field in fields)
            seen.discard(cls)
            return found
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            return any(_grows(each, seen) for each in types)
        case inspect.Metadata(type=inside):
            return _grows(inside, seen)
        case _:
            return not isinstance(info, _SINGLE)


#: Types of one value each. Whatever else there is may hold others.
_SINGLE = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StrType,
    inspect.BytesType,
    inspect.ByteArrayType,
    inspect.MemoryViewType,
    inspect.DateTimeType,
    inspect.TimeType,
    inspect.DateType,
    inspect.TimeDeltaType,
    inspect.UUIDType,
    inspect.DecimalType,
    inspect.EnumType,
    inspect.LiteralType,
    inspect.CustomType,  # an address
)
