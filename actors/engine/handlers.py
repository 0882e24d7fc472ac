"""`@handles(Type)`: which method of an actor handles which message."""

# Long by its overloads: type checkers learn from them what the method has to take, and to return.

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol, TypeVar, overload

from ..messages import Address, Asks, Stream
from ..sends import Outcome
from .handler_notes import noted

__all__ = ["Answers", "Handles", "StreamAnswers", "handles"]

S = TypeVar("S")
M = TypeVar("M")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")

#: What a handler gets as its sender: an address that can be told, or None.
Sender = Address[Any] | None
#: What a `def` may return to have it awaited. Not any Awaitable: of two overloads that take a coroutine mypy makes Any.
Soon = Outcome[R] | asyncio.Future[R]


class Handles(Protocol[M]):
    """What `@handles(A)` is, for type checkers: it takes a method of an `A`, and leaves it as it is."""

    @overload
    def __call__(self, method: Callable[[S, M], R], /) -> Callable[[S, M], R]: ...
    @overload
    def __call__(self, method: Callable[[S, M, Sender], R], /) -> Callable[[S, M, Sender], R]: ...


class Answers(Protocol[M, R]):
    """As `Handles`, where the message is a `Request` and names what the method has to return."""

    @overload
    def __call__(
        self, method: Callable[[S, M], Coroutine[Any, Any, R]], /
    ) -> Callable[[S, M], Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(self, method: Callable[[S, M], Soon[R]], /) -> Callable[[S, M], Soon[R]]: ...
    @overload
    def __call__(self, method: Callable[[S, M], R], /) -> Callable[[S, M], R]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, Sender], Coroutine[Any, Any, R]], /
    ) -> Callable[[S, M, Sender], Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, AsyncIterator[A]], Coroutine[Any, Any, R]], /
    ) -> Callable[[S, M, AsyncIterator[A]], Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, Sender, AsyncIterator[A]], Coroutine[Any, Any, R]], /
    ) -> Callable[[S, M, Sender, AsyncIterator[A]], Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(self, method: Callable[[S, M, Sender], Soon[R]], /) -> Callable[[S, M, Sender], Soon[R]]: ...
    @overload
    def __call__(self, method: Callable[[S, M, Sender], R], /) -> Callable[[S, M, Sender], R]: ...


class StreamAnswers(Protocol[M, R]):
    """As `Answers`, where the message names a `Stream` of items: an `async def` generator, or what returns one."""

    @overload
    def __call__(self, method: Callable[[S, M], AsyncIterator[R]], /) -> Callable[[S, M], AsyncIterator[R]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M], Coroutine[Any, Any, AsyncIterator[R]]], /
    ) -> Callable[[S, M], Coroutine[Any, Any, AsyncIterator[R]]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, Sender], AsyncIterator[R]], /
    ) -> Callable[[S, M, Sender], AsyncIterator[R]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, AsyncIterator[A]], AsyncIterator[R]], /
    ) -> Callable[[S, M, AsyncIterator[A]], AsyncIterator[R]]: ...
    @overload
    def __call__(
        self, method: Callable[[S, M, Sender, AsyncIterator[A]], AsyncIterator[R]], /
    ) -> Callable[[S, M, Sender, AsyncIterator[A]], AsyncIterator[R]]: ...


@overload
def handles(  # type: ignore[overload-overlap]  # a request is also some class, and a stream some answer
    message: type[Asks[M, Stream[R]]], /, *, reentrant: bool = False
) -> StreamAnswers[M, R]: ...  # pyright: ignore[reportOverlappingOverload]
@overload
def handles(  # type: ignore[overload-overlap]  # a request is also some class
    message: type[Asks[M, R]], /, *, reentrant: bool = False
) -> Answers[M, R]: ...  # pyright: ignore[reportOverlappingOverload]
@overload
def handles(message: type[A], /, *, reentrant: bool = False) -> Handles[A]: ...
@overload
def handles(a: type[A], b: type[B], /, *, reentrant: bool = False) -> Handles[A | B]: ...
@overload
def handles(a: type[A], b: type[B], c: type[C], /, *, reentrant: bool = False) -> Handles[A | B | C]: ...
@overload
def handles(
    a: type[A], b: type[B], c: type[C], d: type[D], /, *, reentrant: bool = False
) -> Handles[A | B | C | D]: ...
@overload
def handles(
    a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], /, *, reentrant: bool = False
) -> Handles[A | B | C | D | E]: ...
@overload
def handles(
    a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], f: type[F], /, *, reentrant: bool = False
) -> Handles[A | B | C | D | E | F]: ...
@overload
def handles(
    a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], f: type[F], g: type[G], /, *, reentrant: bool = False
) -> Handles[A | B | C | D | E | F | G]: ...
@overload
def handles(
    a: type[A],
    b: type[B],
    c: type[C],
    d: type[D],
    e: type[E],
    f: type[F],
    g: type[G],
    h: type[H],
    /,
    *,
    reentrant: bool = False,
) -> Handles[A | B | C | D | E | F | G | H]: ...
@overload
def handles(*message_types: type[Any], reentrant: bool = False) -> Handles[Any]: ...
def handles(*message_types: type[Any], reentrant: bool = False) -> Any:
    """Mark a method as the handler of these message types: `(self, message)` or `(self, message, sender)`.

    `sender` is an `Address[object] | None`: an actor that can be told, here or at a peer, or None, where plain code has
    sent it, or an actor that cannot be reached from here (at a peer one without a channel, as children mostly are).
    What it returns answers an ask. It may be `def` or `async def`. While an `async def` handler awaits, the actor
    handles nothing else, unless the handler is `reentrant`: then each message runs as a task of its own, and the
    actor's state may change at every `await`.
    One that is an `async def` generator, or returns one, answers in items: see `Actor.stream`. What it yields is made
    beside the next messages, as a reentrant handler runs. A parameter that is annotated as an `AsyncIterator` takes
    items that come with the message: see `Actor.open_stream`.
    It is the method's name that is marked: a derived class may override the method as any other, without a decorator.
    Raises TypeError where a message type is not a class, or the method takes no message, or is a plain generator.

    ```python
    class Store(Reactor):
        channel = Channel("store", messages=(GetBlock, Forget))

        @handles(GetBlock)
        async def get(self, wanted: GetBlock, sender: Address[object] | None) -> Block:
            return Block(wanted.height)

        @handles(Forget)
        def forget(self, told: Forget) -> None: ...
    ```
    """
    for message_type in message_types:
        if not isinstance(message_type, type):
            raise TypeError(f"@handles takes message types, as in @handles(GetBlock), not {message_type!r}")
    if not message_types:
        raise TypeError("@handles takes at least one message type, as in @handles(GetBlock)")

    def mark(method: Any) -> Any:
        return noted(method, message_types, reentrant, sys._getframe(1))

    return mark
