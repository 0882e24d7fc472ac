"""A channel's schema hash: two nodes whose messages have the same names, fields and types have the same one."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import inspect

from ...actors.messages import FACTS, Channel, Unresolved, encoding_of

__all__ = ["SCHEMA_SIZE", "schema_of", "travelling"]

#: Bytes: a checksum against mistakes, not against an adversary, which may write any hash into its HELLO.
SCHEMA_SIZE = 16

# Law 1: what is described is what travels: names and types of fields, whether one may be missing, a tag, an array in
#        place of a map, and the order of the message types (their place is their number on the wire). Docstrings,
#        defaults and modules are not, nor whether it is a Message or a dataclass.
#        Two types of which one would not arrive as the other have two descriptions, also where their bytes are alike: a
#        list and a set are. How each is described stands in docs/wire.md, "Fingerprints".
# Law 2: a description is text made of nothing but these, so it is the same in every process and version.


def travelling(channel: Channel[Any]) -> tuple[type, ...]:
    """The channel's messages without facts of the bus, which are told on their own node only.

    Raises TypeError where nothing is left.
    """
    found = tuple(message_type for message_type in channel.messages if message_type not in FACTS)
    if not found:
        raise TypeError(f"channel {channel.name!r} declares nothing that travels, only facts of its own bus")
    return found


def schema_of(channel: Channel[Any]) -> bytes:
    """The hash. Raises TypeError where a field has a type that cannot travel, Unresolved where it cannot be found."""
    lines: list[str] = []
    for message_type in travelling(channel):
        try:
            lines.append(_describe(encoding_of(message_type).info, ()))
        except TypeError as error:
            raise TypeError(f"channel {channel.name!r}: {message_type.__name__} cannot travel: {error}") from error
        except Unresolved as error:
            raise Unresolved(
                f"channel {channel.name!r}: {message_type.__name__} cannot travel: {error} where the class stands; "
                "define what its annotations name at the top of a module"
            ) from error
    return hashlib.sha256("\n".join(lines).encode()).digest()[:SCHEMA_SIZE]


def _describe(info: inspect.Type, outer: tuple[type, ...]) -> str:
    match info:
        case inspect.DataclassType(cls=cls, fields=fields) | inspect.StructType(cls=cls, fields=fields):
            if cls in outer:
                return f"<{cls.__name__}>"  # a recursive type: described further out
            return f"{cls.__name__}{_form(info)}({_fields(fields, (*outer, cls))})"
        case inspect.UnionType(types=types):
            return "|".join(sorted(_describe(each, outer) for each in types))
        case inspect.VarTupleType(item_type=item):
            return f"tuple[{_describe(item, outer)},...]"
        case inspect.SetType(item_type=item):
            return f"set[{_describe(item, outer)}]"
        case inspect.FrozenSetType(item_type=item):
            return f"frozenset[{_describe(item, outer)}]"
        case inspect.ListType(item_type=item) | inspect.CollectionType(item_type=item):
            return f"list[{_describe(item, outer)}]"
        case inspect.TupleType(item_types=items):
            return f"tuple[{','.join(_describe(each, outer) for each in items)}]"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{{{_describe(key, outer)}:{_describe(value, outer)}}}"
        case inspect.EnumType(cls=cls):
            return f"{cls.__name__}<{','.join(sorted(repr(member.value) for member in cls))}>"
        case inspect.LiteralType(values=values):
            return f"<{','.join(sorted(map(repr, values)))}>"
        case inspect.Metadata(type=inside):
            return _describe(inside, outer)
        case inspect.TypedDictType(cls=cls, fields=fields):
            return f"{cls.__name__}{{{_fields(fields, outer)}}}"
        case inspect.NamedTupleType(cls=cls, fields=fields):
            return f"{cls.__name__}[{_fields(fields, outer)}]"
        case _:
            return type(info).__name__.removesuffix("Type").lower()


def _form(info: inspect.DataclassType | inspect.StructType) -> str:
    """What else than a map of its fields travels."""
    if isinstance(info, inspect.DataclassType):
        return ""
    tag = "" if info.tag is None else f"<{info.tag_field}={info.tag!r}>"
    return f"{'[]' if info.array_like else ''}{tag}"


def _fields(fields: tuple[inspect.Field, ...], outer: tuple[type, ...]) -> str:
    return ",".join(
        f"{each.encode_name}{'' if each.required else '?'}:{_describe(each.type, outer)}" for each in fields
    )
