"""Which method of an actor handles which message: found by its name, as Python finds any method."""

# Law 1: what handles a message is what `actor.name` means, `name` being that of the method that is marked for it: an
#        override, what a decorator made of it, what a test has put in its place.
# Law 2: a plain function that nobody replaces is called without the look-up, which costs 40 ns of a tell's 900.

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import typing
from collections.abc import AsyncIterable, Callable, Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any, NamedTuple, get_args, get_origin

from ..base import MessageTypeError
from ..messages import (
    FACTS,
    UNNAMED,
    Channel,
    Unresolved,
    answer_named,
    check_answer,
    check_reply,
    item_of,
    may_answer,
    shown_kind,
)
from .handler_notes import Note, check_reentrant, items_at, notes_of, plain, takes_sender

__all__ = ["Handler", "Table"]


class Handler(NamedTuple):
    """One handler: what is called with the actor and the message, and how."""

    function: Callable[..., object]
    wants_sender: bool
    reentrant: bool


class Table:
    """The handlers of one class of actors. Raises TypeError where a method cannot be a handler, see `handles`."""

    def __init__(self, actor_class: type) -> None:
        names, notes = _marked(actor_class)
        #: By message type, what is called as long as nobody replaces a method.
        self.handlers: dict[type, Handler] = {}
        #: The same, each looked up by its name at every call.
        self._looked_up: dict[type, Handler] = {}
        self._class = actor_class
        methods = {name: inspect.getattr_static(actor_class, name) for name in set(names.values())}
        made = {name: _handlers(actor_class, name, method, notes[name]) for name, method in methods.items()}
        for message_type, name in names.items():
            self.handlers[message_type], self._looked_up[message_type] = made[name]
            _check_taken(methods[name], message_type)
            _check_answer(methods[name], message_type)
        self._methods = {message_type: methods[name] for message_type, name in names.items()}
        #: What is called without a look-up.
        self._functions = [(name, method) for name, method in methods.items() if isinstance(method, FunctionType)]

    def of(self, actor: object) -> dict[type, Handler]:
        """What handles the messages of this actor from now on, as it stands and its class."""
        if not self.handlers:
            return self.handlers
        for name, function in self._functions:
            if getattr(self._class, name, None) is not function:  # it was replaced
                try:
                    return Table(self._class)._looked_up
                except TypeError:
                    return self._looked_up  # it cannot be called so: the sender of a message hears of it
        if _replaces_methods() or not all(_is_its_own(actor, name, function) for name, function in self._functions):
            return self._looked_up
        return self.handlers

    def unhandled(self, channel: Channel[Any]) -> list[type]:
        """The messages of the channel that come here and have no handler.

        Not counted are facts, and what may be meant as an answer: what a request of the channel names, or a handler of
        it is annotated to return; where one is not, any that is no request itself. Nor what a base handles: this class
        has taken that back, by a `name = None`.
        """
        handled = {each for owner in self._class.__mro__ for each in owner.__dict__.get("__handlers__", ())}
        declared = {each: name for each, name in self._methods.items() if each in channel.types}
        answers = [_returned(plain(method)) for method in declared.values()]
        sent_along = [kind for method in declared.values() if (kind := _items_taken(method)) is not None]
        unknown = any(each is UNNAMED or each in (Any, object) for each in answers)
        for message_type in channel.messages:
            with contextlib.suppress(Unresolved):
                answers.append(answer_named(message_type))
        return [
            each
            for each in channel.messages
            if each not in FACTS
            and handled.isdisjoint(each.__mro__)
            and not any(_mentions(answer, each) for answer in (*answers, *sent_along))
            and (not unknown or hasattr(each, "__answer__"))
        ]

    def check_travels(self, channel: Channel[Any]) -> None:
        """Raise TypeError where a method is annotated to answer a message of the channel with what cannot travel."""
        for message_type, method in self._methods.items():
            returned = _returned(plain(method)) if message_type in channel.types - FACTS else UNNAMED
            returned = _yielded(returned) or returned
            if returned is not UNNAMED and not _says_nothing(returned):
                what = f"{plain(method).__qualname__} returns {shown_kind(returned)}, which"
                check_answer(returned, channel.messages, what)


