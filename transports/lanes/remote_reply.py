"""Where the answer to an ask that came over a connection goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, cast

from ...actors.base import ActorStopped, NoSuchReactor, SendError, refusal_of, text_of
from ...actors.mailbox import AnsweringCell

__all__ = [
    "ANSWER_TOO_LARGE",
    "ANSWER_TYPE",
    "ANSWER_UNREAD",
    "BUS_CODES",
    "Answering",
    "REACTOR_PREFIX",
    "RemoteReply",
    "Server",
    "ThreadReply",
    "code_of",
]

#: Codes of an answer that cannot travel, its bytes being too many or its type none that was said, and of one that the
#: peer leaves no room for. The message *was* handled: they are not those of a message that was refused.
ANSWER_TOO_LARGE = "answer_too_large"
ANSWER_TYPE = "answer_type"
ANSWER_UNREAD = "answer_unread"
#: Codes of ERROR that the bus itself uses.
BUS_CODES = frozenset(
    {
        "actor_stopped",
        ANSWER_TOO_LARGE,
        ANSWER_TYPE,
        ANSWER_UNREAD,
        "deadline_handler",
        "deadline_mailbox",
        "mailbox_full",
        "message_type",
        "no_such_reactor",
        "not_allowed",
        "peer_gone",
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

    def answer_late(self, reply: RemoteReply, *, begun: bool) -> None:
        """Its time is over: nothing is sent but that. `begun`: its handler has run, or has begun to."""


class Answering(Protocol):
    """The actor that was asked, as far as its answer knows it: see `peerbus.actors.engine.cell`."""

    @property
    def name(self) -> str | None:
        """Its name on its bus."""

    def standing(self) -> tuple[object, object]:
        """What the handler that holds it awaits, and a mark of it."""

    def task_of(self, reply: object) -> object:
        """What has to go on before this ask is answered; None where nothing holds it up."""

    def answered_late(self, reply: RemoteReply) -> bool:
        """The asker's time was over before an answer could be sent. True: its handler was at work."""

    def has_begun(self, reply: object) -> bool:
        """The handler of this ask has begun."""

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

    def moved_to(self, answers: AnsweringCell) -> None:
        """As `MovableReply.moved_to`."""
        self.cell = cast("Answering", answers)  # a cell

    def done(self) -> bool:
        """Answered, cancelled, or its time is over."""
        if not self._over and self._server.now() >= self.deadline:
            self._late(begun=False)
        return self._over

    def _late(self, *, begun: bool) -> None:
        """Its time is over. `begun`: its handler has run for certain; else the actor knows whether it was at work."""
        self._over = True
        at_work = self.cell.answered_late(self)
        self._server.answer_late(self, begun=begun or at_work)

    def _done_after(self) -> bool:
        """As `done`, where the handler has run."""
        if not self._over and self._server.now() >= self.deadline:
            self._late(begun=True)
        return self._over

    def succeed(self, value: object) -> None:
        """The handler answered."""
        if not self._done_after():
            self._over = True
            self._server.answer(self, value)

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        if not self._done_after():
            code, text = refusal_of(error)
            if code in BUS_CODES or code.startswith(REACTOR_PREFIX):
                code = REACTOR_PREFIX + code
            self._over = True
            self._server.answer_error(self, code, text)

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        if not self.done():
            code, text = code_of(error), text_of(error)
            self._over = True
            self._server.answer_error(self, code, text)

    def cancel(self) -> None:
        """The asker waits no longer, or its connection is gone: end the work."""
        if not self._over:
            self._over = True
            self.cell.abandon(self)


def code_of(error: BaseException) -> str:
    """The code of what the bus could not do. An actor that stops is not there for what it has not looked at."""
    if not isinstance(error, SendError):
        return type(error).__name__
    return NoSuchReactor.reason if error.never_sent and isinstance(error, ActorStopped) else error.reason


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
        if not self._over and self._server.now() >= self.deadline:
            # Asked between two messages, or by the handler's own end: this thread knows which.
            begun = self.cell.has_begun(self)
            self._bring(lambda: self._late_once(begun=begun))
            return True
        return self._over

    def _late_once(self, *, begun: bool) -> None:
        if not self._over:
            self._late(begun=begun)

    def succeed(self, value: object) -> None:
        """The handler answered."""
        self._bring(lambda: RemoteReply.succeed(self, value))

    def raised(self, error: BaseException) -> None:
        """The handler raised, or refused."""
        self._bring(lambda: RemoteReply.raised(self, error))

    def fail(self, error: BaseException) -> None:
        """The bus could not deliver it, or the actor stopped."""
        self._bring(lambda: RemoteReply.fail(self, error))
