"""Types that are described by their values, enumerations and literals: which of these another type reads."""

from __future__ import annotations

from collections.abc import Sequence

from .description import Shape

__all__ = ["VALUES", "is_integer", "not_read", "of_integers", "several_of"]

#: The heads of such types.
VALUES = (["enum"], ["literal"], ["flag"])


def several_of(shape: Shape) -> Sequence[Shape]:
    """Those of a union; of another type itself."""
    return shape[1:] if isinstance(shape, list) and shape[:1] == ["union"] else (shape,)


def not_read(values: Sequence[object], word: str, read: Shape) -> Sequence[object]:
    """Of the values of an enumeration of that sort those that are not read as this type. In linear time."""
    if read in ("any", "raw"):
        return ()
    match read:
        case "none":
            return [value for value in values if value is not None]
        case "str":
            return [value for value in values if not isinstance(value, str)]
        case "int" | "float":
            return [value for value in values if not isinstance(value, int)]
        case ["enum", _, *known] | ["literal", *known]:
            return _without(values, known)
        case ["flag", _, *known]:
            if word == "flag":
                return _without(values, known)
            mask = ~sum(each for each in known if isinstance(each, int))
            return [value for value in values if not isinstance(value, int) or value & mask]
        case _:
            return values


def _without(values: Sequence[object], known: Sequence[object]) -> list[object]:
    """The values that are not known; what is no number and no text is not."""
    # What is looked up may be made to collide with what is there, so the shorter side is: n² steps are few then.
    if len(known) <= len(values):
        there = set(map(_typed, known))
        return [value for value in values if _typed(value) not in there]
    left = {_typed(value): value for value in values}
    for each in known:
        left.pop(_typed(each), None)
    return [*left.values()]


def _typed(value: object) -> object:
    return (type(value), value) if isinstance(value, str | int | float | bytes | None) else object()


def of_integers(several: Sequence[Shape]) -> bool:
    """One of these is described by its values, of which some are integers."""
    return any(isinstance(each, list) and each[:1] in VALUES and any(map(is_integer, each)) for each in several)


def is_integer(value: object) -> bool:
    """An integer, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)