def _says_nothing(returned: Any) -> bool:
    """It never returns, or what it returns is waited for, and may be whatever comes then."""
    return returned in (typing.NoReturn, typing.Never) or hasattr(get_origin(returned) or returned, "__await__")


def _is_its_own(actor: object, name: str, function: FunctionType) -> bool:
    """`actor.name` is the method of the class, and no attribute of the actor stands before it."""
    # Not by a look into its `__dict__`: once that was asked for, what a handler sets of `self` takes three times as
    # long and what it reads six times (up to Python 3.12), which is 6 % of a tell for one counter, and the actor has
    # 64 bytes more.
    method = getattr(actor, name, None)
    return isinstance(method, MethodType) and method.__func__ is function and method.__self__ is actor


def _replaces_methods() -> bool:
    """Somebody in this process may replace methods of actors that run: these are its tests."""
    return "unittest.mock" in sys.modules or "_pytest.monkeypatch" in sys.modules


def _marked(actor_class: type) -> tuple[dict[type, str], dict[str, Note]]:
    """The name of the method that handles each message type, and the note of each name."""
    names: dict[type, str] = {}
    notes: dict[str, Note] = {}
    whose: dict[str, type] = {}
    lost: dict[type, tuple[str, type]] = {}
    for owner in reversed(actor_class.__mro__):
        own = notes_of(owner)
        for name in [name for name in notes if name in vars(owner) and vars(owner)[name] is None]:
            del notes[name]  # as with `__hash__ = None`: it has none
            names = {message_type: other for message_type, other in names.items() if other != name}
        for name, note in own.items():
            if name in notes:  # what the override is not marked for is no longer handled by it
                for message_type in notes[name].message_types:
                    if names.get(message_type) == name and message_type not in note.message_types:
                        lost[message_type] = (name, whose[name])
                        del names[message_type]
            notes[name], whose[name] = note, owner
        taken: dict[type, str] = {}
        for name, note in own.items():
            for message_type in note.message_types:
                if message_type in taken:
                    raise TypeError(
                        f"{owner.__name__} has two handlers of {message_type.__name__}: "
                        f"{taken[message_type]} and {name}"
                    )
                taken[message_type] = name
        names.update(taken)
    for message_type, (name, base) in lost.items():
        if not any(each in names for each in message_type.__mro__):
            raise TypeError(
                f"{whose[name].__name__}.{name} takes the place of {base.__name__}.{name}, which handles "
                f"{message_type.__name__}: name that in its @handles too, or leave the decorator out to handle the same"
            )
    return names, notes


def _handlers(actor_class: type, name: str, method: Any, note: Note) -> tuple[Handler, Handler]:
    """What calls the method itself, and what looks it up by its name."""
    function = plain(method)
    if not callable(function) or isinstance(method, type):
        whose = f"{actor_class.__name__}.{name}"
        raise TypeError(f"{whose} handles {_listed(note)}, so it must be a method, not {method!r}")
    wants_sender = takes_sender(method, note.wants_sender)
    if note.reentrant:
        check_reentrant(method)
    # What a generator yields is sent beside the next messages in any case.
    reentrant = note.reentrant and not inspect.isasyncgenfunction(inspect.unwrap(function))
    place = items_at(method)
    if place is not None:
        call = _call_with_items(name, place, functools.cache(partial(_items_kind, method)), wants_sender=wants_sender)
        return (with_items := Handler(call, wants_sender=True, reentrant=reentrant)), with_items
    looked_up = Handler(_call_with_sender(name) if wants_sender else _call(name), wants_sender, reentrant)
    direct = isinstance(method, FunctionType)
    return looked_up._replace(function=method) if direct else looked_up, looked_up


def _call(name: str) -> Callable[..., object]:
    def call(actor: object, message: object) -> object:
        return getattr(actor, name)(message)

    return call


def _call_with_sender(name: str) -> Callable[..., object]:
    def call(actor: object, message: object, sender: object) -> object:
        return getattr(actor, name)(message, sender)

    return call


