"""What an actor or its ref takes, as type checkers see it."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from .channel import Channel

__all__ = ["AnswerInItems", "Exactly", "OneAnswer", "Speaks", "Takes"]

M = TypeVar("M")
R_co = TypeVar("R_co", covariant=True)
M_contra = TypeVar("M_contra", contravariant=True)


class Takes(Protocol[M_contra]):
    """An actor as type checkers see it: with a channel it takes that channel's messages, else any."""

    def __takes__(self) -> Channel[M_contra]:
        """Never called."""


class Exactly(Protocol[M]):
    """A message of just this type: `message: M | Exactly[M]` is what `message: M` is, and said more clearly.

    What `M` is then follows from the address alone, so that mypy says which message is wrong and which would be right
    (`has incompatible type "Block"; expected "GetBlock | Forget | …"`), and not that it cannot infer `M`.
    """

    __class__: type[M]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]  # as of every object, but for itself


class OneAnswer(Generic[R_co]):
    """What `stream` returns for a message that is answered once: nothing to read. `await node.ask(to, message)`."""


class AnswerInItems(Generic[R_co]):
    """What `ask` returns for a message that is answered in items: read it by `node.stream(to, message)`."""


class Speaks(Protocol[M_contra]):
    """A ref of an actor that takes `M`, for type checkers."""

    def __actor__(self) -> Takes[M_contra]:
        """Never called."""
