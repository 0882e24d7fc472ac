"""Maps and sets whose keys have hashes that anybody can compute: how many entries they may have in what has arrived.

Python keys the hashes of texts and bytes with a secret of the process (SipHash, PEP 456), and no others: of numbers,
UUIDs, arrays, dates a peer can make up any number that collide, and n of them cost n² steps ("Denial of Service via
Algorithmic Complexity Attacks", USENIX Security 2003). The decoder builds the map, so what it may hold is judged
before, from the bytes. A short payload holds too few to matter, and most types have no such map: they pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import inspect

from .packed import AFTER

__all__ = ["MAX_NUMBERS", "MAX_OTHERS", "UNCHECKED", "check_plain", "guard_of"]

#: Entries of one map or set with numbers as keys: 6 ms, where each of them collides with all before it.
MAX_NUMBERS: Final = 2048
#: The same of other keys, which are compared by slower code: 4 ms.
MAX_OTHERS: Final = 256
#: Bytes of a payload that is not looked at.
UNCHECKED: Final = 2048
#: Steps that all such maps of one payload may take together, where all collide: as two of the largest, 5 ms and more.
MAX_STEPS: Final = 2 * MAX_NUMBERS**2
#: With this few entries the steps do not count: they are in proportion to the bytes.
FEW: Final = {MAX_NUMBERS: 64, MAX_OTHERS: 8}

#: Types whose hashes are keyed, or that have few values.
_KEYED: Final = (
    inspect.StrType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.LiteralType,
    inspect.BoolType,
    inspect.NoneType,
)
_WITH_FIELDS: Final = (inspect.DataclassType, inspect.StructType, inspect.NamedTupleType, inspect.TypedDictType)


class _Look:
    """What has been found in one payload so far."""

    __slots__ = ("counted", "data", "ends", "steps")

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = data
        self.steps = 0
        #: Where a value ends that was looked at as one of a type that stands inside itself.
        self.ends: dict[tuple[object, int], int] = {}
        #: Maps and sets whose steps are counted.
        self.counted: set[int] = set()

    def met(self, at: int, entries: int, most: int) -> None:
        """A map or a set of `entries` is there, of which it may have `most`. Raises ValueError beyond that."""
        if entries > most:
            raise ValueError(
                f"a map or set of {entries} entries, whose hashes anybody can compute; at most {most}: send a list of "
                "pairs, or texts as keys"
            )
        if entries > FEW[most] and at not in self.counted:
            self.counted.add(at)
            self.steps += (entries * MAX_NUMBERS // most) ** 2
            if self.steps > MAX_STEPS:
                raise ValueError("too many large maps or sets, whose hashes anybody can compute: send lists of pairs")

    def head(self, at: int) -> tuple[int, int, int]:
        """Of a value: 1 where it is an array, 2 for a map, else 0; its length; and where what is in it begins."""
        data = self.data
        head = data[at]
        if 0x80 <= head <= 0x9F:
            return (2 if head < 0x90 else 1), head & 0x0F, at + 1
        if 0xDC <= head <= 0xDF:
            width = 2 if head in (0xDC, 0xDE) else 4
            start = at + 1 + width
            return (1 if head <= 0xDD else 2), int.from_bytes(data[at + 1 : start], "big"), start
        size = AFTER[head]
        if size < 0:
            length = int.from_bytes(data[at + 1 : at + 1 - size], "big")
            size = length - size + (0xC7 <= head <= 0xC9)
        return 0, 0, at + 1 + size

    def skip(self, at: int) -> int:
        """Where the next value begins."""
        left = 1
        while left:
            what, length, at = self.head(at)
            left += what * length - 1
        return at

    def free(self, at: int) -> int:
        """As `skip`, of a value of any type: no key is an array or a map, and those that are no texts are few."""
        start = at
        what, length, at = self.head(at)
        if what == 1:
            for _ in range(length):
                at = self.free(at)
        elif what == 2:
            unkeyed = 0
            for _ in range(length):
                inner, _, after = self.head(at)
                if inner:
                    raise ValueError("an array or a map as the key of a map, where the type says nothing of keys")
                head = self.data[at]
                unkeyed += not (0xA0 <= head < 0xC0 or 0xC4 <= head <= 0xC6 or 0xD9 <= head <= 0xDB)
                at = self.free(after)
            self.met(start, unkeyed, MAX_NUMBERS)
        return at


#: Reads one value, and returns where the next one begins.
_Walk: TypeAlias = Callable[[_Look, int], int]


def check_plain(payload: bytes | memoryview) -> None:
    """Raise ValueError where a value of any type has a map that it may not have."""
    if len(payload) > UNCHECKED:
        _look(payload, _Look.free)


def guard_of(info: inspect.Type) -> Callable[[bytes | memoryview], None] | None:
    """What raises ValueError for a payload of the type that has such a map; None where no value of it has one."""
    if not _needed(info, set()):
        return None
    walk = _Walks().of(info)

    def guard(payload: bytes | memoryview) -> None:
        if len(payload) > UNCHECKED:
            _look(payload, walk)

    return guard


def _look(payload: bytes | memoryview, walk: _Walk) -> None:
    try:
        walk(_Look(payload), 0)
    except IndexError:
        return  # it is no MessagePack: the decoder says so


def _most(key: inspect.Type) -> int | None:
    """How many such keys one map may have; None: any number."""
    match key:
        case inspect.Metadata(type=inner):
            return _most(inner)
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            found = [most for each in types if (most := _most(each)) is not None]
            return (min(found) if isinstance(key, inspect.UnionType) else MAX_OTHERS) if found else None
        case inspect.VarTupleType(item_type=item):
            return None if _most(item) is None else MAX_OTHERS
        case inspect.IntType() | inspect.FloatType():
            return MAX_NUMBERS
        case _:
            return None if isinstance(key, _KEYED) else MAX_OTHERS


def _kind(info: inspect.Type) -> int:
    """As the first of `_Look.head`, of values of the type that have something in them; 0: either."""
    match info:
        case inspect.Metadata(type=inner):
            return _kind(inner)
        case inspect.DictType():
            return 2
        case inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return 1
        case inspect.VarTupleType() | inspect.TupleType() | inspect.NamedTupleType():
            return 1
        case _ if isinstance(info, _WITH_FIELDS):
            return 1 if getattr(info, "array_like", False) else 2
        case _:
            return 0


def _needed(info: inspect.Type, seen: set[object]) -> bool:
    """A value of the type may have a map or a set that has to be looked at."""
    match info:
        case inspect.Metadata(type=inner):
            return _needed(inner, seen)
        case inspect.AnyType():
            return True
        case inspect.DictType(key_type=key, value_type=value):
            return _most(key) is not None or _needed(value, seen)
        case inspect.SetType(item_type=item) | inspect.FrozenSetType(item_type=item):
            return _most(item) is not None
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return _needed(item, seen)
        case inspect.TupleType(item_types=types) | inspect.UnionType(types=types):
            return any(_needed(each, seen) for each in types)
        case _ if isinstance(info, _WITH_FIELDS) and info.cls not in seen:
            seen.add(info.cls)
            return any(_needed(field.type, seen) for field in info.fields)
        case _:
            return False


class _Walks:
    """Makes the walk of a type: `_Look.skip` where nothing in it has to be looked at."""

    def __init__(self) -> None:
        self._under_way: dict[object, _Walk | None] = {}

    def of(self, info: inspect.Type) -> _Walk:
        match info:
            case inspect.Metadata(type=inner):
                return self.of(inner)
            case inspect.AnyType():
                return _Look.free
            case inspect.DictType(key_type=key, value_type=value):
                return self._map(_most(key), self.of(value))
            case inspect.SetType(item_type=item) | inspect.FrozenSetType(item_type=item):
                most = _most(item)
                return _Look.skip if most is None else self._set(most)
            case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
                return self._items(self.of(item))
            case inspect.TupleType(item_types=items):
                return self._places([self.of(each) for each in items])
            case inspect.UnionType(types=types):
                return self._one_of([(_kind(each), self.of(each)) for each in types])
            case _ if isinstance(info, _WITH_FIELDS):
                return self._fields(info)
            case _:
                return _Look.skip

    def _map(self, most: int | None, value: _Walk) -> _Walk:
        if most is None and value is _Look.skip:
            return _Look.skip

        def walk(look: _Look, at: int) -> int:
            what, length, start = look.head(at)
            if what != 2:
                return look.skip(at)
            if most is not None:
                look.met(at, length, most)
            for _ in range(length):
                start = value(look, look.skip(start))
            return start

        return walk

    def _set(self, most: int) -> _Walk:
        def walk(look: _Look, at: int) -> int:
            what, length, _ = look.head(at)
            if what == 1:
                look.met(at, length, most)
            return look.skip(at)

        return walk

    def _items(self, item: _Walk) -> _Walk:
        if item is _Look.skip:
            return item

        def walk(look: _Look, at: int) -> int:
            what, length, start = look.head(at)
            if what != 1:
                return look.skip(at)
            for _ in range(length):
                start = item(look, start)
            return start

        return walk

    def _places(self, items: list[_Walk]) -> _Walk:
        if all(item is _Look.skip for item in items):
            return _Look.skip

        def walk(look: _Look, at: int) -> int:
            what, length, start = look.head(at)
            if what != 1:
                return look.skip(at)
            for place in range(length):
                start = items[place](look, start) if place < len(items) else look.skip(start)
            return start

        return walk

    def _one_of(self, walks: list[tuple[int, _Walk]]) -> _Walk:
        """Which it is, the bytes may not say: each of those that look at something looks, and all have to agree."""
        looking = [(kind, walk) for kind, walk in walks if walk is not _Look.skip]
        if not looking:
            return _Look.skip
        of_arrays, of_maps = ([walk for kind, walk in looking if kind in (0, what)] for what in (1, 2))

        def walk(look: _Look, at: int) -> int:
            what = look.head(at)[0]
            fitting = of_arrays if what == 1 else of_maps if what else ()
            ends = [each(look, at) for each in fitting]
            return ends[0] if ends else look.skip(at)

        return walk

    def _fields(self, info: inspect.Type) -> _Walk:
        assert isinstance(info, _WITH_FIELDS)
        cls = info.cls
        if not _needed(info, set()):
            return _Look.skip
        if cls in self._under_way:
            return self._again(cls)
        self._under_way[cls] = None
        fields = {field.encode_name: self.of(field.type) for field in info.fields}
        array = getattr(info, "array_like", False) or isinstance(info, inspect.NamedTupleType)
        if array:
            places = list(fields.values())
            if getattr(info, "tag_field", None) is not None:
                places.insert(0, _Look.skip)
            walk = self._places(places)
        else:
            walk = self._named({name.encode(): each for name, each in fields.items() if each is not _Look.skip})
        self._under_way[cls] = walk
        return walk

    def _again(self, cls: object) -> _Walk:
        """Of a type that stands inside itself, where it does. Once at each value: two of which each may be either would
        look 2ⁿ times at what is n deep in them.
        """

        def walk(look: _Look, at: int) -> int:
            end = look.ends.get((cls, at))
            if end is None:
                whole = self._under_way[cls]  # it is there by now
                assert whole is not None
                end = look.ends[cls, at] = whole(look, at)
            return end

        return walk

    def _named(self, fields: dict[bytes, _Walk]) -> _Walk:
        if not fields:
            return _Look.skip

        def walk(look: _Look, at: int) -> int:
            what, length, start = look.head(at)
            if what != 2:
                return look.skip(at)
            data = look.data
            for _ in range(length):
                after = look.skip(start)
                width = {0xD9: 2, 0xDA: 3, 0xDB: 5}.get(data[start], 1)
                field = fields.get(bytes(data[start + width : after]))
                start = look.skip(after) if field is None else field(look, after)
            return start

        return walk
