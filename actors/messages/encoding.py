"""Which types travel to another node, and how: as MessagePack, read back as the type that both sides know.

What a channel declares is checked when the channel is made, what a value holds when it is sent: exactly its declared
types, see `exact`. Every type that travels is in the table of docs/messages.md, and the tests compare the two.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, TypeVar, get_args, get_origin

import msgspec
from msgspec import inspect

from ..base import MessageTypeError
from .arrival_check import arrival_check
from .compiled_check import WITH_FIELDS, compiled
from .exact import class_of, flaw, spelled
from .travelling import NOWHERE, decoder_of, encoder_at, why_never
from .unkeyed_hashes import guard_of
from .unreadable import unreadable

__all__ = ["Answer", "Encoding", "Unresolved", "answer_of", "check_answer", "check_travels", "encoding_of"]

T = TypeVar("T")

#: Types whose encodings are kept. A program has some dozens; those that are made at run time must not add up.
_KEPT: Final = 1024

#: For values that are only looked at, and go nowhere.
_encode = encoder_at(NOWHERE)


class Unresolved(NameError):
    """An annotation names what cannot be found where the class stands: a class inside a function, or not there yet.

    It may be there later, so it is no reason to refuse a channel or a handler, only to send what nobody can read.
    """


class Encoding(Generic[T]):
    """How values of one type travel. Made by `encoding_of`, once for each type."""

    __slots__ = ("_cls", "decoder", "guard", "info", "name", "quick")

    def __init__(self, kind: Any) -> None:
        self.info = _described(kind)
        #: The type as one writes it.
        self.name: Final = spelled(self.info)
        self._cls = class_of(self.info) if isinstance(self.info, WITH_FIELDS) else None
        #: A quick look at a value whose class is the type's: true where it fits; else, or where it raises, ask `fits`.
        self.quick: Final[Callable[[Any], bool]] = compiled(self.info)
        #: Raises ValueError for bytes with a map that no receiver takes; None: no value of the type has such a map.
        self.guard: Final = guard_of(self.info)
        #: As `decode`, but it raises what it raises.
        self.decoder: Final[Callable[[bytes | memoryview], T]] = self._decoder(kind)

    def fits(self, value: object) -> bool:
        """The value is exactly of the type: if it can be encoded at all, it arrives as it is."""
        with contextlib.suppress(Exception):  # an attribute that is not set, or nested too deeply: `why_not` says so
            if (self._cls is None or value.__class__ is self._cls) and self.quick(value):
                return True
        return self.why_not(value) is None

    def why_not(self, value: object, where: str | None = None) -> str | None:
        """What keeps the value from travelling as this type, naming the part; None if nothing does."""
        try:
            return flaw(self.info, value, self.name if where is None else where)
        except RecursionError:
            return f"{self.name if where is None else where} is nested too deeply"

    def encode(self, value: T, encode: Callable[[object], bytes] = _encode) -> bytes:
        """The value as bytes, by its node's encoder. Raises MessageTypeError, which names what cannot travel."""
        if not self.fits(value):
            raise MessageTypeError(f"{self.why_not(value)}", message=value)
        try:
            payload = encode(value)
            if self.guard is not None:
                self.guard(payload)
            return payload
        except BaseException as error:
            why = self.why_not(value) or f"{self.name} cannot be encoded: {error}"
            raise MessageTypeError(why, message=value) from error

    def decode(self, payload: bytes | memoryview) -> T:
        """The value of these bytes. Raises MessageTypeError where they are not of the type."""
        try:
            return self.decoder(payload)
        except BaseException as error:  # whatever a `__post_init__` raises, the bytes are to blame
            raise MessageTypeError(f"{self.name} is malformed: {error}") from error

    def check_arrival(self, value: T, payload: bytes) -> None:
        """Raise MessageTypeError where these bytes of the value do not become it again.

        A bound may be broken (`msgspec.Meta`), or a `__post_init__` may change what it is given.
        """
        arrived = self.decode(payload)
        if arrived == value:
            return
        # A NaN is not equal to itself, a set is in any order, an int became a float: what arrived stays what it is when
        # it is sent on. What a class changes, it changes again.
        again = _encode(arrived)
        if sorted(again) != sorted(payload) and sorted(_encode(self.decode(again))) != sorted(again):
            why = f"{self.name} would arrive as {arrived!r}: its class changes what it is given"
            raise MessageTypeError(why, message=value)

    def _decoder(self, kind: Any) -> Callable[[bytes | memoryview], Any]:
        decode: Callable[[bytes | memoryview], Any] = decoder_of(kind)
        guard, views, goes_on = self.guard, _holds_views(self.info), arrival_check(self.info)
        if guard is None and not views and goes_on is None:
            return decode

        def careful(payload: bytes | memoryview) -> Any:
            if guard is not None:
                guard(payload)
            # A view would keep, and show, all that came in the same read.
            value = decode(bytes(payload) if views else payload)
            if goes_on is None or goes_on(value):
                return value
            raise ValueError(f"it could not be sent on: {self.why_not(value) or 'it is no value of its type'}")

        return careful

    def __repr__(self) -> str:
        return f"<Encoding {self.name}>"


