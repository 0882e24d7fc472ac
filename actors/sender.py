"""The two ways to send, as types: the overloads of `tell` and `ask` stand here once, for actors, buses and nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, cast, overload

from .address import Address, GroupAddress
from .outcome import Outcome
from .picks import Share
from .ref import Ref
from .results import Results

__all__ = ["WAITS", "Ask", "How", "Tell", "asks", "tells"]

M = TypeVar("M")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class How:
    """What a send says beyond its receiver, message and timeout; see `Actor.ask`. Raises ValueError out of range."""

    hedge: float | None = None
    quorum: int | Share | None = None
    wait_for_peer: bool = False

    def __post_init__(self) -> None:
        if self.hedge is not None and not self.hedge >= 0:
            raise ValueError(f"hedge is {self.hedge}, it must be at least 0 seconds")
        if self.quorum is not None and not isinstance(self.quorum, Share) and not self.quorum >= 1:
            raise ValueError(f"quorum is {self.quorum}, it must be at least 1")


#: How a send goes that waits for a peer.
WAITS: Final = How(wait_for_peer=True)


class Tell(Protocol):
    """`tell(to, message)`: a send without an answer. `wait_for_peer`: wait for a receiver until the deadline."""

    @overload
    def __call__(self, to: Ref[Any], message: object, *, timeout: float | None = None) -> Outcome[None]: ...
    @overload
    def __call__(
        self, to: Address[M], message: M, *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[None]: ...
    @overload
    def __call__(
        self, to: GroupAddress[M], message: M, *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[Results[None]]: ...


class Ask(Protocol):
    """`ask(to, message)`: a send and its answer, or the answers of several."""

    @overload
    def __call__(self, to: Ref[Any], message: object, *, timeout: float | None = None) -> Outcome[object]: ...
    @overload
    def __call__(
        self, to: Ref[Any], message: object, *, reply: type[R], timeout: float | None = None
    ) -> Outcome[R]: ...
    @overload
    def __call__(
        self,
        to: Address[M],
        message: M,
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[object]: ...
    @overload
    def __call__(
        self,
        to: Address[M],
        message: M,
        *,
        reply: type[R],
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[R]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: M,
        *,
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[object]]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: M,
        *,
        reply: type[R],
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[R]]: ...


def tells(method: Callable[..., Outcome[Any]]) -> Tell:
    """The method, with the types of `Tell`."""
    return cast("Tell", method)


def asks(method: Callable[..., Outcome[Any]]) -> Ask:
    """The method, with the types of `Ask`."""
    return cast("Ask", method)
