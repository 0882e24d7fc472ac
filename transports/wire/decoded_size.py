"""How much memory a message takes, by its type: computed once for each, so that none is ever walked for it."""

# Law 1: an upper bound. Of what may come in any number (items of lists, entries of maps) the heaviest is taken for each
#        byte of the payload: a sum of parts weighs no more a byte than its heaviest part.
# Law 2: a payload has a channel's `max_elements` values at most, so however heavy its type, one message has a bound of
#        its own.

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import inspect

__all__ = ["Weight", "weight_of"]

#: Bytes of what lies around a message while it waits: an envelope, its place, what answers it.
AROUND: Final = 320
#: Bytes that a value has in memory at most, lists, maps and objects: an empty set has 216.
HEAVIEST: Final = 96
#: Bytes of memory a byte of the encoding, of values that stand in a list: CPython 3.11 to 3.13 with 64 bits.
_SCALARS: Final[dict[type, int]] = {
    inspect.NoneType: 8,
    inspect.BoolType: 8,
    inspect.EnumType: 8,
    inspect.LiteralType: 8,
    inspect.IntType: 14,
    inspect.FloatType: 32,
    inspect.StrType: 28,
    inspect.BytesType: 14,
    inspect.ByteArrayType: 40,
    inspect.MemoryViewType: 92,
    inspect.UUIDType: 8,
    inspect.DateTimeType: 8,
    inspect.DateType: 8,
    inspect.TimeType: 8,
    inspect.TimeDeltaType: 16,
    inspect.DecimalType: 60,
    inspect.CustomType: 60,  # an address, of 70 bytes and more
    inspect.ExtType: 40,
    inspect.RawType: 80,
    inspect.AnyType: 110,
}
_LIST, _TUPLE, _SET, _MAP, _ENTRY, _OTHER = 80, 80, 240, 88, 80, 200
_WITH_FIELDS: Final = (inspect.DataclassType, inspect.StructType, inspect.NamedTupleType, inspect.TypedDictType)


class Weight(NamedTuple):
    """Bytes of memory that one message takes, and further bytes for each byte of its payload."""

    each: int
    per_byte: float

    def of(self, messages: int, size: int, elements: int) -> int:
        """What `messages` take in memory: payloads of `size` bytes together, and `elements` values each at most."""
        return messages * self.each + int(min(size * self.per_byte, size + messages * elements * HEAVIEST))


def weight_of(message_type: type) -> Weight:
    """That of a message of this type."""
    return _kept(message_type)


@lru_cache(maxsize=1024)
def _kept(message_type: Any) -> Weight:
    found = _Weighing()
    per_byte = found.alone(inspect.type_info(message_type))
    return Weight(AROUND + found.each, per_byte)


class _Weighing:
    def __init__(self) -> None:
        #: Bytes of what is there once.
        self.each = 0
        self._seen: set[object] = set()

    def alone(self, info: inspect.Type) -> float:
        """Bytes of memory a byte, of a value that is there once."""
        match info:
            case inspect.Metadata(type=inner):
                return self.alone(inner)
            case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
                self.each += _TUPLE
                return max(map(self.alone, types), default=1.0)
            case inspect.StrType():
                self.each += 64
                return 4.0  # one wide character widens all
            case inspect.BytesType() | inspect.ByteArrayType() | inspect.MemoryViewType():
                self.each += 200
                return 1.0
            case _ if isinstance(info, _WITH_FIELDS) and info.cls not in self._seen:
                self._seen.add(info.cls)
                self.each += _object(info)
                found = max((self.alone(field.type) for field in info.fields), default=1.0)
                self._seen.discard(info.cls)
                return found
            case _ if type(info) in _SCALARS and not isinstance(info, inspect.AnyType | inspect.RawType):
                self.each += 64
                return 1.0
            case _:
                return float(self._item(info, set()))

    def _item(self, info: inspect.Type, seen: set[object]) -> float:
        """The same, of a value of which there may be any number."""
        match info:
            case inspect.Metadata(type=inner):
                return self._item(inner, seen)
            case inspect.UnionType(types=types):
                return max(self._item(each, seen) for each in types)
            case inspect.TupleType(item_types=types):
                return max(_TUPLE, *(self._item(each, seen) for each in types)) if types else _TUPLE
            case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
                return max(_LIST, self._item(item, seen))
            case inspect.SetType(item_type=item) | inspect.FrozenSetType(item_type=item):
                return max(_SET, self._item(item, seen) + _ENTRY)
            case inspect.DictType(key_type=key, value_type=value):
                return max(_MAP, max(self._item(key, seen), self._item(value, seen)) + _ENTRY)
            case _ if isinstance(info, _WITH_FIELDS):
                if info.cls in seen:
                    return 0.0
                inside = max((self._item(field.type, {*seen, info.cls}) for field in info.fields), default=0.0)
                return max(_object(info) / _least(info), inside)
            case _:
                return float(_SCALARS.get(type(info), _OTHER))


def _object(info: inspect.Type) -> int:
    """Bytes of the smallest object of a class with fields."""
    assert isinstance(info, _WITH_FIELDS)
    fields = info.fields
    made = sum(100 for field in fields if not field.required and callable(getattr(field, "default_factory", None)))
    own = 56 if isinstance(info, inspect.StructType | inspect.NamedTupleType) else 240
    return own + 8 * len(fields) + made


def _least(info: inspect.Type) -> int:
    """Bytes of its shortest encoding, but for what is in its fields."""
    assert isinstance(info, _WITH_FIELDS)
    required = [field for field in info.fields if field.required]
    if getattr(info, "array_like", False) or isinstance(info, inspect.NamedTupleType):
        return 1 + len(required)
    return 1 + sum(2 + len(field.encode_name) for field in required)
