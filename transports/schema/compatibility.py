"""What one side can send to a channel of the other one, and which of its answers it can read.

The asking side decides, alone: the other one reads what it declares, and does not look at who has sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .description import AT_ONCE, IN_ITEMS, Description, MessageShape, Shape, spelled_shape
from .flaw import Flaw
from .reading import VALUES_OF_STEP, Reading

__all__ = ["Sides", "Compatibility", "compare"]

#: Steps of one comparison, and those for each part of our own description: an honest one differs from it in some parts,
#: so it takes a few steps for each of ours. At 3 µs a step these are some milliseconds of the loop, for any other one.
STEPS, STEPS_OF_PART = 1024, 8
#: Characters of a text about one message: a description may have long names in it.
_TEXT = 600


@dataclass(frozen=True, slots=True)
class Sides:
    """How the two sides are called in texts."""

    ours: str = "this node"
    theirs: str = "the peer"


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Of our messages by name, beside a channel of the other side.

    `numbers`: the numbers of those that can be sent. `refused`: why the others cannot. `unread`: why the answers to
    some cannot be read; `otherwise`: of those to which answers come another way, in items or at once, so that whatever
    they are read as, they cannot be asked. `names`: the other side's messages, in the order of their numbers. `reads`:
    which definition of ours each of these is read as, and `unreadable` why not, where there is none, by number.
    """

    numbers: Mapping[str, int]
    refused: Mapping[str, str]
    unread: Mapping[str, str]
    otherwise: frozenset[str]
    names: tuple[str, ...]
    reads: tuple[int | None, ...]
    unreadable: Mapping[int, str]

    @property
    def whole(self) -> bool:
        """All can be sent, and what answers them can be read."""
        return not self.refused and not self.unread

    @property
    def usable(self) -> bool:
        """Something can be sent."""
        return bool(self.numbers)


def compare(
    ours: Description, theirs: Description, sides: Sides | None = None, *, steps: int | None = None
) -> Compatibility:
    """See the module. `steps`: that it may take; None: as many as what is `ours` is worth, as `theirs` is a peer's."""
    steps = STEPS + STEPS_OF_PART * _parts(ours) if steps is None else steps
    return _Comparison(ours, theirs, sides or Sides(), steps).compatibility()


def _parts(description: Description) -> int:
    shapes = [field.shape for each in description.definitions for field in each.fields]
    shapes += [shape for each in description.messages for shape in (each.shape, each.answer)]
    count = 0
    while shapes:
        shape = shapes.pop()
        count += 1
        if isinstance(shape, list):
            if shape[:1] in (["enum"], ["literal"], ["flag"]):
                count += len(shape) // VALUES_OF_STEP
            else:
                shapes += shape
    return count


