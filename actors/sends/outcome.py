"""What a send returns: something to `await` on the loop, or to `get` from a thread.

A send that has room is done when the call returns; what it returns then is one shared object. A send that has
no room waits only when it is awaited: a plain `def` handler that does not await its sends cannot pile them up.

Law: an error that was raised is kept by whoever caught it, and by nobody else. It keeps the frames that it passed, and
these their locals; so a frame of the bus that it passes lets go (`del`) of whatever leads back to it: the outcome, the
future, itself. Else the two keep each other, and the message, until the garbage collector comes: 30 MiB for 400
messages of 64 KiB.
"""

# Long, as each way a send can end is read beside the others: sent, failed, waiting, asked, waiting to ask.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, runtime_checkable

from ..base import DeadlineExceeded, MailboxFull, RemoteError, SendError, WouldDeadlock, copied
from ..mailbox import Envelope, Waiter
from ..messages import misfit
from .deadlines import DeadlineWheel, Slot
from .future_like import HINT, AsCoroutine, FutureLike, Over

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["DELIVERED", "GAVE_WAY", "AskFuture", "AskWaiting", "Delivered", "Failed", "Outcome", "Waiting"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

Step = Generator[object, None, T]


class Outcome(Protocol[T_co]):
    """The outcome of a send: await it on the event loop, or `get` it from any other thread.

    On the loop it is like a future. asyncio's `gather`, `wait`, `wait_for`, `shield`, `as_completed`, `ensure_future`
    take it as it is (to a type checker `wait` wants `ensure_future(outcome)`). `create_task`, `TaskGroup.create_task`
    and `run_coroutine_threadsafe` take coroutines alone: `create_task(outcome.coroutine())`.
    """

    def __await__(self) -> Generator[object, None, T_co]: ...

    def coroutine(self) -> Coroutine[Any, Any, T_co]:
        """A coroutine that awaits this, for whatever takes nothing else. It is to be awaited, as any."""

    def get(self, *, timeout: float | None = None) -> T_co:
        """Block until the outcome is there, at most `timeout` seconds.

        Raises WouldDeadlock on the event-loop thread, `pykka.Timeout` after `timeout`, and the send's own error.
        """


class Delivered(Over[None]):
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
    """As `Delivered`, but awaiting it lets others have their turn: who sends without a pause must not hold the loop."""

    __slots__ = ()

    def __await__(self) -> Step[None]:
        yield None

    def __repr__(self) -> str:
        return f"<delivered, after others; {HINT}>"


#: The outcome of a send that had room, now and then.
GAVE_WAY = GaveWay()


class Failed(Over[Any]):
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


class Room(Protocol):
    """What a send waits for room in: a mailbox here, or the credit of a peer's reactor."""

    #: Names the queue in `DeadlineExceeded`: `mailbox` or `credit`.
    phase: str

    def wait(self, waiter: Waiter) -> None:
        """Queue a sender for room."""

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """The sender waits no longer."""

    def refuse(self, error: SendError) -> SendError:
        """Count a send that does not wait."""

    def no_room(self) -> str:
        """Why there is no room, for an error's text."""


class RoomFuture(asyncio.Future[None]):
    """What a send that waits for room is awaited by."""

    __slots__ = ("wait",)

    def __init__(self, loop: asyncio.AbstractEventLoop, wait: Waiting) -> None:
        super().__init__(loop=loop)
        #: The send, for whoever looks what a task stands in.
        self.wait = wait


class Waiting(FutureLike[None]):
    """A send for which there was no room: awaited, it waits for room until its deadline.

    `holder` is the receiver: a cell, or the link to a peer; None where nobody can tell.

    Dropped without having been awaited, it has failed with `MailboxFull` and is a dead letter.
    """

    __slots__ = (
        "_deadline",
        "_error",
        "_future",
        "_holder",
        "_loop",
        "_slot",
        "_undelivered",
        "_wheel",
        "envelope",
        "room",
        "withdrawn",
    )

    def __init__(
        self,
        room: Room,
        envelope: Envelope,
        deadline: float,
        wheel: DeadlineWheel,
        loop: asyncio.AbstractEventLoop,
        undelivered: Callable[[Envelope, SendError], None],
        holder: object = None,
    ) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        #: What it waits for room in.
        self.room = room
        self._holder = holder
        self._deadline = deadline
        self._wheel = wheel
        self._loop = loop
        self._undelivered = undelivered
        self._future: RoomFuture | None = None
        #: Why it failed, for whoever awaits it once more.
        self._error: SendError | None = None
        self._slot: Slot | None = None
        self._task = None

    def _begin(self) -> Step[None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        if self._future is not None:  # awaited once more: the message was sent, or has failed, by then
            try:
                if self._error is not None:
                    raise copied(self._error)
                await self._future
            finally:
                del self
            return
        late = self._deadline <= self._loop.time()
        if not late:
            self._slot = self._wheel.add(self, self._deadline)  # first: a deadline that is no number sends nothing
        future = self._future = RoomFuture(self._loop, self)
        if late:
            text = "there was no room when it was sent, and no time was left when the send was awaited"
            self._fail(self.room.refuse(DeadlineExceeded(text, phase=self.room.phase)))
        else:
            self.room.wait(self)
        try:
            await future
        except asyncio.CancelledError:
            error = SendError("the sender was cancelled", message=self.envelope.message)
            error.reason = "cancelled"
            self.room.give_up(self, error)
            raise
        except SendError as refusal:
            self._error = copied(refusal)  # see `Failed`
            self._future = RoomFuture(self._loop, self)
            self._future.cancel()
            del self._future.wait
            raise
        finally:
            if self._slot is not None:
                self._slot.pop(self, None)
            del future.wait, future, self

    def get(self, *, timeout: float | None = None) -> None:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the send waits for room on this very event loop: await it")

    def admitted(self) -> bool:
        """There was room."""
        assert self._future is not None
        if self._future.done():
            return False
        self._future.set_result(None)
        return True

    def refused(self, error: SendError) -> None:
        """The mailbox closed."""
        self._fail(error)

    def move(self, room: Room, holder: object) -> None:
        """Wait for room there from now on, where the first has a successor: `room.wait` is the caller's to call."""
        self.room = room
        self._holder = holder

    def expire(self) -> None:
        """The deadline has passed."""
        self.give_up(
            DeadlineExceeded(f"{self.room.no_room()}, and none came within the deadline", phase=self.room.phase)
        )

    # What the search for deadlocks asks of it; see `deadlock.Wait`.

    def holder(self) -> object:
        """Who has to take a message before there is room."""
        return self._holder

    def over(self) -> bool:
        """It waits no longer."""
        return self._future is None or self._future.done()

    def give_up(self, error: SendError) -> None:
        """Wait no longer, because of `error`."""
        self.room.give_up(self, error)
        self._fail(error)

    def _fail(self, error: SendError) -> None:
        assert self._future is not None
        error.message = self.envelope.message
        if not self._future.done():
            self._undelivered(self.envelope, error)
            self._future.set_exception(error)

    def __del__(self) -> None:
        if self._future is None and not self._loop.is_closed():
            error = MailboxFull(
                f"{self.room.no_room()}, and the send was not awaited",
                message=self.envelope.message,
            )
            self.room.refuse(error)
            self._undelivered(self.envelope, error)

    def __repr__(self) -> str:
        return f"<waiting for room: {self.envelope.message!r}; {HINT}>"


@runtime_checkable
class HearsOfUnheard(Protocol):
    """Whose asks may fail without anybody who listens."""

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

    def succeed(self, value: object) -> None:
        """The answer is there."""
        if self.done():
            return
        if self.slot is not None:
            self.slot.pop(self, None)
        wanted = self.reply_type
        if wanted is None:
            wanted = getattr(self.message, "__answer__", None)
        if wanted is not None and value.__class__ is not wanted:
            error = misfit(self.message, wanted, value)
            if error is not None:
                self.set_exception(error)
                return
        self.set_result(value)  # type: ignore[arg-type]  # T is object where no reply type was given

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

    # What the search for deadlocks asks of it; see `deadlock.Wait`.

    @property
    def wait(self) -> Self:
        """An ask that has room is awaited by itself."""
        return self

    def holder(self) -> object:
        """Who answers."""
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

    def __del__(self) -> None:
        # True where the ask failed and nobody asked how: a dead letter, not a line of asyncio's.
        if self._log_traceback:
            error = self.exception()
            owner = getattr(self.abandon, "__self__", None)
            if isinstance(owner, HearsOfUnheard) and error is not None:
                owner.unheard(self, error)


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
