"""Whether an answer is what was asked for: what `reply` said, or what the message named."""

# A class is looked at as `isinstance` does, so that an actor here may answer with what never travels. What is more than
# a class, `list[Block]` or `int | None`, is looked at as `encoding` does before it travels: item by item.

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args, get_origin

from ..base import MessageTypeError
from .encoding import Unresolved, encoding_of
from .request import UNNAMED, Later

__all__ = ["Expected", "article", "check_reply", "item_misfit", "may_answer", "misfit", "shown_kind", "wrong_answer"]

#: Types whose tests are kept. A program has some dozens; those that are made at run time must not add up.
_KEPT: Final = 1024


class Expected:
    """What an asker expects, where that is more than a type; see `rehearsal`."""

    __slots__ = ()

    def misfit(self, message: object, value: object, who: str = "") -> Exception | None:
        """What is wrong with `value` as the answer of `who` to `message`; None if nothing is."""
        raise NotImplementedError


def misfit(message: object, wanted: Any, value: object, who: str = "") -> Exception | None:
    """What is wrong with `value` as the answer of `who` to `message`, where a `wanted` was asked for; None if nothing.

    MessageTypeError, or TypeError where `wanted` is no type.
    """
    if isinstance(wanted, Expected):
        return wanted.misfit(message, value, who)
    if isinstance(wanted, Later):
        try:
            wanted = wanted.find()
        except Unresolved:
            return None  # nobody can tell
        return None if value.__class__ is wanted else misfit(message, wanted, value, who)
    if wanted is UNNAMED:
        return None
    try:
        fits = _test_of(wanted)(value)
    except BaseException as error:  # noqa: BLE001  # else it ended the turn of whoever answers, or the connection
        return TypeError(f"reply is {wanted!r}, which is no type that an answer can be of: {error}")
    if fits:
        return None
    return MessageTypeError(wrong_answer(who, type(message), wanted, value), message=message)


def item_misfit(message: object, wanted: Any, item: object) -> MessageTypeError | None:
    """What is wrong with `item`, which came with `message` to a handler that takes `wanted`; None if nothing."""
    error = misfit(message, wanted, item)
    if error is None:
        return None
    name, kind = article(type(message).__name__), article(type(item).__name__)
    return MessageTypeError(f"{kind} came with {name}, whose handler takes {shown_kind(wanted)}", message=item)


def wrong_answer(who: str, asked: type | None, wanted: Any, value: object, why: str = "") -> str:
    """`blocks answered Get with an int, not a str`: one sentence for what goes wrong here and at a peer.

    `who` answered, "" where that is not known; `why` is what is wrong where the kind of the value is not.
    """
    kind = article(type(value).__name__)
    name = "an ask" if asked is None else asked.__name__
    text = f"{who} answered {name} with {kind}" if who else f"the answer to {name} is {kind}"
    if hasattr(value, "__await__"):
        return f"{text}, which nobody awaited: await it"
    if hasattr(value, "__anext__"):
        return f"{text}, which comes item by item: read it by stream(), not by ask()"
    bare = _bare(wanted)
    if wanted is UNNAMED or (not isinstance(bare, type) and isinstance(value, _classes(bare))):
        return f"{text}: {why or _why_not(bare, value)}"
    if isinstance(value, _classes(bare)) and why:
        return f"{text}: {why}"
    return f"{text}, not {article(shown_kind(wanted))}"


def article(noun: str) -> str:
    """The name of a class with its article: `a Block`, `an Order`."""
    bare = noun.lstrip("_").lower()
    as_spoken = bare.startswith(("a", "e", "i", "o", "u")) and not bare.startswith(
        ("eu", "one", "uni", "us", "ut", "uu")
    )
    return f"{'an' if as_spoken else 'a'} {noun}"


def check_reply(reply: Any) -> None:
    """Raise TypeError where `reply` is no type. What is a class, as nearly always, is one."""
    if not isinstance(reply, type):
        try:
            _test_of(reply)
        except (TypeError, NameError) as error:
            raise TypeError(f"reply is {reply!r}, it must be a type, as Block or list[Block]: {error}") from None


