"""The description of a channel's messages: the value, its one form in bytes, and the hash that HELLO has of it.

Law 1: what is described is what travels: names and types of fields, whether one may be missing, a tag, an array in
       place of a map, the order of the message types (their place is their number), what answers them, and whether
       that comes at once or in items.
       Docstrings, defaults, bounds and modules are not, nor whether it is a Message or a dataclass.
Law 2: a description has one form, so it has one hash in every process: definitions in the order in which messages
       and their answers lead to them, unions and values sorted, MessagePack in its shortest form.
Law 3: what a reader of it does not know, a word for a type or a form, is no fault of the description: what it stands
       in cannot be read, and everything else can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

__all__ = [
    "AT_ONCE",
    "DEFAULTED",
    "IN_ITEMS",
    "OPTIONAL",
    "REQUIRED",
    "DESCRIPTION_LIMIT",
    "SCHEMA_SIZE",
    "Definition",
    "Description",
    "FieldShape",
    "MessageShape",
    "Shape",
    "VERSION",
    "hash_of",
    "read_description",
    "spelled_answer",
    "spelled_fields",
    "spelled_shape",
    "write_description",
]

#: Bytes: a checksum against mistakes, not against an adversary, which may write any hash into its HELLO.
SCHEMA_SIZE = 16
#: Bytes of a description: 64 messages of 100 fields each have some 150,000.
DESCRIPTION_LIMIT = 256 * 1024
#: Messages of one channel: many times what a HELLO has today. What is found out of each is kept.
MAX_MESSAGES = 1024
#: The form of descriptions that stands at their head.
VERSION = 1

#: A type: a word, the place of a definition, or a list of a word and what it is made of. docs/wire.md has them all.
Shape: TypeAlias = Any
Name = Annotated[str, Meta(max_length=1024)]


#: How an answer comes.
AT_ONCE, IN_ITEMS = "once", "items"
#: Whether a field is there: it is always written, and has to be there; it is always written, and may be missing, as it
#: has a default; it may be left out, and may be missing.
REQUIRED, DEFAULTED, OPTIONAL = range(3)


class FieldShape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`[name, presence, type]`, the name as it travels."""

    name: Name
    presence: Annotated[int, Meta(ge=0, le=2)]
    shape: Shape


class Definition(msgspec.Struct, frozen=True, array_like=True):
    """`[form, name, tag, strict, [field, …]]`: a class with fields.

    `form`: `map`, `array`, `tuple` (an array of a fixed length). `tag`: the field that says which of several it is,
    and its value. `strict`: fields that are not declared are refused.
    """

    form: Name
    name: Name
    tag: tuple[Name, str | int] | None
    strict: bool
    fields: tuple[FieldShape, ...]


class MessageShape(msgspec.Struct, frozen=True, array_like=True):
    """`[name, type, answer, comes]`: a message of the channel. `answer`: of items one of them; nil where it names none.

    `comes`: AT_ONCE or IN_ITEMS. Left out where nothing is named, and by 0.2.0; anything else, of a later version, says
    as much as that.
    """

    name: Name
    shape: Shape
    answer: Shape = None
    comes: Shape = None


class Description(msgspec.Struct, frozen=True, array_like=True):
    """`[1, [definition, …], [message, …]]`, the messages in the order of their numbers."""

    version: int
    definitions: tuple[Definition, ...]
    messages: Annotated[tuple[MessageShape, ...], Meta(max_length=MAX_MESSAGES)]

    def number_of(self, name: str) -> int | None:
        """The number of a message on the wire; None where there is none."""
        for number, message in enumerate(self.messages, 1):
            if message.name == name:
                return number
        return None


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Description)


def write_description(description: Description) -> bytes:
    """Its bytes."""
    messages = [msgspec.structs.astuple(each) for each in description.messages]
    said = [each[:3] if each[3] is None else each for each in messages]  # what is not said is not written
    return _encode([description.version, description.definitions, said])


def read_description(data: bytes) -> Description:
    """The description of these bytes. Raises ValueError, which says what is wrong with it."""
    if len(data) > DESCRIPTION_LIMIT:
        raise ValueError(f"a description of {len(data)} bytes, at most {DESCRIPTION_LIMIT} are read")
    try:
        found = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueError(f"it is no description of version {VERSION}: {error}") from error
    if found.version != VERSION:
        raise ValueError(f"it is a description of version {found.version}, this node reads {VERSION}")
    return found


def hash_of(data: bytes) -> bytes:
    """The `schema` of a channel with this description."""
    return hashlib.sha256(data).digest()[:SCHEMA_SIZE]


_SPELLED = {
    "none": "None",
    "any": "Any",
    "decimal": "Decimal",
    "uuid": "UUID",
    "raw": "Raw",
    "ext": "Ext",
    "address": "Address",
}
#: Characters of a type that is spelled, and parts of it that are looked at.
_LONGEST, _PARTS = 200, 100


def spelled_shape(shape: Shape, description: Description) -> str:
    """A type as one would write it, for people."""
    text = _spelled(shape, description, [_PARTS])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def spelled_answer(message: MessageShape, description: Description) -> str:
    """What a message names as its answer, for people; empty where it names none."""
    answer = "" if message.answer is None else spelled_shape(message.answer, description)
    return f"Stream[{answer or 'Any'}]" if message.comes == IN_ITEMS else answer


def spelled_fields(description: Description) -> Iterator[str]:
    """The messages with their numbers, then the other classes, each with its fields, for people."""
    shown = set()
    for number, message in enumerate(description.messages, 1):
        shown.add(message.shape)
        answer = spelled_answer(message, description)
        yield f"{number} {_written(message.shape, description)}{f' -> {answer}' if answer else ''}"
    for place in range(len(description.definitions)):
        if place not in shown:
            yield f"  {_written(place, description)}"


def _written(shape: Shape, description: Description) -> str:
    if not (isinstance(shape, int) and 0 <= shape < len(description.definitions)):
        return spelled_shape(shape, description)
    definition = description.definitions[shape]
    tag = "" if definition.tag is None else f"<{definition.tag[0]}={definition.tag[1]!r}>"
    fields = (
        f"{each.name}{'' if each.presence == REQUIRED else '?'}: {spelled_shape(each.shape, description)}"
        for each in definition.fields
    )
    form = "" if definition.form == "map" else " as an array"
    return f"{definition.name}{tag}({', '.join(fields)}){form}{' without fields more' if definition.strict else ''}"


def _spelled(shape: Shape, description: Description, left: list[int]) -> str:
    left[0] -= 1
    match shape:
        case str(word):
            return _SPELLED.get(word, word)
        case bool():
            return repr(shape)
        case int(place) if 0 <= place < len(description.definitions):
            return description.definitions[place].name
        case list() if left[0] <= 0:
            return "…"
        case ["union", *several]:
            return " | ".join(_spelled(each, description, left) for each in several[:16])
        case ["enum" | "flag", str(name), *_]:
            return name
        case ["literal", *values]:
            return f"Literal[{', '.join(map(repr, values[:16]))}]"
        case ["vartuple", item]:
            return f"tuple[{_spelled(item, description, left)}, ...]"
        case [str(word), *parts]:
            return f"{word}[{', '.join(_spelled(each, description, left) for each in parts[:16])}]"
        case _:
            return repr(shape)
