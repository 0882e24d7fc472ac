"""Conditions on the attributes of a role, `from<=500,region=eu`: which of the nodes that offer it a send may go to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Final

__all__ = ["ANYWHERE", "Condition", "Where"]

_CONDITION = re.compile(r"([a-z0-9][a-z0-9._-]{0,30})(?:(!=|<=|>=|=|<|>)([^{},=]*))?")
_NUMBER = re.compile(r"-?[0-9]{1,100}(?:\.[0-9]{1,100})?")
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt}


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _check_values(where: object) -> None:
    """Whatever a program without type checks gives."""
    if not isinstance(where, Mapping):
        left_out = "; leave it out where there is no condition" if where is None else ""
        raise TypeError(f'where is {where!r}{left_out}, or write "from<=500,region=eu" or {{"region": "eu"}}')
    for key, value in where.items():
        if not isinstance(key, str) or not isinstance(value, str):
            meant = f"{{{str(key)!r}: {str(value)!r}}}"
            raise TypeError(f"where has {{{key!r}: {value!r}}}; names and values of attributes are text: {meant}")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `from=1000`, `region!=eu`, `from<=500` (also `<`, `>`, `>=`), or `tls` alone: it is there.

    Orders compare numbers; an attribute that is none, or is missing, does not hold. As in Kubernetes' label selectors
    `!=` also holds where the attribute is missing. Raises ValueError where it is malformed.

    ```python
    assert Condition("from", "<=", "500").holds({"from": "100"})
    ```
    """

    attribute: str
    operator: str = ""
    value: str = ""
    _number: float | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = _CONDITION.fullmatch(str(self))
        if (
            found is None
            or found.groups("") != (self.attribute, self.operator, self.value)
            or not str(self).isprintable()
        ):
            raise ValueError(f"not a condition: {str(self)!r} (attribute, one of = != < <= > >=, and a value)")
        if self.operator in _ORDERS:
            number = _number(self.value)
            if number is None:
                raise ValueError(f"not a condition: {str(self)!r} ({self.value!r} is not a number)")
            object.__setattr__(self, "_number", number)

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """Whether attributes fulfil it."""
        value = attributes.get(self.attribute)
        if self.operator == "!=":
            return value != self.value
        if value is None:
            return False
        if self.operator == "=":
            return value == self.value
        if self._number is None:
            return True
        number = _number(value)
        return number is not None and _ORDERS[self.operator](number, self._number)

    def __str__(self) -> str:
        return f"{self.attribute}{self.operator}{self.value}"


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions that must all hold, in an order that does not depend on how they were written.

    ```python
    nearby = Role("archive", where="region=eu,from<=500") / Blocks
    assert nearby.where.where == Where.parse("region=eu,from<=500")
    ```
    """

    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(sorted(set(self.conditions), key=str)))

    @classmethod
    def of(cls, where: str | Mapping[str, str]) -> Where:
        """From the text form, or from the values that attributes must have. Raises ValueError, TypeError."""
        if isinstance(where, str):
            return cls.parse(where)
        _check_values(where)
        return cls(tuple(Condition(key, "=", value) for key, value in where.items()))

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read the text form, `from<=500,region=eu`. Raises ValueError where it is malformed."""
        conditions: list[Condition] = []
        for part in text.split(","):
            found = _CONDITION.fullmatch(part)
            if found is None:
                raise ValueError(f"not a condition: {part!r} (attribute, one of = != < <= > >=, and a value)")
            conditions.append(Condition(*found.groups("")))
        return cls(tuple(conditions))

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """Whether attributes fulfil all of them."""
        return all(condition.holds(attributes) for condition in self.conditions)

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def __str__(self) -> str:
        return ",".join(map(str, self.conditions))


#: No condition.
ANYWHERE: Final = Where()