def shown_kind(kind: Any) -> str:
    """A type as one writes it."""
    if get_origin(kind) in (typing.Union, types.UnionType):
        return " | ".join(map(shown_kind, get_args(kind)))
    if kind is type(None) or kind is None:
        return "None"
    if isinstance(kind, type):
        return kind.__name__
    origin, args = get_origin(kind), get_args(kind)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if isinstance(origin, type) and args and not any(isinstance(each, list) for each in args):
        return f"{origin.__name__}[{', '.join('...' if each is ... else shown_kind(each) for each in args)}]"
    return str(kind)


def _test_of(kind: Any) -> Callable[[object], bool]:
    try:
        return _kept_test(kind)
    except TypeError:
        try:
            hash(kind)
        except TypeError:  # `Annotated` with what has no hash
            return _make_test(kind)
        raise


def _make_test(kind: Any) -> Callable[[object], bool]:
    if kind is Any or kind is object:
        return _anything
    if kind is None:
        kind = type(None)
    if kind is float:
        return _is_number  # as for type checkers, and on the wire
    if isinstance(kind, type) and not typing.is_typeddict(kind):
        isinstance(None, kind)  # raises for a protocol that cannot be looked for
        return functools.partial(_is_a, kind)
    if get_origin(kind) in (typing.Union, types.UnionType):
        tests = [_test_of(each) for each in get_args(kind)]
        return lambda value: any(test(value) for test in tests)
    try:
        return encoding_of(kind).fits
    except (TypeError, Unresolved):
        origin = get_origin(kind)
        if isinstance(origin, type):
            return functools.partial(_is_a, origin)  # it does not travel: its items are the actors' own affair
        raise


_kept_test = functools.lru_cache(maxsize=_KEPT)(_make_test)


def _anything(_value: object) -> bool:
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, float | int)


def _is_a(kind: type, value: object) -> bool:
    return isinstance(value, kind)


def _classes(kind: Any) -> tuple[type, ...]:
    """What a value of the kind may be, without a look inside."""
    if get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(cls for each in get_args(kind) for cls in _classes(each))
    cls = get_origin(kind) or kind
    return (cls,) if isinstance(cls, type) and not typing.is_typeddict(cls) and cls is not Any else ()


def _why_not(kind: Any, value: object) -> str:
    members = get_args(kind) if get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    for member in members:
        if isinstance(value, _classes(member)):
            why = encoding_of(member).why_not(value, "it")
            if why is not None:
                return why
    return "it does not fit"


def may_answer(returned: Any, wanted: Any) -> bool:
    """Whether what is annotated to return `returned` may return a `wanted`: false only where it certainly does not."""
    if returned is None:
        returned = type(None)
    if wanted is None:
        wanted = type(None)
    returned, wanted = _bare(returned), _bare(wanted)
    if returned in _NO_WORD or wanted in _NO_WORD or isinstance(returned, TypeVar) or isinstance(wanted, TypeVar):
        return True
    if get_origin(returned) in (typing.Union, types.UnionType):
        return all(may_answer(each, wanted) for each in get_args(returned))
    if get_origin(wanted) in (typing.Union, types.UnionType):
        return any(may_answer(returned, each) for each in get_args(wanted))
    if get_origin(returned) is typing.Literal:
        return all(any(may_answer(kind, wanted) for kind in type(each).__mro__[:-1]) for each in get_args(returned))
    if get_origin(wanted) is typing.Literal:
        return any(may_answer(returned, type(each)) for each in get_args(wanted))
    if wanted is float and returned is int:
        return True
    mine, theirs = get_origin(returned) or returned, get_origin(wanted) or wanted
    try:
        if not issubclass(mine, theirs):
            return False
    except TypeError:  # a protocol, a TypedDict
        return True
    left, right = get_args(returned), get_args(wanted)
    return mine is not theirs or len(left) != len(right) or all(map(_may_hold, left, right))


#: Annotations that promise nothing.
_NO_WORD: Final = (Any, object, typing.NoReturn, typing.Never)


def _may_hold(left: Any, right: Any) -> bool:
    return left is right or left is ... or right is ... or may_answer(left, right)


def _bare(kind: Any) -> Any:
    """The type without what `Annotated`, `NewType` and an alias put around it."""
    while True:
        if get_origin(kind) is typing.Annotated:
            kind = get_args(kind)[0]
        elif isinstance(kind, typing.NewType):
            kind = kind.__supertype__
        elif isinstance(kind, getattr(typing, "TypeAliasType", ())):
            kind = kind.__value__  # type: ignore[union-attr]  # of 3.12
        else:
            return kind
