"""What differs between two descriptions of a channel, an old one and a new one, for people and for CI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from .compatibility import Sides, compare
from .description import OPTIONAL, REQUIRED, Definition, Description, FieldShape, spelled_answer, spelled_shape
from .reading import MAX_STEPS

__all__ = ["Change", "Trouble", "changes", "troubles"]

OLD, NEW = "the old node", "the new node"


@dataclass(frozen=True, slots=True)
class Change:
    """`kind`: `+`, `-` or `~`; `what` it is of: a message or a class, and its field; `text`: how it was, and is."""

    kind: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.what}{f': {self.text}' if self.text else ''}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is not understood while both run. `forward`: new nodes do not understand old ones, else the other way."""

    message: str
    forward: bool
    text: str

    def __str__(self) -> str:
        return f"{self.message}: {self.text}"


def changes(old: Description, new: Description) -> list[Change]:
    """Messages, classes and fields that were added, taken away, or became something else, in the order of names."""
    return sorted([*_messages(old, new), *_definitions(old, new)], key=lambda each: each.what)


def troubles(old: Description, new: Description) -> list[Trouble]:
    """What would not be sent, or could not be read, between old and new nodes. A message more is no trouble."""
    there, here = {each.name for each in old.messages}, {each.name for each in new.messages}
    found: list[Trouble] = []
    sent = compare(old, new, Sides(OLD, NEW), steps=MAX_STEPS)
    found += [Trouble(name, True, f"is not sent to new nodes: {why}") for name, why in sent.refused.items()]
    found += [Trouble(name, False, f"is not asked of new nodes: {why}") for name, why in sent.unread.items()]
    sent = compare(new, old, Sides(NEW, OLD), steps=MAX_STEPS)
    found += [
        Trouble(name, False, f"is not sent to old nodes: {why}") for name, why in sent.refused.items() if name in there
    ]
    found += [Trouble(name, True, f"is not asked of old nodes: {why}") for name, why in sent.unread.items()]
    gone = there - here
    return [Trouble(each.message, True, _GONE) if each.message in gone else each for each in found]


_GONE = "is not declared any more, and old nodes still send it"


def _messages(old: Description, new: Description) -> Iterator[Change]:
    before, after = ({each.name: each for each in side.messages} for side in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change("-", name, "a message")
        elif name not in before:
            yield Change("+", name, "a message")
        else:
            said = before[name].comes is not None and after[name].comes is not None
            was, now = (
                spelled_answer(each if said else replace(each, comes=None), side) or "none"
                for each, side in ((before[name], old), (after[name], new))
            )
            if was != now:
                yield Change("~", f"{name} -> answer", f"{was}, now {now}")


def _definitions(old: Description, new: Description) -> Iterator[Change]:
    before, after = ({each.name: each for each in side.definitions} for side in (old, new))
    for name in sorted(before.keys() & after.keys()):
        was, now = before[name], after[name]
        if (was.form, was.tag, was.strict) != (now.form, now.tag, now.strict):
            yield Change("~", name, f"{_form(was)}, now {_form(now)}")
        yield from _fields(name, was, now, old, new)


def _fields(name: str, was: Definition, now: Definition, old: Description, new: Description) -> Iterator[Change]:
    before, after = ({each.name: each for each in side.fields} for side in (was, now))
    for field in before.keys() | after.keys():
        what = f"{name}.{field}"
        if field not in after:
            yield Change("-", what, _field(before[field], old))
        elif field not in before:
            yield Change("+", what, _field(after[field], new))
        else:
            one, other = _field(before[field], old), _field(after[field], new)
            if one != other:
                yield Change("~", what, f"{one}, now {other}")


def _field(field: FieldShape, side: Description) -> str:
    rest = {REQUIRED: "", OPTIONAL: ", may be left out"}.get(field.presence, ", with a default")
    return f"{spelled_shape(field.shape, side)}{rest}"


def _form(definition: Definition) -> str:
    parts = ["a map" if definition.form == "map" else "an array"]
    if definition.tag is not None:
        parts.append(f"with the tag {definition.tag[0]}={definition.tag[1]!r}")
    if definition.strict:
        parts.append("without fields more")
    return " ".join(parts)
