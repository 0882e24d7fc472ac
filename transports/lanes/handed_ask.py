"""An ask that an actor of this process has taken, and that the same actor in another process of its node answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...actors.base import ActorStopped, NoSuchReactor, PeerGone, RemoteError
from ...actors.mailbox import ReplyTo
from .remote_ask import RemoteAsk

__all__ = ["HandedAsk"]


class HandedAsk(RemoteAsk[Any]):
    """See the module. Nobody awaits it: what comes back goes to `reply`, and then `ended` is called.

    One that is cancelled calls neither: the other process may be at work on it.
    """

    __slots__ = ("ended", "reply", "unseen")

    #: Where the answer goes.
    reply: ReplyTo
    #: The message has been handled, or is lost.
    ended: Callable[[], object]
    #: The other process is gone, and had certainly not begun with it: whether somebody else answers it.
    unseen: Callable[[], bool]

    def set_result(self, value: object, /) -> None:
        """The answer is there."""
        super().set_result(value)
        self.reply.succeed(value)
        self.ended()

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It failed: so the asker hears."""
        super().set_exception(error)
        self._log_traceback = False
        if isinstance(error, RemoteError):
            self.reply.raised(error)
        elif isinstance(error, BaseException) and not (
            isinstance(error, ActorStopped | NoSuchReactor | PeerGone) and error.never_sent and self.unseen()
        ):
            self.reply.fail(error)
        self.ended()