def _holds_views(info: inspect.Type) -> bool:
    """Parts of a value are views of the bytes that it is decoded from."""
    seen: set[int] = set()

    def look(value: object) -> bool:
        if isinstance(value, tuple):
            return any(map(look, value))
        if not isinstance(value, inspect.Type | inspect.Field) or id(value) in seen:
            return False
        seen.add(id(value))
        if isinstance(value, inspect.MemoryViewType | inspect.RawType):
            return True
        return any(look(getattr(value, name)) for name in value.__struct_fields__)

    return look(info)


@functools.lru_cache(maxsize=_KEPT)
def _cached(kind: Any) -> Encoding[Any]:
    return Encoding(kind)


def encoding_of(kind: Any) -> Encoding[Any]:
    """The encoding of a type: a class, `list[Block]`, `int | None`, … Kept, so a second call costs nothing.

    Raises TypeError, which names the part that cannot travel, and why; Unresolved where an annotation names what
    cannot be found (yet).
    """
    try:
        return _cached(kind)
    except TypeError:
        if _hashable(kind):
            raise
    return Encoding(kind)


def check_travels(kind: Any, what: str) -> None:
    """Raise TypeError where values of this type cannot travel; `what` begins its text. What is Unresolved passes."""
    try:
        encoding_of(kind)
    except TypeError as error:
        raise TypeError(f"{what} cannot travel: {error}") from None
    except Unresolved:
        return


def check_answer(kind: Any, messages: tuple[type, ...], what: str) -> None:
    """As `check_travels`, for an answer on a channel that declares these messages; see `answer_of`."""
    try:
        answer_of(kind, messages)
    except TypeError as error:
        raise TypeError(f"{what} cannot travel: {error}") from None
    except Unresolved:
        return


class Answer(Generic[T]):
    """What the answer to a message may be, on one channel: declared messages, or one other type. See `answer_of`."""

    __slots__ = ("declared", "name", "plain", "rest")

    def __init__(self, kind: Any, messages: tuple[type, ...]) -> None:
        members = list(_members(kind))
        #: Those of the channel's messages that it may be; these travel by their numbers.
        self.declared: Final = frozenset(
            message for message in messages for member in members if isinstance(member, type) and _is_a(message, member)
        )
        left = [member for member in members if member not in self.declared]
        if self.declared:  # a base class of declared messages stands for these
            left = [
                each for each in left if not (isinstance(each, type) and any(_is_a(m, each) for m in self.declared))
            ]
        #: What travels as it is, as type 0; None where all are declared.
        self.rest: Encoding[Any] | None = encoding_of(_union(left)) if left else None
        #: It may be any declared message or plain value: nobody said more.
        self.plain: Final = self.rest is not None and isinstance(self.rest.info, inspect.AnyType)
        self.name: Final = " | ".join(
            [*sorted(each.__name__ for each in self.declared), *([] if self.rest is None else [self.rest.name])]
        )

    def fits(self, value: object) -> bool:
        """The value is such an answer, and arrives as it is."""
        if value.__class__ in self.declared:
            return encoding_of(value.__class__).fits(value)
        return self.rest is not None and self.rest.fits(value)

    def why_not(self, value: object, where: str = "the answer") -> str | None:
        """What keeps the value from being such an answer; None if nothing does."""
        if value.__class__ in self.declared:
            return encoding_of(value.__class__).why_not(value)
        if self.rest is None:
            return f"{where} is {type(value).__name__}, it should be {self.name}"
        return self.rest.why_not(value, where)

    def decode(self, payload: bytes | memoryview) -> T:
        """The answer that travelled as type 0. Raises MessageTypeError."""
        if self.rest is None:
            raise MessageTypeError(f"the answer is not one of {self.name}")
        found: T = self.rest.decode(payload)
        return found

    def __repr__(self) -> str:
        return f"<Answer {self.name}>"


