"""A call that does not keep whom it calls: for what points back at its owner."""

from __future__ import annotations

import weakref
from collections.abc import Callable

__all__ = ["WeakCall", "weakly"]


class WeakCall:
    """Calls a method while its object is there, else nothing."""

    __slots__ = ("_method",)

    def __init__(self, method: Callable[..., object]) -> None:
        self._method = weakref.WeakMethod(method)

    def __call__(self, *args: object) -> None:
        method = self._method()
        if method is not None:
            method(*args)


def weakly(call: Callable[..., object]) -> Callable[..., None]:
    """As `call`, which may be a method: that does not keep its object then."""
    return WeakCall(call) if hasattr(call, "__func__") else call  # type: ignore[return-value]  # the value is not used
