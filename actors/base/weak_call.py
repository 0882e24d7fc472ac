"""A call that does not keep the object it calls: for what points back at its owner."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import MethodType

__all__ = ["WeakCall", "weakly"]


class WeakCall:
    """Calls a method while its object is there, else nothing."""

    # Not a `weakref.WeakMethod`, which is eight objects.
    __slots__ = ("_function", "_owner")

    def __init__(self, method: MethodType) -> None:
        self._owner = weakref.ref(method.__self__)
        self._function = method.__func__

    def __call__(self, *args: object) -> None:
        owner = self._owner()
        if owner is not None:
            self._function(owner, *args)


def weakly(call: Callable[..., object]) -> Callable[..., None]:
    """As `call`, which may be a method: that does not keep its object then.

    But for a method of the compiled core: its objects take no weak references, and wait for the garbage collector.
    """
    return WeakCall(call) if isinstance(call, MethodType) and _weak(call) else call  # type: ignore[return-value]


def _weak(call: MethodType) -> bool:
    return bool(type(call.__self__).__weakrefoffset__)
