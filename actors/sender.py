"""The ways to send, as types: their overloads stand here once, for actors, buses and nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from .messages import Address, AnswerInItems, Asks, Exactly, GroupAddress, OneAnswer, Results, Share, Speaks, Stream
from .sends import Outcome
from .streams import OpenStream

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = [
    "AskMethod",
    "OpenMethod",
    "StreamMethod",
    "TellManyMethod",
    "TellMethod",
    "asks",
    "opens",
    "streams",
    "tells",
    "tells_many",
]

M = TypeVar("M")
R = TypeVar("R")


# What stands behind them takes its options by position as well: the default of one that may only be named is looked up
# in a dict at each call, 3 % of a tell and of an ask. What a type checker lets pass is what these say.


class TellMethod(Protocol):
    """`tell(to, message)`: a send without an answer. `wait_for_peer`: wait for a receiver until the deadline."""

    @overload
    def __call__(
        self, to: GroupAddress[M], message: M | Exactly[M], *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[Results[None]]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M | Exactly[M],
        *,
        timeout: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[None]: ...


class TellManyMethod(Protocol):
    """`tell_many(to, messages)`: many sends without an answer, in one go. The outcome is how many were accepted."""

    @overload
    def __call__(
        self, to: Address[M] | Speaks[M], messages: Iterable[M | Exactly[M]], *, timeout: float | None = None
    ) -> Outcome[int]: ...
    @overload
    def __call__(
        self, to: GroupAddress[M], messages: Iterable[M | Exactly[M]], *, timeout: float | None = None
    ) -> Outcome[Results[int]]: ...


class AskMethod(Protocol):
    """`ask(to, message)`: a send and its answer, or the answers of several.

    The answer is what the message names, where it is a `Request`, or what `reply` says; else an object.
    """

    # One receiver comes last: of several overloads that do not fit pyright tells of the last one.

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a stream is also some answer
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M | Exactly[M], Stream[R]],
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> AnswerInItems[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __call__(  # type: ignore[overload-overlap]  # a stream is also some answer
        self,
        to: GroupAddress[M],
        message: Asks[M | Exactly[M], Stream[R]],
        *,
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> AnswerInItems[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M | Exactly[M], R],
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[R]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: Asks[M | Exactly[M], R],
        *,
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[R]]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M | Exactly[M],
        *,
        reply: TypeForm[R],
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[R]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: M | Exactly[M],
        *,
        reply: TypeForm[R],
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[R]]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: M | Exactly[M],
        *,
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[object]]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M | Exactly[M],
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[object]: ...


class StreamMethod(Protocol):
    """`stream(to, message)`: a send whose answer comes in items, `async for`. `wait_for_peer`: as for `ask`."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a stream is also some answer
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M | Exactly[M], Stream[R]],
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> Stream[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __call__(  # type: ignore[overload-overlap]  # a request is also some message
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M | Exactly[M], R],
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> OneAnswer[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M | Exactly[M],
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> Stream[Any]: ...


class OpenMethod(Protocol):
    """`open(to, message)`: a send that items go with, and an answer. `wait_for_peer`: as for `ask`."""

    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M | Exactly[M], R],
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> OpenStream[R]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M | Exactly[M],
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> OpenStream[Any]: ...


def tells(method: Callable[..., Outcome[Any]]) -> TellMethod:
    """The method, with the types of `TellMethod`."""
    return cast("TellMethod", method)


def tells_many(method: Callable[..., Outcome[Any]]) -> TellManyMethod:
    """The method, with the types of `TellManyMethod`."""
    return cast("TellManyMethod", method)


def asks(method: Callable[..., Outcome[Any]]) -> AskMethod:
    """The method, with the types of `AskMethod`."""
    return cast("AskMethod", method)


def streams(method: Callable[..., Stream[Any]]) -> StreamMethod:
    """The method, with the types of `StreamMethod`."""
    return cast("StreamMethod", method)


def opens(method: Callable[..., OpenStream[Any]]) -> OpenMethod:
    """The method, with the types of `OpenMethod`."""
    return cast("OpenMethod", method)