def _call_with_items(name: str, place: int, of_kind: Callable[[], Any], *, wants_sender: bool) -> Callable[..., object]:
    def call(actor: Any, message: object, sender: object) -> object:
        incoming = getattr(actor._cell.current.reply, "incoming", None)
        if incoming is None:
            kind = type(message).__name__
            raise MessageTypeError(f"no items come with this {kind}: send it by open(), not by ask() or tell()")
        arguments = [message, sender] if wants_sender else [message]
        arguments.insert(place, incoming(of_kind()))
        return getattr(actor, name)(*arguments)

    return call


def _items_taken(method: Any) -> Any:
    """What a method takes that items come to, as it is annotated; None of one that takes none."""
    place = items_at(method)
    if place is None:
        return None
    function = plain(method)
    return _annotated(function, list(inspect.signature(function).parameters)[place + 1])


def _items_kind(method: Any) -> Any:
    """Of which type the items are that a method takes; None where it does not say, or nobody can tell."""
    taken = _items_taken(method)
    kind = _yielded(taken)
    if kind is None or kind is UNNAMED or kind in (Any, object):
        return None
    try:
        check_reply(kind)
    except TypeError:
        return None
    return kind


def _listed(note: Note) -> str:
    return ", ".join(message_type.__name__ for message_type in note.message_types)


def _check_taken(method: Any, message_type: type) -> None:
    """Raise TypeError where the method is annotated to take what this message certainly is not."""
    if not isinstance(method, FunctionType) or hasattr(method, "__wrapped__"):
        return  # what stands around it may make something else of the message
    names = method.__code__.co_varnames[1 : method.__code__.co_argcount]
    taken = _annotated(method, names[0]) if names else UNNAMED
    if taken is UNNAMED or may_answer(message_type, taken):
        return
    if not (isinstance(taken, type) and issubclass(taken, message_type)):  # else it is for some of them
        what = f"{method.__qualname__} takes {shown_kind(taken)}"
        raise TypeError(f"{what}, and is marked to handle {message_type.__name__}: let @handles and {names[0]} agree")


def _mentions(kind: Any, wanted: type) -> bool:
    """Whether a value of the kind is a `wanted`, or may have one in it."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return issubclass(wanted, kind) and kind is not object
    return any(_mentions(each, wanted) for each in get_args(kind))


def _check_answer(method: Any, message_type: type) -> None:
    """Raise TypeError where the method is annotated to return what the message does not name."""
    try:
        wanted = answer_named(message_type)
    except Unresolved:
        return
    returned = _returned(plain(method))
    item, yielded = item_of(wanted), _yielded(returned)
    if item is not None and yielded is not None:
        returned, wanted = yielded, item
    if wanted is not UNNAMED and returned is not UNNAMED and not may_answer(returned, wanted):
        raise TypeError(
            f"{plain(method).__qualname__} returns {shown_kind(returned)}, "
            f"and the answer to {message_type.__name__} is {shown_kind(wanted)}"
        )


def _yielded(returned: Any) -> Any:
    """What a generator is annotated to yield, UNNAMED where it does not say; None of what is none."""
    origin = get_origin(returned) or returned
    if not isinstance(origin, type) or not issubclass(origin, AsyncIterable | Iterator):
        return None
    args = get_args(returned)
    return args[0] if args else UNNAMED


def _returned(function: Any) -> Any:
    """What a function is annotated to return, or to be awaited for; UNNAMED where nobody can tell."""
    found = _annotated(function, "return")
    args = get_args(found)
    return args[-1] if args and hasattr(get_origin(found), "__await__") else found


def _annotated(function: Any, name: str) -> Any:
    """What stands for a parameter, or `return`; UNNAMED where nothing does, or nobody can tell what it means."""
    annotation = getattr(function, "__annotations__", {}).get(name, UNNAMED)
    if annotation is UNNAMED:
        return UNNAMED
    inner = inspect.unwrap(function)
    holder = type("holder", (), {"__annotations__": {"answer": annotation}})
    try:
        return typing.get_type_hints(holder, getattr(inner, "__globals__", {}))["answer"]
    except Exception:  # noqa: BLE001  # it names what is not there, or not yet
        return UNNAMED
