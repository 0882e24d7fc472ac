"""Whether what one side writes as a type is understood by whoever reads it as another one, and what keeps it from that.

Law 1. Yes means that every value of the writer's type is read, without a word, as one of the reader's (bounds are the
       reader's own business). Nothing is converted on the way: it is as a reader of MessagePack takes the very bytes.
Law 2. One of the two may be anybody's. What is spent on it is a number of steps, of which each takes about as long as
       any other: what has many parts counts as many, and texts are made of the one flaw that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from .description import OPTIONAL, REQUIRED, Definition, Description, Shape, spelled_shape
from .enumerated import VALUES, is_integer, not_read, of_integers, several_of
from .flaw import Flaw

__all__ = ["Reading", "WIDER"]

#: What a word is read as beside itself. Each row stands in docs/evolving.md, and a test compares the two.
WIDER: dict[str, frozenset[str]] = {
    "int": frozenset({"float"}),
    "bytes": frozenset({"bytearray", "memoryview"}),
    "bytearray": frozenset({"bytes", "memoryview"}),
    "memoryview": frozenset({"bytes", "bytearray"}),
    "date": frozenset({"str"}),
    "time": frozenset({"str"}),
    "timedelta": frozenset({"str"}),
    "decimal": frozenset({"str"}),
    "uuid": frozenset({"str"}),
    "address": frozenset({"str"}),
}
#: Words that stand for themselves.
WORDS = frozenset(
    {"none", "bool", "int", "float", "str", "bytes", "bytearray", "memoryview", "datetime", "date", "time"}
    | {"timedelta", "decimal", "uuid", "ext", "address", "any", "raw"}
)
_ARRAYS = frozenset({"list", "set", "frozenset", "vartuple", "tuple"})
_SETS = frozenset({"set", "frozenset"})
#: Steps of one comparison where both descriptions are one's own: those of 64 messages of 100 fields are some thousands.
MAX_STEPS = 200_000
#: Values of an enumeration that are as one step.
VALUES_OF_STEP = 8


class _TooMuch(Exception):
    pass


class Reading:
    """What `writer` describes, read as `reader` describes it. `wrote`, `reads`: the two sides, for texts.

    `steps`: that it may take, all together.
    """

    def __init__(
        self, writer: Description, reader: Description, wrote: str, reads: str, steps: int = MAX_STEPS
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._wrote = wrote
        self._reads = reads
        self._left = steps
        #: Pairs of definitions that are taken for well: they are, or they are being looked at.
        self._well: dict[tuple[int, int, bool, bool], None] = {}
        #: What is looked at has to have a hash: it is an item of a set, or a key.
        self._has_hash = False

    def flaw(self, written: Shape, read: Shape, where: str) -> Flaw | None:
        """What keeps `written` from being read as `read`; None if nothing does. `where` names it, for texts."""
        try:
            return self._flaw(written, read, where)
        except RecursionError:
            return Flaw.said(where, "is nested too deeply to be compared", "make it flatter")
        except _TooMuch:
            return Flaw.said(where, "is described in too many words to be compared", "make it smaller")

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _TooMuch

    def _flaw(self, written: Shape, read: Shape, where: str) -> Flaw | None:
        self._spend(1)
        match written, read:
            case ["union", *several], _ if "any" in several and read != "any":
                return self._flaw("any", read, where)  # nothing else is written then
            case ["union", *several], _:
                return _first(self._flaw(each, read, where) for each in several)
            case _, "raw":
                return None if _known(written) else self._other(written, read, where)
            case _, "any":
                return self._any_flaw(written, where)
            case _, ["union", *several] if "any" in several:
                return self._any_flaw(written, where)
            case ["enum" | "literal" | "flag" as word, *values], _:
                return self._values_flaw(word, values if word == "literal" else values[1:], written, read, where)
            case _, ["union", *several]:
                return self._one_of(written, several, read, where)
            case bool(), _:
                return self._other(written, read, where)
            case int(ours), int(theirs) if not isinstance(theirs, bool):
                return self._class_flaw(ours, theirs, where, among=False)
            case str(word), str(other) if word in WORDS and (word == other or other in WIDER.get(word, ())):
                return None
            case ["dict", keys, values], ["dict", other_keys, other_values]:
                return self._keyed(keys, other_keys, f"a key of {where}") or self._flaw(
                    values, other_values, f"{where}[…]"
                )
            case [str(word), *items], [str(other), *others] if word in _ARRAYS and other in _ARRAYS:
                return self._array_flaw(word, items, other, others, written, read, where)
            case _:
                return self._other(written, read, where)

    def _other(self, written: Shape, read: Shape, where: str) -> Flaw:
        return Flaw(where, partial(self._other_words, written, read))

    def _other_words(self, written: Shape, read: Shape) -> tuple[str, str]:
        one, other = spelled_shape(written, self._writer), spelled_shape(read, self._reader)
        return (
            f"is {one} at {self._wrote}, {other} at {self._reads}",
            f"let {self._reads} read {one} as well, or leave the field and add one of another name",
        )

    def _values_flaw(self, word: str, values: Sequence[object], written: Shape, read: Shape, where: str) -> Flaw | None:
        """Of an enumeration, or values that are given: each of them has to be read."""
        several = several_of(read)
        if word == "flag":
            # Any of its values may be there together, so they are read as an integer, or as those of one other.
            if "int" in several or ("float" in several and not of_integers(several)):
                return None
            several = [each for each in several if isinstance(each, list) and each[:1] == ["flag"]][:1]
        elif of_integers(several):
            several = [each for each in several if each != "float"]  # it gets no integer then
        missing = values
        for each in several:
            self._spend(1 + (len(missing) + (len(each) if isinstance(each, list) else 0)) // VALUES_OF_STEP)
            missing = not_read(missing, word, each)
        if not missing:
            return None
        if not any(isinstance(each, list) and each[:1] in VALUES for each in several):
            return self._other(written, read, where)
        shown = ", ".join(map(repr, missing[:8]))
        return Flaw.said(
            where,
            f"may be {shown} at {self._wrote}, which {self._reads} does not know",
            f"add {'it' if len(missing) == 1 else 'them'} at {self._reads} first",
        )

    def _one_of(self, written: Shape, several: Sequence[Shape], read: Shape, where: str) -> Flaw | None:
        """One of several has to read it: of classes the one with its tag."""
        if isinstance(written, int):
            # One that travels as a map and one as an array are told apart without a tag.
            classes = [each for each in several if is_integer(each) and self._alike(written, each)]
            among = len(classes) > 1
            tag = self._tag(self._writer, written)
            fitting = [each for each in classes if not among or self._tag(self._reader, each) == tag]
            if len(fitting) == 1:
                return self._class_flaw(written, fitting[0], where, among=among)
            return self._other(written, read, where)
        if written == "int" and of_integers(several):
            several = [each for each in several if each != "float"]  # it gets no integer then
        found = [self._flaw(written, each, where) for each in several]
        if None in found:
            return None
        inside = [flaw for flaw in found if flaw is not None and flaw.where != where]
        return inside[0] if len(inside) == 1 else self._other(written, read, where)

    def _array_flaw(
        self,
        word: str,
        items: Sequence[Shape],
        other: str,
        others: Sequence[Shape],
        written: Shape,
        read: Shape,
        where: str,
    ) -> Flaw | None:
        if other == "tuple":
            if word != "tuple" or len(items) != len(others):
                return self._other(written, read, where)
            return _first(
                self._flaw(item, each, f"{where}[{place}]")
                for place, (item, each) in enumerate(zip(items, others, strict=True))
            )
        if (other in _SETS and word not in _SETS) or len(others) != 1:
            return self._other(written, read, where)  # items that are equal would arrive once
        look = self._keyed if other in _SETS else self._flaw
        return _first(look(item, others[0], f"{where}[…]") for item in items)

    # What is read as anything, and what has to have a hash.

    def _any_flaw(self, written: Shape, where: str) -> Flaw | None:
        if not _known(written):
            return self._other(written, "any", where)
        if self._has_hash and _is_made(written):
            what = f"is an array or a class at {self._wrote}, and Any at {self._reads}"
            return Flaw.said(where, what, f"declare its type at {self._reads}")
        if not self._with(written, _not_plain):
            return None
        return Flaw.said(
            where,
            f"has at {self._wrote} what is not read as Any, which it is at {self._reads}: a datetime, an extension, or "
            "a map whose keys are arrays or maps",
            f"declare its type at {self._reads}",
        )

    def _keyed(self, written: Shape, read: Shape, where: str) -> Flaw | None:
        """As `_flaw`, of an item of a set, or of a key."""
        before, self._has_hash = self._has_hash, True
        try:
            return self._flaw(written, read, where)
        finally:
            self._has_hash = before

    def _are_classes(self, written: int, read: int) -> bool:
        return 0 <= written < len(self._writer.definitions) and 0 <= read < len(self._reader.definitions)

    def _with(self, written: Shape, found: Callable[[Shape], bool]) -> bool:
        """What the writer describes has a part of which `found` is true."""
        left, seen = [written], set()
        while left:
            shape = left.pop()
            self._spend(1)
            if found(shape):
                return True
            if isinstance(shape, list) and shape[:1] not in VALUES:
                left += shape[1:]
            elif isinstance(shape, int) and shape not in seen and 0 <= shape < len(self._writer.definitions):
                seen.add(shape)
                left += [field.shape for field in self._writer.definitions[shape].fields]
        return False

    # Classes with fields.

    def _alike(self, written: int, read: int) -> bool:
        """Both travel as maps, or both as arrays."""
        if not self._are_classes(written, read):
            return True
        one, other = self._writer.definitions[written].form, self._reader.definitions[read].form
        return (one == "map") == (other == "map")

    def _tag(self, side: Description, place: int) -> tuple[str, str | int] | None:
        return side.definitions[place].tag if 0 <= place < len(side.definitions) else None

    def _class_flaw(self, written: int, read: int, where: str, *, among: bool) -> Flaw | None:
        pair = (written, read, among, self._has_hash)
        if pair in self._well:
            return None
        if not (0 <= written < len(self._writer.definitions) and 0 <= read < len(self._reader.definitions)):
            return Flaw.said(where, "is of a type that is not described", "describe it")
        before = len(self._well)
        self._well[pair] = None  # as long as nothing else turns out: it may stand inside itself
        found = self._fields_flaw(self._writer.definitions[written], self._reader.definitions[read], where, among=among)
        if found is not None:
            while len(self._well) > before:
                self._well.popitem()
        return found

    def _fields_flaw(self, written: Definition, read: Definition, where: str, *, among: bool) -> Flaw | None:
        arrays = (written.form != "map") + (read.form != "map")
        if arrays == 1 or not {written.form, read.form} <= {"map", "array", "tuple"}:
            return Flaw.said(
                where,
                f"travels as {_form(written)} from {self._wrote}, and as {_form(read)} to {self._reads}",
                "declare both alike",
            )
        must = among or arrays == 2 or written.tag is not None
        if read.tag != written.tag and (read.tag is not None or arrays == 2) and must:
            return Flaw.said(
                where,
                f"has the tag {_tag(written)} at {self._wrote}, {_tag(read)} at {self._reads}",
                "give both the same tag",
            )
        if arrays == 2:
            return self._places_flaw(written, read, where)
        return self._names_flaw(written, read, where)

    def _names_flaw(self, written: Definition, read: Definition, where: str) -> Flaw | None:
        theirs = {each.name: each for each in read.fields}
        tag = None if read.tag is None or written.tag is not None else read.tag[0]
        for field in written.fields:
            other = theirs.pop(field.name, None)
            self._spend(1)
            if field.name == tag:
                return Flaw.said(f"{where}.{tag}", f"is the tag at {self._reads}", "call the field otherwise")
            if other is None:
                if read.strict:
                    return self._strict_flaw(field.name, where)
                continue
            found = self._flaw(field.shape, other.shape, f"{where}.{field.name}")
            if found is not None:
                return found
            if field.presence == OPTIONAL and other.presence == REQUIRED:
                return Flaw.said(
                    f"{where}.{field.name}",
                    f"may be left out by {self._wrote}, and {self._reads} requires it",
                    f"give it a default at {self._reads}",
                )
        if written.tag is not None and read.tag is None and (clash := theirs.pop(written.tag[0], None)) is not None:
            return Flaw.said(f"{where}.{clash.name}", f"is the tag of {self._wrote}", "call the field otherwise")
        if written.tag is not None and read.strict and read.tag is None:
            return self._strict_flaw(written.tag[0], where)
        missing = next((each for each in theirs.values() if each.presence == REQUIRED), None)
        return None if missing is None else self._missing(missing.name, where)

    def _places_flaw(self, written: Definition, read: Definition, where: str) -> Flaw | None:
        for place, (field, other) in enumerate(zip(written.fields, read.fields, strict=False)):
            self._spend(1)
            if field.name != other.name:
                return Flaw.said(
                    f"{where}[{place}]",
                    f"is {field.name!r} at {self._wrote}, {other.name!r} at {self._reads}",
                    "keep the order of fields that travel as an array, and add new ones at its end",
                )
            found = self._flaw(field.shape, other.shape, f"{where}.{field.name}")
            if found is not None:
                return found
        count = len(written.fields)
        if count > len(read.fields) and (read.strict or read.form == "tuple"):
            return self._strict_flaw(written.fields[len(read.fields)].name, where)
        missing = next((each for each in read.fields[count:] if each.presence == REQUIRED), None)
        return None if missing is None else self._missing(missing.name, where)

    def _missing(self, name: str, where: str) -> Flaw:
        return Flaw.said(
            f"{where}.{name}",
            f"is required at {self._reads}, and {self._wrote} does not have it",
            f"give it a default at {self._reads}, or add it at {self._wrote} first",
        )

    def _strict_flaw(self, name: str, where: str) -> Flaw:
        return Flaw.said(
            f"{where}.{name}",
            f"is unknown at {self._reads}, which forbids unknown fields",
            f"add it at {self._reads} first, or leave forbid_unknown_fields out there",
        )


def _first(flaws: object) -> Flaw | None:
    return next((found for found in flaws if found is not None), None)  # type: ignore[attr-defined]


def _not_plain(shape: Shape) -> bool:
    """As what is declared nowhere it does not arrive, see `arrival_check`."""
    if not (isinstance(shape, list) and shape[:1] == ["dict"] and len(shape) > 1):
        return shape in ("datetime", "ext", "raw")
    return any(map(_is_made, several_of(shape[1])))


def _is_made(shape: Shape) -> bool:
    """A class, or an array or a map of others."""
    return is_integer(shape) or (isinstance(shape, list) and shape[:1] not in VALUES)


def _known(shape: Shape) -> bool:
    """A reader of anything takes it: what nobody knows may be no value at all."""
    return not isinstance(shape, str) or shape in WORDS


def _form(definition: Definition) -> str:
    return "a map" if definition.form == "map" else "an array"


def _tag(definition: Definition) -> str:
    return "none" if definition.tag is None else f"{definition.tag[0]}={definition.tag[1]!r}"
