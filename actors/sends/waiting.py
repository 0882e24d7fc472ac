"""A send for which there was no room: it waits when it is awaited, until its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..base import DeadlineExceeded, MailboxFull, SendError, WouldDeadlock, copied
from ..mailbox import Envelope, Waiter
from .deadlines import DeadlineWheel, Slot
from .future_like import HINT, FutureLike
from .outcome import Step

__all__ = ["Room", "RoomFuture", "Waiting"]


class Room(Protocol):
    """What a send waits for room in: a mailbox here, or the credit of a peer's reactor."""

    @property
    def phase(self) -> str:
        """Names the queue in `DeadlineExceeded`: `mailbox`, `credit`, `streams` or `description`."""

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
        #: The send, for a look at what a task stands in.
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

    def _end_work(self) -> None:
        if self._future is not None:
            self._future.cancel()

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
            self._error = copied(refusal)  # see `FailedOutcome`
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
        """The actor that has to take a message before there is room."""
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
