"""What `tell_many` returns: one outcome of many messages to one receiver.

Laws:
1. It does as `for message in messages: await tell(to, message)` would with one deadline: the same order, the same
   accounts, the same dead letters. It stops at the first message that is not accepted. To one of a role's they go to
   the one that it means at the beginning, or where that is gone before it has accepted any, to another.
2. What was accepted stays accepted; the error says how many were, as `accepted`, and has the message it stopped at.
3. What stands behind that message in a list, or was drawn of a generator, is counted and a dead letter as well, for
   the same reason; `not_sent` where that was the one message's own. A generator is drawn no further.
4. Nobody waits before it is awaited, as with any send: what has room is accepted at once. Dropped without having been
   awaited, the rest has failed with `MailboxFull`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from time import monotonic
from typing import Any, Protocol

import pykka

from ..base import MailboxFull, MessageTooLarge, MessageTypeError, SendError, copied
from .future_like import HINT, DoneFuture, FutureLike
from .outcome import FailedOutcome, Outcome, Step
from .supply import Supply

__all__ = ["Accepted", "Many", "Way", "send_all"]


class Way(Protocol):
    """Where the messages go."""

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        """Send as far as there is room, which `supply` counts. None: all was sent.

        Else the outcome of what it stopped at: of one message, or of several, which is then how many were accepted.
        """

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        """A message is not sent: count it, and let dead letters know, where `letter` says so."""

    def elsewhere(self, error: SendError, *, begun: bool) -> bool:
        """They stop because of `error`. True: they go to another one from now on, from the first of them on.

        Never where they have `begun`: some were accepted.
        """

    def lost(self) -> bool:
        """Nothing is left that could be told."""


class Accepted(DoneFuture[int]):
    """All was accepted."""

    __slots__ = ("count", "gives_way")

    def __init__(self, count: int, *, gives_way: bool = False) -> None:
        self.count = count
        #: Awaiting it lets others have their turn.
        self.gives_way = gives_way

    def __await__(self) -> Step[int]:
        if self.gives_way:
            self.gives_way = False
            yield None
        return self.count

    def result(self) -> int:
        """How many."""
        return self.count

    def get(self, *, timeout: float | None = None) -> int:
        """How many, at once."""
        return self.count

    def __repr__(self) -> str:
        return f"<{self.count} accepted; {HINT}>"


def send_all(way: Way, messages: Iterable[object]) -> Outcome[int]:
    """Send what there is room for, and return the outcome of all."""
    supply = Supply(messages)
    try:
        stopped = way.pour(supply)
        while isinstance(stopped, FailedOutcome) and _goes_elsewhere(way, supply, stopped.error):
            stopped = way.pour(supply)
    except BaseException as error:
        _note(supply, error)
        raise
    if stopped is None:
        return Accepted(supply.accepted, gives_way=supply.gives_way)
    if isinstance(stopped, FailedOutcome):
        _end(way, supply, stopped.error)
        return stopped
    supply.keep()
    return Many(way, supply, stopped)


class Many(FutureLike[int]):
    """Messages for which there was no room: awaited, or got, they wait for room until their one deadline."""

    __slots__ = ("_ended", "_error", "_lock", "_stopped", "_supply", "_way")

    def __init__(self, way: Way, supply: Supply, stopped: Outcome[Any]) -> None:
        self._way = way
        self._supply = supply
        #: What it waits for now; None when all was sent.
        self._stopped: Outcome[Any] | None = stopped
        self._ended = False
        #: Why it failed, for whoever gets it once more.
        self._error: BaseException | None = None
        #: Held by the thread that sends.
        self._lock = threading.Lock()
        self._task = None

    def __await__(self) -> Step[int]:
        # By a task, always: it is sent once, however many await it.
        self._as_task()
        return super().__await__()

    def _begin(self) -> Step[int]:
        return self._wait().__await__()

    async def _wait(self) -> int:
        try:
            while self._stopped is not None:
                try:
                    accepted = await self._stopped
                except SendError as error:
                    if not _goes_elsewhere(self._way, self._supply, error):
                        raise
                    accepted = 0
                self._went_on(accepted)
            self._ended = True
            return self._supply.accepted
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            del self  # an error keeps this frame, see outcome

    def get(self, *, timeout: float | None = None) -> int:
        """Block until all is accepted, at most until the one deadline.

        Raises what a single tell raises, and `pykka.Timeout` after `timeout` seconds where another thread still sends.
        """
        end = None if timeout is None else monotonic() + timeout
        if not self._lock.acquire(timeout=-1 if timeout is None else max(0.0, timeout)):
            raise pykka.Timeout(f"{timeout} seconds")
        try:
            if self._error is not None:
                raise copied(self._error)
            while self._stopped is not None:
                self._went_on(self._stopped.get(timeout=None if end is None else max(0.0, end - monotonic())))
            self._ended = True
            return self._supply.accepted
        except SendError as error:
            if self._error is None:
                self._failed(error)
                self._error = copied(error)
            raise
        finally:
            self._lock.release()
            del self  # as above

    def _went_on(self, accepted: int | None) -> None:
        """There was room for what it waited for: one message, or several. Send on."""
        self._supply.accepted += 1 if accepted is None else accepted
        self._stopped = None
        try:
            self._stopped = self._way.pour(self._supply)
        except BaseException as error:
            _note(self._supply, error)
            raise

    def _failed(self, error: BaseException) -> None:
        self._ended, self._stopped = True, None
        if not self._way.lost():
            _end(self._way, self._supply, error)

    def __repr__(self) -> str:
        return f"<{self._supply.accepted} accepted, the next waits for room; {HINT}>"

    def __del__(self) -> None:
        if not self._ended:
            self._ended, self._stopped = True, None  # first the one that waits: it says so by itself
            if not self._way.lost():
                _end(self._way, self._supply, MailboxFull("there was no room, and the send was not awaited"))


def _goes_elsewhere(way: Way, supply: Supply, error: BaseException) -> bool:
    """It stopped because of `error`, and the messages go to another one, from the first on."""
    if not isinstance(error, SendError) or not way.elsewhere(error, begun=bool(supply.accepted or error.accepted)):
        return False
    supply.start_again()
    return True


def _note(supply: Supply, error: BaseException) -> None:
    if not isinstance(error, SendError):
        error.add_note(f"{supply.accepted} messages of this tell_many were accepted before that")


def _end(way: Way, supply: Supply, error: BaseException) -> None:
    """It has stopped because of `error`: say how far it came, and what becomes of the messages behind."""
    cancelled = isinstance(error, asyncio.CancelledError)
    if isinstance(error, SendError):
        error.accepted = supply.accepted + (error.accepted or 0)
    for message in supply.rest():
        if isinstance(error, SendError) and not isinstance(error, MessageTypeError | MessageTooLarge):
            behind = copied(error)
        else:
            behind = SendError("the sender was cancelled" if cancelled else f"the message before it failed: {error}")
            behind.reason = "cancelled" if cancelled else "not_sent"
        behind.message, behind.accepted, behind.in_dead_letters = message, None, False
        way.refuse(message, behind, letter=not cancelled)