@functools.lru_cache(maxsize=_KEPT)
def _cached_answer(kind: Any, messages: tuple[type, ...]) -> Answer[Any]:
    return Answer(kind, messages)


def answer_of(kind: Any, messages: tuple[type, ...] = ()) -> Answer[Any]:
    """What an answer of this type may be on a channel that declares these messages. Raises as `encoding_of`.

    `object` is as good as `Any`: a declared message or a plain value. Two dataclasses make a union where they are
    declared, or are tagged Structs.
    """
    try:
        return _cached_answer(kind, messages)
    except TypeError:
        if _hashable(kind):
            raise
    return Answer(kind, messages)


def _hashable(kind: object) -> bool:
    try:
        hash(kind)
    except TypeError:  # `Annotated` with what has no hash
        return False
    return True


def _members(kind: Any) -> Iterator[Any]:
    while type(kind).__name__ == "TypeAliasType":  # of 3.12, `type Id = int | str`
        kind = kind.__value__
    if get_origin(kind) in (typing.Union, types.UnionType):
        for each in get_args(kind):
            yield from _members(each)
    else:
        yield Any if kind is object else type(None) if kind is None else kind


def _is_a(message: type, member: type) -> bool:
    try:
        return issubclass(message, member)
    except TypeError:  # list[int] passes for a class until it is asked
        return False


def _union(members: list[Any]) -> Any:
    return members[0] if len(members) == 1 else typing.Union[tuple(members)]  # noqa: UP007  # they are known at run time


# What cannot travel.


def _described(kind: Any) -> inspect.Type:
    """What `msgspec` knows of a type. Raises TypeError with the path to what cannot travel, and Unresolved."""
    try:
        info = inspect.type_info(kind)
        msgspec.msgpack.Decoder(kind)
    except NameError as error:
        raise Unresolved(str(error)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(_blame(kind, str(error), set())) from error
    refused = unreadable(info)
    if refused is not None:
        raise TypeError(refused)
    return info


def _blame(kind: Any, why: str, seen: set[type]) -> str:
    """Put the name of the field before what `msgspec` says of its type."""
    cls = get_origin(kind) or kind
    never = why_never(cls)
    if never is not None:
        return never
    if (
        not isinstance(cls, type)
        or cls in seen
        or not (dataclasses.is_dataclass(cls) or issubclass(cls, msgspec.Struct))
    ):
        return why
    seen.add(cls)
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:
        return why
    for name, declared in hints.items():
        if get_origin(declared) is typing.ClassVar or declared is typing.ClassVar:
            continue
        if isinstance(declared, dataclasses.InitVar):
            return f"field {name!r} is an InitVar, of which no instance knows the value"
        each = get_args(declared)[0] if get_origin(declared) is typing.Final else declared
        try:
            inspect.type_info(each)
            msgspec.msgpack.Decoder(each)
        except (TypeError, ValueError, RecursionError) as error:
            return f"field {name!r}: {_blame(each, str(error), seen)}"
        except NameError:
            continue
    return why
