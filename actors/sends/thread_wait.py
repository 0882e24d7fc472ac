"""A send from a thread that does not own the mailbox, for which there was no room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol, Self

import pykka

from ..base import DeadlineExceeded, MailboxFull, SendError, ShuttingDown, WouldDeadlock, current_bus
from ..mailbox import Envelope, Mailbox
from .future_like import HINT, FutureLike
from .outcome import Step
from .reply_future import Producer, ReplyFuture

__all__ = ["ForeignWaiting"]


class RoomHolder(Producer, Protocol):
    """The cell whose mailbox it is."""

    def watch_for_deadlocks(self) -> None:
        """A sender begins to wait. From any thread."""


class RoomReply(ReplyFuture[None]):
    """Room in a mailbox. The send decides which threads may wait for it."""

    def _needs(self, thread: int) -> bool:
        return False


class ForeignWaiting(FutureLike[None]):
    """A send from a thread that does not own the mailbox, which had no room: it waits in `get`, or awaited."""

    __slots__ = (
        "_claimed",
        "_deadline",
        "_entered",
        "_future",
        "_holder",
        "_lock",
        "_mailbox",
        "_timeout",
        "_undelivered",
        "envelope",
        "withdrawn",
    )

    def __init__(
        self,
        mailbox: Mailbox,
        envelope: Envelope,
        timeout: float,
        undelivered: Callable[[Envelope, SendError], None],
        holder: RoomHolder | None = None,
    ) -> None:
        self.envelope = envelope
        #: As what the ledger counts that it was given up; "" while it was not.
        self.withdrawn = ""
        self._mailbox = mailbox
        self._timeout = timeout
        self._deadline = monotonic() + timeout
        self._undelivered = undelivered
        self._holder = holder
        self._future = RoomReply()
        self._future.producer = holder
        self._lock = threading.Lock()
        self._claimed = False
        self._entered = False
        self._task = None

    def get(self, *, timeout: float | None = None) -> None:
        """Block until there is room, at most until the send's deadline or `timeout` seconds.

        Raises DeadlineExceeded("mailbox"): the message is not sent, then or later.
        """
        if self._mailbox.owner == threading.get_ident() or current_bus() is not None:
            raise WouldDeadlock("the send waits for room, and a wait here would stop the event loop: await it")
        self._enter()
        left = self._deadline - monotonic()
        try:
            self._future.get(timeout=max(0.0, left if timeout is None else min(timeout, left)))
        except pykka.Timeout:
            if not self._late(self._timeout if timeout is None or left <= timeout else timeout):
                self._future.get()
        except ShuttingDown as gone:  # nothing is left that would take a message
            self._end(gone)
            raise
        finally:
            self._future.stands_for = None
            del self  # an error keeps this frame, see outcome

    def _enter(self) -> None:
        if not self._entered:
            self._entered = True
            if self._deadline <= monotonic():
                self._overdue()
                return
            self._mailbox.put_foreign(self)
            # Only while it is waited for: the two would keep each other, and the last word of a send that nobody waits
            # for is said when it goes.
            self._future.stands_for = self
            if self._holder is not None:
                self._holder.watch_for_deadlocks()

    def __repr__(self) -> str:
        return f"<waiting for room: {self.envelope.message!r}; {HINT}>"

    def _begin(self) -> Step[None]:
        return self._wait().__await__()

    def _end_work(self) -> None:
        if self._entered and self._withdraw(_cancelled(self.envelope)):
            self._future.fail(asyncio.CancelledError())  # for whoever awaits it

    async def _wait(self) -> None:
        self._enter()
        try:
            async with asyncio.timeout(max(0.0, self._deadline - monotonic())):
                await self._future
        except DeadlineExceeded:  # a TimeoutError as well
            raise
        except TimeoutError:
            if not self._late(self._timeout):
                await self._future
        except asyncio.CancelledError:
            error = _cancelled(self.envelope)
            if self._withdraw(error):
                self._future.fail(error)  # for whoever awaits it as well
            del error
            raise
        finally:
            self._future.stands_for = None
            del self

    def _overdue(self) -> None:
        text = "there was no room when it was sent, and no time was left when the send was awaited"
        error = DeadlineExceeded(text, phase="mailbox", message=self.envelope.message)
        self._claimed = True
        self._mailbox.refuse(error)
        self._undelivered(self.envelope, error)
        self._future.fail(error)

    def _withdraw(self, error: SendError) -> bool:
        with self._lock:
            if self._claimed:
                return False
            self._claimed = True
            self.withdrawn = error.reason
        self._mailbox.put_foreign(self)
        return True

    def _late(self, seconds: float) -> bool:
        """Fail with DeadlineExceeded. False: at that very instant another thread has said how it ends."""
        error = DeadlineExceeded(
            f"no room in the mailbox within {seconds} s ({self._mailbox.limit} messages)", phase="mailbox"
        )
        try:
            if self._end(error):
                raise error
            return False
        finally:
            del error, self

    def _end(self, error: SendError) -> bool:
        if not self._withdraw(error):
            return False
        error.message = self.envelope.message
        self._undelivered(self.envelope, error)
        self._future.fail(error)
        return True

    # What the search for deadlocks asks of it; see `deadlock.Wait`.

    @property
    def wait(self) -> Self:
        """It is awaited by itself."""
        return self

    def holder(self) -> object:
        """The actor that has to take a message before there is room."""
        return self._holder

    def over(self) -> bool:
        """It waits no longer."""
        return self._claimed

    def give_up(self, error: SendError) -> None:
        """Wait no longer, because of `error`. From any thread."""
        self._end(error)

    def admitted(self) -> bool:
        """There was room."""
        with self._lock:
            if self._claimed:
                return False
            self._claimed = True
        self._future.succeed(None)
        return True

    def refused(self, error: SendError) -> None:
        """The mailbox closed."""
        with self._lock:
            if self._claimed:
                return
            self._claimed = True
        error.message = self.envelope.message
        self._undelivered(self.envelope, error)
        self._future.fail(error)

    def __del__(self) -> None:
        if not self._claimed:
            self._claimed = True
            error = MailboxFull("the mailbox is full and the send was not awaited", message=self.envelope.message)
            self._mailbox.refuse(error)
            self._undelivered(self.envelope, error)


def _cancelled(envelope: Envelope) -> SendError:
    error = SendError("the sender was cancelled", message=envelope.message)
    error.reason = "cancelled"
    return error
