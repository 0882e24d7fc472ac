"""`@handles(Type)`: which method of an actor handles which message."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NamedTuple, TypeVar

__all__ = ["Handler", "handles", "handlers_of"]

F = TypeVar("F", bound=Callable[..., object])

#: Where the decorator leaves its note on a function.
NOTE = "__peerbus_handles__"


class Handler(NamedTuple):
    """One handler: an unbound method, whether it takes the sender, whether others may run while it awaits."""

    function: Callable[..., object]
    wants_sender: bool
    reentrant: bool


def handles(*message_types: type, reentrant: bool = False) -> Callable[[F], F]:
    """Mark a method as the handler of these message types: `(self, message)` or `(self, message, sender)`.

    What it returns answers an ask. It may be `def` or `async def`. While an `async def` handler awaits, the actor
    handles nothing else, unless the handler is `reentrant`: then each message runs as a task of its own, and the
    actor's state may change at every `await`.
    Raises TypeError where a message type is not a class, or the method takes no message.
    """
    for message_type in message_types:
        if not isinstance(message_type, type):
            raise TypeError(f"@handles takes message types, as in @handles(GetBlock), not {message_type!r}")
    if not message_types:
        raise TypeError("@handles takes at least one message type, as in @handles(GetBlock)")

    def mark(function: F) -> F:
        parameters = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
        if len(parameters) not in (2, 3):
            raise TypeError(f"{function.__qualname__} must take (self, message) or (self, message, sender)")
        if reentrant and not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} is reentrant, so it must be 'async def'")
        setattr(function, NOTE, (message_types, Handler(function, len(parameters) == 3, reentrant)))
        return function

    return mark


def handlers_of(actor_class: type) -> dict[type, Handler]:
    """The handlers of a class, those of its base classes included; a derived class's own come first.

    Raises TypeError where one class has two handlers of one message type.
    """
    table: dict[type, Handler] = {}
    for owner in reversed(actor_class.__mro__):
        own: dict[type, Handler] = {}
        for attribute in vars(owner).values():
            note = getattr(attribute, NOTE, None)
            if note is None:
                continue
            message_types, handler = note
            for message_type in message_types:
                if message_type in own:
                    raise TypeError(
                        f"{owner.__name__} has two handlers of {message_type.__name__}: "
                        f"{own[message_type].function.__name__} and {handler.function.__name__}"
                    )
                own[message_type] = handler
        table.update(own)
    return table
