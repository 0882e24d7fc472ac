"""What `@handles` writes down of a method, and where: in the class, by its name, so that overrides are found."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from types import FrameType, FunctionType
from typing import Any, Final, NamedTuple

__all__ = ["Note", "check_reentrant", "items_at", "noted", "notes_of", "plain", "takes_sender"]

#: Where the decorator leaves its note on what it decorates.
ON_METHOD: Final = "__peerbus_handles__"
#: Where it leaves it in the class body, by the name of the method: a decorator above it may hide what it decorated.
IN_CLASS: Final = "__peerbus_handlers__"


#: What a parameter is annotated as that takes items.
ITEMS: Final = frozenset({"AsyncIterator", "AsyncIterable", "AsyncGenerator", "Stream"})


class Note(NamedTuple):
    """What stands above a method: `@handles(*message_types, reentrant=…)`."""

    message_types: tuple[type, ...]
    reentrant: bool
    #: What the decorator was given wants the sender; counts where what stands in the class does not tell.
    wants_sender: bool


def noted(method: Any, message_types: tuple[type, ...], reentrant: bool, frame: FrameType) -> Any:
    """Leave a note on a method, and in the class body that is being run in `frame`, if it is one. Returns the method.

    Raises TypeError where it cannot be a handler.
    """
    function = plain(method)
    # A partial's function is called otherwise than what it will be in the class.
    name = (
        None if isinstance(method, functools.partial | functools.partialmethod) else getattr(function, "__name__", None)
    )
    if not callable(function) or isinstance(method, type):
        raise TypeError(f"@handles stands on a method, not on {method!r}")
    note = Note(message_types, reentrant, takes_sender(method, None))
    if reentrant:
        check_reentrant(method)
    body = _class_body(frame)
    if body is not None and isinstance(name, str):
        notes: dict[str, Note] = body.setdefault(IN_CLASS, {})
        before = notes.get(name)
        if before is not None and name in body:
            raise TypeError(f"two handlers are called {name!r}: the second one takes the place of the first")
        notes[name] = note = note if before is None else _both(before, note)
    elif isinstance(getattr(method, ON_METHOD, None), Note):
        note = _both(getattr(method, ON_METHOD), note)
    try:
        setattr(method, ON_METHOD, note)
    except (AttributeError, TypeError):
        if body is None or name is None:
            raise TypeError(f"@handles cannot stand on {method!r}: let it stand below") from None
    return method


def check_reentrant(method: Any) -> None:
    """Raise TypeError where the method runs to its end without a pause for others."""
    function = inspect.unwrap(plain(method))
    waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    if isinstance(function, FunctionType) and not waits:
        raise TypeError(f"{function.__qualname__} is reentrant, so it must be 'async def'")


def _both(first: Note, second: Note) -> Note:
    """Two decorators on one method."""
    message_types = tuple(dict.fromkeys((*first.message_types, *second.message_types)))
    return Note(message_types, first.reentrant or second.reentrant, second.wants_sender)


def _class_body(frame: FrameType) -> dict[str, Any] | None:
    body = frame.f_locals
    # Of a class body, whose names are not in slots as a function's are, this is the very namespace.
    is_class = not frame.f_code.co_flags & inspect.CO_OPTIMIZED and "__qualname__" in body and "__module__" in body
    return body if is_class else None


def notes_of(owner: type) -> dict[str, Note]:
    """The notes that stand in one class itself, by the name of what they stand on."""
    attributes: Mapping[str, Any] = vars(owner)
    found: dict[str, Note] = {name: note for name, note in attributes.get(IN_CLASS, {}).items() if name in attributes}
    seen = {id(attributes[name]) for name in found}
    for name, attribute in attributes.items():
        if name not in found and id(attribute) not in seen:  # else another name for the same method
            note = getattr(attribute, ON_METHOD, None)
            if isinstance(note, Note) and not isinstance(attribute, type):
                found[name] = note
                seen.add(id(attribute))
    return found


def plain(method: Any) -> Any:
    """The function in a staticmethod, classmethod, partial, partialmethod or singledispatchmethod."""
    while True:
        if isinstance(method, staticmethod | classmethod):
            method = method.__func__
        elif isinstance(method, functools.partial | functools.partialmethod | functools.singledispatchmethod):
            method = method.func
        else:
            return method


def items_at(method: Any) -> int | None:
    """At which place behind the actor the method takes items that come with the message; None where it takes none.

    It is a parameter that is annotated as an `AsyncIterator`, of what the items are.
    """
    found = [place for place, each in enumerate(_parameters(method)) if _means_items(each)]
    return found[0] if found and found[0] else None


def _means_items(parameter: inspect.Parameter) -> bool:
    kind = parameter.annotation
    text = kind if isinstance(kind, str) else getattr(kind, "__name__", None) or str(kind)
    return text.partition("[")[0].rpartition(".")[2] in ITEMS


def takes_sender(method: Any, noted_so: bool | None) -> bool:
    """Whether the method has room for the sender, which it is then called with.

    `noted_so` counts where the method does not tell, as a decorator's `*args`. Raises TypeError where it cannot be a
    handler.
    """
    function = plain(method)
    name = getattr(function, "__qualname__", None) or repr(function)
    if inspect.isgeneratorfunction(function):
        raise TypeError(
            f"{name} is a generator: a handler returns its one answer; one that answers in items is async def"
        )
    parameters = [each for each in _parameters(method) if not _means_items(each)]
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [each for each in positional if each.default is each.empty]
    open_end = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    if len(needed) > 2 or not (positional or open_end):
        raise TypeError(f"{name} must take (self, message) or (self, message, sender)")
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty:
            raise TypeError(f"{name} must take (self, message) or (self, message, sender): nobody gives {each.name!r}")
    if len(positional) >= 2 or not open_end:
        return len(positional) >= 2
    inner = getattr(function, "__wrapped__", None)
    return takes_sender(inner, None) if inner is not None and noted_so is None else bool(noted_so)


def _parameters(method: Any) -> list[inspect.Parameter]:
    """What the method takes after the actor. Anything, where it does not tell."""
    called, skipped, given = method, 1, set[str]()
    if isinstance(method, staticmethod):
        called, skipped = method.__func__, 0
    elif isinstance(method, classmethod | functools.singledispatchmethod):
        called = plain(method)
    elif isinstance(method, functools.partialmethod):
        called, skipped, given = method.func, 1 + len(method.args), set(method.keywords)
    elif not hasattr(type(method), "__get__"):
        skipped = 0  # an object that is called, and does not learn of the actor
    try:
        parameters = list(inspect.signature(called, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        return [inspect.Parameter("arguments", inspect.Parameter.VAR_POSITIONAL)]
    first = parameters[:skipped]
    taken = [each for each in first if each.kind not in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [each for each in (*taken, *parameters[skipped:]) if each.name not in given]
