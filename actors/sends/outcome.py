"""What a send returns: something to `await` on the loop, or to `get` from a thread.

A send that has room is done when the call returns; what it returns then is one shared object. A send that has
no room waits only when it is awaited: a plain `def` handler that does not await its sends cannot pile them up.

Law: an error that was raised is kept by whoever caught it, and by nobody else. It keeps the frames that it passed, and
these their locals; so a frame of the bus that it passes lets go (`del`) of whatever leads back to it: the outcome, the
future, itself. Else the two keep each other, and the message, until the garbage collector comes: 30 MiB for 400
messages of 64 KiB.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..base import copied
from .future_like import HINT, DoneFuture

__all__ = ["DELIVERED", "GAVE_WAY", "Delivered", "FailedOutcome", "GaveWay", "Outcome", "Step"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

Step = Generator[object, None, T]


class Outcome(Protocol[T_co]):
    """The outcome of a send: await it on the event loop, or `get` it from any other thread.

    On the loop it is like a future. asyncio's `gather`, `wait`, `wait_for`, `shield`, `as_completed`, `ensure_future`
    take it as it is (to a type checker `wait` wants `ensure_future(outcome)`). `create_task`, `TaskGroup.create_task`
    and `run_coroutine_threadsafe` take coroutines alone: `create_task(outcome.coroutine())`.

    ```python
    outcome = node.ask(LOCAL / Blocks, GetBlock(7))
    block = await outcome  # or outcome.get() in a thread
    ```
    """

    def __await__(self) -> Generator[object, None, T_co]: ...

    def coroutine(self) -> Coroutine[Any, Any, T_co]:
        """A coroutine that awaits this, for whatever takes nothing else. It is to be awaited, as any."""

    def get(self, *, timeout: float | None = None) -> T_co:
        """Block until the outcome is there, at most `timeout` seconds.

        Raises WouldDeadlock on the event-loop thread, `pykka.Timeout` after `timeout`, and the send's own error.
        """

    def cancel(self, msg: Any = None) -> bool:
        """End what it waits for, here and at peers: an ask's handler is cancelled. On the event loop.

        Returns False where it is over.
        """


class Delivered(DoneFuture[None]):
    """The message is in the receiver's mailbox, or accepted against a remote receiver's credit."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __await__(self) -> Step[None]: ...
    else:
        # An exhausted iterator is a finished generator; its own method, with no frame of Python: 18 ns of 45.
        __await__ = iter(()).__iter__

    def result(self) -> None:
        """Nothing."""

    def get(self, *, timeout: float | None = None) -> None:
        """Return at once."""

    def __repr__(self) -> str:
        return f"<delivered; {HINT}>"


#: The outcome of every send that had room.
DELIVERED = Delivered()


class GaveWay(Delivered):
    """As `Delivered`, but awaiting it lets others have their turn: a sender without a pause must not hold the loop."""

    __slots__ = ()

    def __await__(self) -> Step[None]:
        yield None

    def __repr__(self) -> str:
        return f"<delivered, after others; {HINT}>"


#: The outcome of a send that had room, now and then.
GAVE_WAY = GaveWay()


class FailedOutcome(DoneFuture[Any]):
    """The send failed at once; awaiting or getting it raises why."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __await__(self) -> Step[Any]:
        return _raise(copied(self.error))  # a copy: the frame that awaits may keep this as well

    def exception(self) -> BaseException:
        """Why."""
        return self.error

    def result(self) -> Any:
        """Raise why."""
        try:
            raise self.error
        finally:
            del self

    def get(self, *, timeout: float | None = None) -> Any:
        """Raise why."""
        raise copied(self.error)

    def __repr__(self) -> str:
        return f"<failed: {self.error!r}; {HINT}>"


def _raise(error: BaseException) -> Step[None]:
    try:
        raise error
    finally:
        del error
    yield  # type: ignore[unreachable]  # makes this a generator
