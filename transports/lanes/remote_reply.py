"""Where the answer to an ask that came over a connection goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from ...actors.base import SendError, refusal_of, text_of

__all__ = ["BUS_CODES", "Answering", "REACTOR_PREFIX", "RemoteReply", "Server", "ThreadReply"]

#: Codes of ERROR that the bus itself uses.
BUS_CODES = frozenset(
    {
        "actor_stopped",
        "deadline_mailbox",
        "mailbox_full",
        "message_type",
        "no_such_reactor",
        "schema_mismatch",
        "shutting_down",
        "too_large",
    }
)
#: Stands before the code of a handler that refused with one of the bus's own, or with this prefix.
REACTOR_PREFIX = "reactor:"


class Server(Protocol):
    """The connection that an ask came by."""

    @property
    def now(self) -> Callable[[], float]:
        """Seconds of the loop's clock: a call of the clock itself, on the way of every answer."""

    def answer(self, reply: RemoteReply, value: object) -> None:
        """Send the answer."""

    def answer_error(self, reply: RemoteReply, code: str, text: str) -> None:
        """Send an error in its place."""

    def answer_late(self, reply: RemoteReply) -> None:
        """Its time is over: nothing is sent but that."""


class Answering(Protocol):
    """The actor that was asked, as far as its answer knows it: see `peerbus.actors.engine.cell`."""

    @property
    def name(self) -> str | None:
        """Its name on its bus."""

    def standing(self) -> tuple[object, object]:
        """What the handler that holds it awaits, and a mark of it."""

    def task_of(self, reply: object) -> object:
        """What has to go on before this ask is answered; None where nothing holds it up."""

    def answered_late(self, reply: RemoteReply) -> None:
        """It has answered, and the asker's time was over."""

    def abandon(self, reply: RemoteReply) -> object:
        """Nobody waits for the answer any more: end the work for it."""


class RemoteReply:
    """Where the answer to a peer's ask goes, on the loop's thread.

    Law: whatever a handler raises, its asker is answered. What user code has a hand in is done before it is over.
    """

    __slots__ = ("_over", "_server", "cell", "channel", "deadline", "number", "rid")

    def __init__(
        self, server: Server, cell: Answering, channel: int, rid: int, deadline: float, number: int = 0
    ) -> None:
        self._server = server
        self._over = False
        self.cell = cell
        self.channel = channel
        self.rid = rid
        self.deadline = deadline
        #: The type number of what was asked.
        self.number = number

    def done(self) -> bool:
        """Answered, cancelled, or its time is over."""
        if not self._over and self._server.now() >= self.deadline:
            self._over = True
            self.cell.answered_late(self)
            self._server.answer_late(self)
        return self._over

    def succeed(self, value: object) -> None:
        """The handler answered."""
        if not self.done():
            self._over = True
            self._server.answer(self, value)

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        if not self.done():
            code, text = refusal_of(error)
            if code in BUS_CODES or code.startswith(REACTOR_PREFIX):
                code = REACTOR_PREFIX + code
            self._over = True
            self._server.answer_error(self, code, text)

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        if not self.done():
            code = error.reason if isinstance(error, SendError) else type(error).__name__
            text = text_of(error)
            self._over = True
            self._server.answer_error(self, code, text)

    def cancel(self) -> None:
        """The asker waits no longer, or its connection is gone: end the work."""
        if not self._over:
            self._over = True
            self.cell.abandon(self)


class ThreadReply(RemoteReply):
    """The same for an actor on a thread of its own: what it says is brought to the loop's thread."""

    __slots__ = ("_loop",)

    def __init__(
        self,
        server: Server,
        cell: Answering,
        channel: int,
        rid: int,
        deadline: float,
        loop: asyncio.AbstractEventLoop,
        number: int = 0,
    ) -> None:
        super().__init__(server, cell, channel, rid, deadline, number)
        self._loop = loop

    def _bring(self, action: Callable[[], None]) -> None:
        if asyncio._get_running_loop() is self._loop:
            action()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has closed, and its connections have
                self._loop.call_soon_threadsafe(action)

    def done(self) -> bool:
        """Answered, cancelled, or its time is over."""
        if asyncio._get_running_loop() is self._loop:
            return super().done()
        return self._over or self._server.now() >= self.deadline

    def succeed(self, value: object) -> None:
        """The handler answered."""
        self._bring(lambda: RemoteReply.succeed(self, value))

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        self._bring(lambda: RemoteReply.raised(self, error))

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        self._bring(lambda: RemoteReply.fail(self, error))
