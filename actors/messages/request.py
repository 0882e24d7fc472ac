"""A message that names its answer: `class GetBlock(Request[Block])`."""

from __future__ import annotations

import sys
import typing
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    ForwardRef,
    Generic,
    Protocol,
    Self,
    TypeVar,
    get_args,
    get_origin,
)

from .encoding import Unresolved

__all__ = ["UNNAMED", "Asks", "Pair", "Request", "answer_named"]

M_co = TypeVar("M_co", covariant=True)
R_co = TypeVar("R_co", covariant=True)


class _Unnamed:
    """See `UNNAMED`."""

    def __repr__(self) -> str:
        return "<no answer is named>"


#: What `answer_named` returns of a message that names no answer.
UNNAMED: Final = _Unnamed()


class Pair(Generic[M_co, R_co]):
    """A type of message and the type of its answer, for type checkers."""


class Request(Generic[R_co]):
    """Base of a message that names its answer: `await node.ask(to, GetBlock(7))` is a `Block`, and checked to be one.

    For a `Message`, and as well for frozen dataclasses, also with slots, and frozen `msgspec.Struct`s:

    ```python
    class GetBlock(Message, Request[Block]):
        height: int
    ```

    The answer is any type that travels, `Block`, `list[Block]` or `Block | None`; it needs no place in its channel's
    `messages`. A handler that is annotated to return something else is refused when its class is made.
    """

    __slots__ = ()

    #: The answer's type, which every ask looks at; absent where it is to be looked up by `answer_named`.
    __answer__: ClassVar[Any]

    if TYPE_CHECKING:

        def __pair__(self) -> Pair[Self, R_co]: ...

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        named = _named(cls)
        if _is_open(named):
            cls.__answer__ = UNNAMED
        elif named is not UNNAMED:
            cls.__answer__ = named if _is_resolved(named) else Later(cls, named)


class Asks(Protocol[M_co, R_co]):
    """A message of type `M` that is answered by an `R`, for type checkers: see `Request`."""

    def __pair__(self) -> Pair[M_co, R_co]:
        """Never called."""


class Later:
    """An answer that is named by a string: found when it is needed, as its class may come after the request's."""

    __slots__ = ("kind", "owner")

    def __init__(self, owner: type, kind: Any) -> None:
        self.owner = owner
        self.kind = kind

    def find(self) -> Any:
        """The type. Raises Unresolved where the name means nothing, or not yet."""
        module = sys.modules.get(self.owner.__module__)
        # As an annotation, strings inside of it included.
        holder = type("holder", (), {"__annotations__": {"answer": self.kind}})
        own = {self.owner.__name__: self.owner}
        try:
            hints = typing.get_type_hints(holder, {} if module is None else vars(module), own, include_extras=True)
        except (NameError, AttributeError, SyntaxError) as error:
            raise Unresolved(f"the answer of {self.owner.__name__} is named {self.kind!r}: {error}") from error
        found = hints["answer"]
        if self.owner.__dict__.get("__answer__") is self:
            setattr(self.owner, "__answer__", found)  # noqa: B010  # mypy knows it for a type only
        return found


def answer_named(message_type: type) -> Any:
    """The type of the answer that a message of this type names; UNNAMED if it names none. Raises Unresolved."""
    named = getattr(message_type, "__answer__", UNNAMED)
    return named.find() if isinstance(named, Later) else named


def _named(cls: type) -> Any:
    """What the class statement says, with the variables of generic requests in between filled in."""
    for base in cls.__dict__.get("__orig_bases__", ()):
        origin, args = get_origin(base), get_args(base)
        if origin is Request:
            return type(None) if args[0] is None else args[0]
        if isinstance(origin, type) and issubclass(origin, Request):
            answer = _named(origin)
            filled: dict[Any, Any] = dict(zip(getattr(origin, "__parameters__", ()), args, strict=False))
            if isinstance(answer, TypeVar):
                return filled.get(answer, answer)
            free = _variables(answer)
            return answer[tuple(filled.get(each, each) for each in free)] if free else answer
    return UNNAMED


def _is_open(kind: Any) -> bool:
    """It has type variables: nobody knows what an instance that is made of the generic request is answered by."""
    return isinstance(kind, TypeVar) or bool(_variables(kind))


def _variables(kind: Any) -> tuple[Any, ...]:
    """Those that stand in it. A generic class as it stands, `Page` for `Page[Any]`, has none but its own."""
    found: tuple[Any, ...] = () if isinstance(kind, type) else getattr(kind, "__parameters__", ())
    return found


def _is_resolved(kind: Any) -> bool:
    return not isinstance(kind, str | ForwardRef) and all(map(_is_resolved, get_args(kind)))
