"""The two ways to send, as types: the overloads of `tell` and `ask` stand here once, for actors, buses and nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast, overload

from .address import Address, GroupAddress
from .channel import Channel
from .outcome import Outcome
from .picks import Share
from .request import Asks
from .results import Results

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["WAITS", "Ask", "How", "Speaks", "Takes", "Tell", "asks", "tells"]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class How:
    """What a send says beyond its receiver, message and timeout; see `Actor.ask`. Raises ValueError out of range."""

    hedge: float | None = None
    quorum: int | Share | None = None
    wait_for_peer: bool = False

    def __post_init__(self) -> None:
        hedge: object = self.hedge  # whatever a program without type checks gives
        if hedge is not None and not isinstance(hedge, int | float):
            raise TypeError(f"hedge is {hedge!r}; write seconds")
        quorum: object = self.quorum
        if quorum is not None and (not isinstance(quorum, int | float | Share) or isinstance(quorum, bool)):
            raise TypeError(f"quorum is {quorum!r}; write a number, 2, or a part of those asked, Share(0.67)")
        if self.hedge is not None and not self.hedge >= 0:
            raise ValueError(f"hedge is {self.hedge}, it must be at least 0 seconds")
        if self.quorum is not None and not isinstance(self.quorum, Share) and not self.quorum >= 1:
            raise ValueError(f"quorum is {self.quorum}, it must be at least 1; a part of those asked is Share(0.67)")
        if isinstance(quorum, float):
            raise TypeError(f"quorum is {quorum}; write a whole number, or a part of those asked, Share(0.67)")


#: How a send goes that waits for a peer.
WAITS: Final = How(wait_for_peer=True)


class Takes(Protocol[M_contra]):
    """An actor as type checkers see it: with a channel it takes that channel's messages, else any."""

    def __takes__(self) -> Channel[M_contra]:
        """Never called."""


class Speaks(Protocol[M_contra]):
    """A ref of an actor that takes `M`, for type checkers."""

    def __actor__(self) -> Takes[M_contra]:
        """Never called."""


class Tell(Protocol):
    """`tell(to, message)`: a send without an answer. `wait_for_peer`: wait for a receiver until the deadline."""

    @overload
    def __call__(
        self, to: Address[M] | Speaks[M], message: M, *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[None]: ...
    @overload
    def __call__(
        self, to: GroupAddress[M], message: M, *, timeout: float | None = None, wait_for_peer: bool = False
    ) -> Outcome[Results[None]]: ...


class Ask(Protocol):
    """`ask(to, message)`: a send and its answer, or the answers of several.

    The answer is what the message names, where it is a `Request`, or what `reply` says; else an object.
    """

    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: Asks[M, R],
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[R]: ...
    @overload
    def __call__(
        self,
        to: GroupAddress[M],
        message: Asks[M, R],
        *,
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[R]]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M,
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
        message: M,
        *,
        reply: TypeForm[R],
        timeout: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Results[R]]: ...
    @overload
    def __call__(
        self,
        to: Address[M] | Speaks[M],
        message: M,
        *,
        timeout: float | None = None,
        hedge: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[object]: ...
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


def tells(method: Callable[..., Outcome[Any]]) -> Tell:
    """The method, with the types of `Tell`."""
    return cast("Tell", method)


def asks(method: Callable[..., Outcome[Any]]) -> Ask:
    """The method, with the types of `Ask`."""
    return cast("Ask", method)
