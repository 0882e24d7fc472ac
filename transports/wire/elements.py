"""How many values one payload may make: an empty list, one byte, becomes 56 in memory, and 8 more in the one around."""

from __future__ import annotations

from msgspec import inspect

from ...actors.messages import AFTER

__all__ = ["MAX_ELEMENTS", "check_elements", "grows", "too_many"]

#: Values in one payload, lists and maps themselves and what is in them: at most 40 MiB of memory, whatever they are. A
#: payload of fewer bytes cannot hold more, so nearly none is looked through. Long arrays of numbers travel as bytes.
MAX_ELEMENTS = 512 * 1024


def too_many(payload: bytes | memoryview, limit: int = MAX_ELEMENTS) -> bool:
    """More values are in it than may be. What is no MessagePack is for the decoder to refuse."""
    end = len(payload)
    if end <= limit:
        return False
    after, at = AFTER, 0
    for _ in range(limit):
        head = payload[at]
        size = after[head]
        at += 1
        if size < 0:
            length = int.from_bytes(payload[at : at - size], "big")
            at += length - size + (0xC7 <= head <= 0xC9)  # the three with a type beside the length
        else:
            at += size
        if at >= end:
            return False
    return True


def check_elements(payload: bytes | memoryview) -> None:
    """Raise ValueError where more values are in it than may be."""
    if too_many(payload):
        raise ValueError(f"more than {MAX_ELEMENTS} values in one message: send long arrays of numbers as bytes")


def grows(message_type: type) -> bool:
    """The number of values in a message depends on its maker: it has a list, a map or the like somewhere."""
    seen: set[type] = set()

    def look(info: object) -> bool:
        match info:
            case inspect.DataclassType(cls=cls, fields=fields) | inspect.StructType(cls=cls, fields=fields):
                if cls in seen:
                    return True  # recursive: as deep as one likes
                seen.add(cls)
                found = any(look(field.type) for field in fields)
                seen.discard(cls)
                return found
            case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
                return any(map(look, types))
            case inspect.Metadata(type=inside):
                return look(inside)
            case _:
                return not isinstance(info, _SINGLE)

    return look(inspect.type_info(message_type))


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
)
