"""What a context holds, told by identity: values need not know how to compare themselves, and equal is not the same."""

from __future__ import annotations

import gc
from contextvars import Context

__all__ = ["alike", "contents"]

#: `contents(context)[-1]` is the map inside of a context: the same object for a copy, and another one as soon as
#: something is set. The garbage collector tells it, as contexts have no method for that: 0.07 µs, and a look at each
#: value takes five times as long.
contents = gc.get_referents


def alike(one: Context, other: Context) -> bool:
    """Both hold the same variables with the very same values."""
    return len(one) == len(other) and all(other.get(variable, one) is value for variable, value in one.items())
