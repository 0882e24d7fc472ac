"""`exact.flaw` as one expression for each class: 40 ns for a message with three fields, not some microseconds."""

# Law: what it says yes to has no flaw that the encoder does not find as well (an int of more than 64 bits, text that
#      UTF-8 cannot carry). No, or anything that it raises, means: have `flaw` look.
# It is Python text that is compiled, as `dataclasses` does it. Of what users write only names of fields stand in it.

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from keyword import iskeyword
from typing import Any

import msgspec
from msgspec import inspect

from .exact import MANY, PLAIN_SCALARS, class_of, flaw, is_plain
from .travelling import Destination, is_destination

__all__ = ["WITH_FIELDS", "Compiler", "compiled"]

#: Ints that a float stands for exactly.
_EXACT = 2**53

#: The class of a value that is not looked at any further.
_ONE_CLASS: dict[type[inspect.Type], type] = {
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.StrType: str,
    inspect.BytesType: bytes,
    inspect.ByteArrayType: bytearray,
    inspect.DateType: dt.date,
    inspect.TimeDeltaType: dt.timedelta,
    inspect.UUIDType: uuid.UUID,
    inspect.RawType: msgspec.Raw,
    inspect.ExtType: msgspec.msgpack.Ext,
}
_ANY_DESTINATION: object = Destination
#: Classes whose instances have declared fields.
WITH_FIELDS = (inspect.DataclassType, inspect.StructType, inspect.NamedTupleType)


def compiled(info: inspect.Type) -> Callable[[Any], bool]:
    """A function that tells whether a value is exactly of the type; see the module for what a no means.

    Whoever asks knows that the value's class is that of the type, where that is a class with fields.
    """
    return Compiler().entry(info)


class Compiler:
    """Makes the function of a type, and those of types within it."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {"PLAIN_SCALARS": PLAIN_SCALARS, "is_plain": is_plain, "flaw": flaw}
        self._known: dict[object, str] = {}
        self._functions: list[str] = []
        self._variables = 0

    def entry(self, info: Any) -> Callable[[Any], bool]:
        """The function for the type itself."""
        if isinstance(info, WITH_FIELDS):
            self._functions.append(f"def entry(v):\n    return {' and '.join(self._fields(info)) or True}")
        else:
            self._functions.append(f"def entry(v):\n    return {self._test(info, 'v')}")
        exec("\n".join(self._functions), self._names)  # noqa: S102  # see the module
        found: Callable[[Any], bool] = self._names["entry"]
        return found

    def function_of(self, info: Any) -> str:
        """The name of a function that tests a value of this type."""
        known = self._known.get(id(info))
        if known is not None:
            return known
        name = self._known[id(info)] = f"is_{len(self._known)}"
        if isinstance(info, WITH_FIELDS):
            self._functions.append(f"def {name}(v):\n    return {self._of_class(self.name_of(class_of(info)), info)}")
        else:
            self._functions.append(f"def {name}(v):\n    return {self._test(info, 'v')}")
        return name

    def name_of(self, value: object) -> str:
        """A name that stands for this object."""
        name = f"n{len(self._names)}"
        for known, each in self._names.items():
            if each is value:
                return known
        self._names[name] = value
        return name

    def _of_class(self, cls: str, info: Any) -> str:
        """A test of `v` for a type with fields, whose class has the name `cls`."""
        return " and ".join([f"v.__class__ is {cls}", *self._fields(info)])

    def _fields(self, info: Any) -> list[str]:
        return [self._test(field.type, self._get(field.name)) for field in info.fields]

    def _get(self, field: str) -> str:
        # A Struct that is made by `defstruct` may have a field `class`.
        if field.isidentifier() and not iskeyword(field):
            return f"v.{field}"
        return f"{self.name_of(getattr)}(v, {field!r})"

    def _fresh(self) -> str:
        self._variables += 1
        return f"x{self._variables}"

    def _test(self, info: Any, get: str) -> str:
        """An expression that tests what the expression `get` gives, and evaluates that once."""
        one = _ONE_CLASS.get(type(info))
        if one is not None:
            return f"{get}.__class__ is {self.name_of(one)}"
        if isinstance(info, inspect.NoneType):
            return f"{get} is None"
        if isinstance(info, inspect.EnumType):
            return f"{get}.__class__ is {self.name_of(info.cls)}"
        if isinstance(info, inspect.Metadata):
            return self._test(info.type, get)
        x = self._fresh()
        bound = f"({x} := {get})"
        match info:
            case inspect.AnyType():
                return f"({bound}.__class__ in PLAIN_SCALARS or is_plain({x}))"
            case inspect.FloatType():
                small = f"{x}.__class__ is {self.name_of(int)} and {-_EXACT} <= {x} <= {_EXACT}"
                return f"({bound}.__class__ is {self.name_of(float)} or {small})"
            case inspect.UnionType(types=types):
                if any(isinstance(each, inspect.AnyType) for each in types):
                    return self._test(inspect.AnyType(), get)  # as `exact` has it
                # The plainest first: what is None, or a scalar, most of the time.
                ordered = sorted(types, key=lambda each: not isinstance(each, inspect.NoneType))
                tests = [self._test(each, bound if place == 0 else x) for place, each in enumerate(ordered)]
                return f"({' or '.join(tests)})"
            case inspect.CustomType(cls=made):
                if made is _ANY_DESTINATION:
                    return f"{self.name_of(is_destination)}({get})"
                return f"{get}.__class__ is {self.name_of(made)}"
            case inspect.DateTimeType() | inspect.TimeType():
                cls = dt.datetime if isinstance(info, inspect.DateTimeType) else dt.time
                plain_zone = f"{x}.tzinfo is None or {x}.tzinfo is {self.name_of(dt.UTC)}"
                return f"({bound}.__class__ is {self.name_of(cls)} and not {x}.fold and ({plain_zone}))"
            case inspect.DecimalType():
                return f"({bound}.__class__ is {self.name_of(Decimal)} and not {x}.is_snan())"
            case inspect.DictType(key_type=keys, value_type=values):
                each = f"{self._all(keys, x)} and {self._all(values, f'{x}.values()')}"
                return f"({bound}.__class__ is {self.name_of(dict)} and {each})"
            case inspect.TupleType(item_types=items):
                tests = [f"{bound}.__class__ is {self.name_of(tuple)}", f"{self.name_of(len)}({x}) == {len(items)}"]
                tests += [self._test(item, f"{x}[{place}]") for place, item in enumerate(items)]
                return f"({' and '.join(tests)})"
            case _ if isinstance(info, WITH_FIELDS):
                return f"{self.function_of(info)}({get})"
            case _ if type(info) in MANY:
                return f"({bound}.__class__ is {self.name_of(MANY[type(info)])} and {self._all(info.item_type, x)})"
            case _:
                return f"flaw({self.name_of(info)}, {get}, '') is None"

    def _all(self, info: Any, many: str) -> str:
        one = _ONE_CLASS.get(type(info))
        if one is not None:
            return f"{self.name_of(frozenset({one}))}.issuperset({self.name_of(map)}({self.name_of(type)}, {many}))"
        return f"{self.name_of(all)}({self.name_of(map)}({self.function_of(info)}, {many}))"
