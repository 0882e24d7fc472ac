"""The answer to an ask, and the ask for which there was no room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast, runtime_checkable

from ..base import DeadlineExceeded, RemoteError, SendError, WouldDeadlock
from ..mailbox import AnsweringCell
from .deadlines import DeadlineWheel, Slot
from .future_like import HINT, AsCoroutine, FutureLike, end_work
from .judged import judged
from .outcome import DELIVERED, FailedOutcome, Outcome, Step

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["AskFuture", "AskWaiting", "HearsOfUnheard"]

T = TypeVar("T")


@runtime_checkable
class HearsOfUnheard(Protocol):
    """Told when an ask failed and nobody looked at its outcome."""

    def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
        """The ask failed, and the asker never looked at its outcome. It is about to go: not to be kept."""


class AskFuture(asyncio.Future[T], AsCoroutine[T], Generic[T]):
    """The answer to an ask made on the event loop. Cancelling it cancels the work at the other end."""

    __slots__ = ("abandon", "message", "reply_type", "slot")

    # No constructor: the call of one is a twentieth of an ask between two actors here. The two ways by which nearly all
    # go set these themselves, whoever else makes one calls `of`.

    message: object
    #: What `reply` said: a type, or None. Then it is what the message names, if it is a `Request`.
    reply_type: TypeForm[T] | None
    #: Tells the other end that nobody waits any more; returns the phase in which the work was.
    abandon: Callable[[AskFuture[T]], str]
    #: Where its deadline stands; None while it has none.
    slot: Slot | None

    @classmethod
    def of(
        cls,
        loop: asyncio.AbstractEventLoop,
        message: object,
        reply_type: TypeForm[T] | None,
        abandon: Callable[[AskFuture[T]], str],
    ) -> Self:
        """One for the answer to `message`."""
        future = cls(loop=loop)
        future.message, future.reply_type, future.abandon, future.slot = message, reply_type, abandon, None
        return future

    def arm(self, wheel: DeadlineWheel, deadline: float) -> None:
        """Fail with DeadlineExceeded at `deadline` (the loop's clock)."""
        self.slot = wheel.add(self, deadline)

    def moved_to(self, answers: AnsweringCell) -> None:
        """As `MovableReply.moved_to`."""
        self.abandon = answers.abandon

    def succeed(self, value: object) -> None:
        """The answer is there."""
        slot = self.slot
        if slot is not None:
            slot.pop(self, None)
        wanted = self.reply_type
        if wanted is None:
            wanted = getattr(self.message, "__answer__", None)
        if wanted is not None and value.__class__ is not wanted:
            if self.done():
                return
            error = judged(getattr(self.abandon, "__self__", None), self.message, wanted, value)
            if error is not None:
                self.set_exception(error)
                return
        try:
            self.set_result(value)  # type: ignore[arg-type]  # T is object where no reply type was given
        except asyncio.InvalidStateError:  # nobody waits any more; asked by `done` it is a call more for each answer
            return

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It failed. From now on it has a destructor, which sees whether anybody looked: see `_heard_last`."""
        super().set_exception(error)
        self.__class__ = cast("type[Self]", _that_is_heard(self.__class__))

    def raised(self, error: BaseException) -> None:
        """The handler raised `error`."""
        self.fail(RemoteError.of(error))

    def fail(self, error: BaseException) -> None:
        """The ask ended with `error`."""
        if not self.done():
            if self.slot is not None:
                self.slot.pop(self, None)
            self.set_exception(error)

    def refused(self, error: BaseException) -> Self:
        """The ask failed before it began, and dead letters know; returns this future."""
        self.set_exception(error)
        self._log_traceback = False
        return self

    def follow(self, sent: Outcome[None], wheel: DeadlineWheel, deadline: float) -> Outcome[T]:
        """The outcome of the ask whose message was sent with the outcome `sent`."""
        if sent is DELIVERED:
            if not self.done():
                self.arm(wheel, deadline)
            return self
        if isinstance(sent, FailedOutcome):
            return self.refused(sent.error)
        return AskWaiting(sent, self, partial(self.arm, wheel, deadline))

    # What the search for deadlocks asks of it; see `deadlock.Wait`.

    @property
    def wait(self) -> Self:
        """An ask that has room is awaited by itself."""
        return self

    def holder(self) -> object:
        """The actor that answers."""
        return getattr(self.abandon, "__self__", None)

    def over(self) -> bool:
        """It waits no longer."""
        return self.done()

    def give_up(self, error: SendError) -> None:
        """End the ask with `error`, and the work at the other end."""
        if not self.done():
            error.message = self.message
            self.abandon(self)
            self.fail(error)

    def expire(self) -> None:
        """The deadline has passed: nobody waits any more."""
        if not self.done():
            phase = self.abandon(self)
            self.set_exception(
                DeadlineExceeded(
                    f"no answer to {type(self.message).__name__} within the deadline (spent in: {phase})",
                    phase=phase,
                    message=self.message,
                )
            )

    def cancel(self, msg: object = None) -> bool:
        """The asker goes away: so does the work."""
        if not super().cancel(msg):
            return False
        if self.slot is not None:
            self.slot.pop(self, None)
        self.abandon(self)
        return True

    def get(self, *, timeout: float | None = None) -> T:
        """The answer, if it is there already. Raises WouldDeadlock if not: this ask was made on the loop."""
        if not self.done():
            raise WouldDeadlock("the answer would come through this very event loop: await it")
        return self.result()

    def __repr__(self) -> str:
        return f"<{super().__repr__()[1:-1]}; {HINT}>"


def _heard_last(ask: AskFuture[Any]) -> None:
    # True where the ask failed and nobody asked how: a dead letter, not a line of asyncio's.
    if ask._log_traceback:
        error = ask.exception()
        owner = getattr(ask.abandon, "__self__", None)
        if isinstance(owner, HearsOfUnheard) and error is not None:
            owner.unheard(ask, error)


@cache
def _that_is_heard(kind: type[AskFuture[Any]]) -> type[AskFuture[Any]]:
    """That kind of ask, with a destructor. Those that are answered have none: it is a twentieth of a local ask."""
    said: dict[str, object] = {"__module__": kind.__module__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), said | {"__slots__": (), "__del__": _heard_last})


class AskWaiting(FutureLike[T]):
    """An ask for which the mailbox had no room: awaited, it waits for room and then for the answer."""

    __slots__ = ("_arm", "_future", "_waiting")

    def __init__(self, waiting: Outcome[None], future: AskFuture[T], arm: Callable[[], object]) -> None:
        self._waiting = waiting
        self._future = future
        self._arm = arm
        self._task = None

    def _begin(self) -> Step[T]:
        return self._wait().__await__()

    def _end_work(self) -> None:
        self._future.cancel()
        end_work(self._waiting)

    async def enter(self) -> None:
        """Wait for room alone: the answer is awaited elsewhere, and fails as this does."""
        try:
            await self._waiting
            if not self._future.done():
                self._arm()
        except SendError as error:
            if not self._future.done():
                self._future.refused(error)
            raise
        except BaseException:
            self._future.cancel()
            raise
        finally:
            del self

    async def _wait(self) -> T:
        try:
            try:
                await self._waiting
            except BaseException:
                self._future.cancel()
                raise
            if not self._future.done():
                self._arm()
            return await self._future
        finally:
            del self

    def get(self, *, timeout: float | None = None) -> T:
        """Raise WouldDeadlock: this ask was made on the event loop."""
        raise WouldDeadlock("the ask waits for room on this very event loop: await it")

    def __repr__(self) -> str:
        return f"<ask that waits for room; {HINT}>"