class _Comparison:
    def __init__(self, ours: Description, theirs: Description, sides: Sides, steps: int) -> None:
        self._ours = ours
        self._theirs = theirs
        self._sides = sides
        self._to = Reading(ours, theirs, sides.ours, sides.theirs, steps)
        self._back = Reading(theirs, ours, sides.theirs, sides.ours, steps)
        self._numbers: dict[str, int] = {}
        for number, message in enumerate(theirs.messages, 1):
            self._numbers.setdefault(message.name, number)
        #: Classes of ours that one of their messages may be read as, by name.
        self._classes = self._readable_classes()
        self._reads: list[int | None] = []
        self._unreadable: dict[int, str] = {}

    def compatibility(self) -> Compatibility:
        for place, message in enumerate(self._theirs.messages):
            self._look_at(place + 1, message.name, message.shape)
        numbers: dict[str, int] = {}
        refused: dict[str, str] = {}
        unread: dict[str, str] = {}
        otherwise: set[str] = set()
        for message in self._ours.messages:
            number = self._numbers.get(message.name)
            if number is None:
                refused[message.name] = _cut(f"{self._sides.theirs} does not declare it; it is too old or too new")
                continue
            flaw = self._to.flaw(message.shape, self._theirs.messages[number - 1].shape, message.name)
            if flaw is not None:
                refused[message.name] = _cut(str(flaw))
                continue
            numbers[message.name] = number
            answering = self._theirs.messages[number - 1]
            flaw = self._other_way(message, answering)
            if flaw is not None:
                otherwise.add(message.name)
            else:
                flaw = self._answer_flaw(message.name, answering.answer, message.answer)
            if flaw is not None:
                unread[message.name] = _cut(str(flaw))
        names = tuple(message.name for message in self._theirs.messages)
        reads = tuple(self._reads)
        return Compatibility(numbers, refused, unread, frozenset(otherwise), names, reads, self._unreadable)

    def _readable_classes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for message in self._ours.messages:
            if isinstance(message.shape, int):
                found[message.name] = message.shape
        for message in self._ours.messages:
            for each in _members(message.answer):
                if isinstance(each, int) and 0 <= each < len(self._ours.definitions):
                    found.setdefault(self._ours.definitions[each].name, each)
        return found

    def _look_at(self, number: int, name: str, shape: Shape) -> None:
        ours = self._classes.get(name)
        flaw: Flaw | None = None
        if ours is not None:
            flaw = self._back.flaw(shape, ours, name)
        self._reads.append(None if flaw is not None else ours)
        if ours is None:
            self._unreadable[number] = _cut(f"{self._sides.ours} does not know the message {name}")
        elif flaw is not None:
            self._unreadable[number] = _cut(str(flaw))

    def _other_way(self, ours: MessageShape, theirs: MessageShape) -> Flaw | None:
        """What is said where one answers at once, and the other in items; None where either does not say."""
        if [ours.comes, theirs.comes] not in ([AT_ONCE, IN_ITEMS], [IN_ITEMS, AT_ONCE]):
            return None
        ways = ("at once", "in items") if theirs.comes == AT_ONCE else ("in items", "at once")
        return Flaw.said(
            f"the answer to {ours.name}",
            f"comes {ways[0]} at {self._sides.theirs}, {ways[1]} at {self._sides.ours}",
            "declare a message of another name for one of the two, beside this one",
        )

    def _answer_flaw(self, name: str, theirs: Shape, ours: Shape) -> Flaw | None:
        """What keeps their answer to a message from being read; None where one side names none: then nobody knows."""
        if theirs is None or ours is None or ours == "any":
            return None
        declared = {
            each.shape: number for number, each in enumerate(self._theirs.messages, 1) if isinstance(each.shape, int)
        }
        known, where = _members(ours), f"the answer to {name}"
        #: What answers are that travel by no number there.
        rest = [each for each in known if not (isinstance(each, int) and self._by_number(each))]
        for each in _members(theirs):
            number = declared.get(each) if isinstance(each, int) else None
            if number is None:
                flaw = self._back.flaw(each, ["union", *rest] if len(rest) != 1 else rest[0], where)
                if flaw is not None and not rest:  # all that is known comes by a number
                    flaw = self._unnamed_flaw(each, ours, where)
            elif self._reads[number - 1] in known and self._reads[number - 1] is not None:
                continue
            else:
                flaw = self._declared_flaw(number, where)
            if flaw is not None:
                return flaw
        return None

    def _by_number(self, place: int) -> bool:
        return place in self._reads

    def _unnamed_flaw(self, each: Shape, known: Shape, where: str) -> Flaw:
        ours, theirs = self._sides.ours, self._sides.theirs
        one, other = spelled_shape(each, self._theirs), spelled_shape(known, self._ours)
        return Flaw.said(
            where, f"may be {one} at {theirs}, {other} at {ours}", f"name {one} as an answer at {ours} first"
        )

    def _declared_flaw(self, number: int, where: str) -> Flaw:
        ours, theirs = self._sides.ours, self._sides.theirs
        name = self._theirs.messages[number - 1].name
        why = self._unreadable.get(number)
        if why is not None and name in self._classes:
            return Flaw.said(where, f"may be {name} at {theirs}: {why}", f"or name another answer at {theirs}")
        return Flaw.said(
            where,
            f"may be {name} at {theirs}, which {ours} does not expect",
            f"name {name} as an answer at {ours} first",
        )


def _members(shape: Shape) -> list[Shape]:
    if shape is None:
        return []
    return shape[1:] if isinstance(shape, list) and shape[:1] == ["union"] else [shape]


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
