"""From a channel's classes to its description."""

from __future__ import annotations

from enum import Flag
from typing import Any

import msgspec
from msgspec import inspect

from ...actors.messages import (
    FACTS,
    UNNAMED,
    Answer,
    Channel,
    Unresolved,
    answer_named,
    answer_of,
    class_of,
    encoding_of,
    item_of,
    travels_as,
)
from .description import (
    AT_ONCE,
    DEFAULTED,
    DESCRIPTION_LIMIT,
    IN_ITEMS,
    OPTIONAL,
    REQUIRED,
    VERSION,
    Definition,
    Description,
    FieldShape,
    MessageShape,
    Shape,
    hash_of,
    write_description,
)

__all__ = ["Described", "describe", "travelling"]

_MANY = {
    inspect.ListType: "list",
    inspect.CollectionType: "list",
    inspect.SetType: "set",
    inspect.FrozenSetType: "frozenset",
    inspect.VarTupleType: "vartuple",
}


class Described:
    """A channel's description. `classes` are those of its definitions, in their order."""

    __slots__ = ("classes", "data", "description", "schema")

    def __init__(self, description: Description, classes: tuple[type, ...]) -> None:
        self.description = description
        self.classes = classes
        #: Its bytes.
        self.data = write_description(description)
        #: Their hash.
        self.schema = hash_of(self.data)


def travelling(channel: Channel[Any]) -> tuple[type, ...]:
    """The channel's messages without facts of the bus, which are told on their own node only.

    Raises TypeError where nothing is left.
    """
    found = tuple(message_type for message_type in channel.messages if message_type not in FACTS)
    if not found:
        raise TypeError(f"channel {channel.name!r} declares nothing that travels, only facts of its own bus")
    return found


def describe(channel: Channel[Any]) -> Described:
    """The description. Raises TypeError where a field has a type that cannot travel, Unresolved where none is found."""
    writer = _Writer()
    messages = travelling(channel)
    found = []
    for message_type in messages:
        try:
            shape = writer.shape(encoding_of(message_type).info)
        except TypeError as error:
            raise TypeError(f"channel {channel.name!r}: {message_type.__name__} cannot travel: {error}") from error
        except Unresolved as error:
            raise Unresolved(
                f"channel {channel.name!r}: {message_type.__name__} cannot travel: {error} where the class stands; "
                "define what its annotations name at the top of a module"
            ) from error
        found.append(MessageShape(message_type.__name__, shape, *writer.answer(message_type, messages)))
    definitions = tuple(each for each in writer.definitions if each is not None)
    described = Described(Description(VERSION, definitions, tuple(found)), tuple(writer.classes))
    if len(described.data) > DESCRIPTION_LIMIT:
        raise TypeError(
            f"channel {channel.name!r} cannot travel: its description has {len(described.data)} bytes, "
            f"{DESCRIPTION_LIMIT} are allowed; make it several channels"
        )
    return described


class _Writer:
    def __init__(self) -> None:
        self.definitions: list[Definition | None] = []
        self.classes: list[type] = []
        self._places: dict[object, int] = {}

    def answer(self, message_type: type, messages: tuple[type, ...]) -> tuple[Shape, str | None]:
        """What a message names as its answer, and how it comes; None where it names none, or it is not found (yet)."""
        try:
            named = answer_named(message_type)
            comes = None if named is UNNAMED else AT_ONCE if item_of(named) is None else IN_ITEMS
            named = travels_as(named)  # what comes in items is described as one of them
            answer: Answer[Any] | None = None if named is UNNAMED else answer_of(named, messages)
        except (TypeError, Unresolved):
            return None, None
        if answer is None:
            return None, comes
        declared = [encoding_of(each).info for each in messages if each in answer.declared]
        rest = [] if answer.rest is None else _members(answer.rest.info)
        return self._union([*declared, *rest]), comes

    def shape(self, info: Any) -> Shape:
        match info:
            case inspect.Metadata(type=inside):
                return self.shape(inside)
            case inspect.DataclassType() | inspect.StructType() | inspect.TypedDictType() | inspect.NamedTupleType():
                return self._place(info)
            case inspect.UnionType(types=types):
                return self._union(list(types))
            case inspect.TupleType(item_types=items):
                return ["tuple", *map(self.shape, items)]
            case inspect.DictType(key_type=keys, value_type=values):
                return ["dict", self.shape(keys), self.shape(values)]
            case inspect.EnumType(cls=cls):
                word = "flag" if issubclass(cls, Flag) else "enum"
                return [word, cls.__name__, *_sorted(member.value for member in cls)]
            case inspect.LiteralType(values=values):
                return ["literal", *_sorted(values)]
            case _ if type(info) in _MANY:
                return [_MANY[type(info)], self.shape(info.item_type)]
            case _:
                return _word(info)

    def _union(self, infos: list[Any]) -> Shape:
        if len(infos) == 1:
            return self.shape(infos[0])
        # Their order is not told apart where it is written, so it must not be here: before they get their places.
        return ["union", *map(self.shape, sorted(infos, key=_rank))]

    def _place(self, info: Any) -> int:
        known = self._places.get(info.cls)
        if known is not None:
            return known
        place = self._places[info.cls] = len(self.definitions)
        self.definitions.append(None)
        self.classes.append(info.cls)
        fields = tuple(
            FieldShape(each.encode_name, _presence(info, each), self.shape(each.type)) for each in info.fields
        )
        self.definitions[place] = Definition(_form(info), class_of(info).__name__, _tag(info), _strict(info), fields)
        return place


def _members(info: Any) -> list[Any]:
    return list(info.types) if isinstance(info, inspect.UnionType) else [info]


def _rank(info: Any) -> tuple[str, str, str]:
    if hasattr(info, "fields"):
        return "class", class_of(info).__name__, repr(getattr(info, "tag", None))
    return _MANY.get(type(info)) or _word(info), "", ""


def _word(info: Any) -> str:
    # The only types of ours that msgspec does not know are addresses, see `destination`.
    return "address" if isinstance(info, inspect.CustomType) else type(info).__name__.removesuffix("Type").lower()


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda value: (type(value).__name__, value if isinstance(value, int | str) else 0))


def _form(info: Any) -> str:
    if isinstance(info, inspect.NamedTupleType):
        return "tuple"
    return "array" if isinstance(info, inspect.StructType) and info.array_like else "map"


def _tag(info: Any) -> tuple[str, str | int] | None:
    if not isinstance(info, inspect.StructType) or info.tag is None:
        return None
    assert info.tag_field is not None
    return info.tag_field, info.tag


def _strict(info: Any) -> bool:
    return isinstance(info, inspect.StructType) and info.forbid_unknown_fields


def _presence(info: Any, field: inspect.Field) -> int:
    if field.required:
        return REQUIRED
    if _form(info) != "map":
        return DEFAULTED
    if isinstance(info, inspect.TypedDictType) or (
        field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    ):
        return OPTIONAL  # a key that may be absent, or what is UNSET
    omits = isinstance(info, inspect.StructType) and class_of(info).__struct_config__.omit_defaults  # type: ignore[attr-defined]  # of a Struct
    return OPTIONAL if omits or field.default is msgspec.UNSET else DEFAULTED
