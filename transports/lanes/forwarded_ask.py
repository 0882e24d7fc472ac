"""An ask that this process hands on to another one of its node: whoever made it is answered with what comes back."""

from __future__ import annotations

from typing import Any

from ...actors.base import RemoteError
from .remote_ask import RemoteAsk
from .remote_reply import RemoteReply

__all__ = ["AskedElsewhere", "ForwardedAsk"]


class ForwardedAsk(RemoteAsk[Any]):
    """See the module. Nobody awaits it: its end is that of `relay`, where the answer goes."""

    __slots__ = ("relay",)

    relay: RemoteReply

    def set_result(self, value: object, /) -> None:
        """The answer is there, as bytes."""
        super().set_result(value)
        self.relay.succeed(value)

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It failed: so the asker hears."""
        super().set_exception(error)
        self._log_traceback = False
        if isinstance(error, RemoteError):
            self.relay.raised(error)
        elif isinstance(error, BaseException):
            self.relay.fail(error)


class AskedElsewhere:
    """The actor that was asked, as far as the connection knows it that the ask came by: see `Answering`."""

    __slots__ = ("_name", "ask")

    def __init__(self, ask: ForwardedAsk, name: str) -> None:
        self.ask = ask
        self._name = name

    @property
    def name(self) -> str | None:
        """Its name on its bus."""
        return self._name

    def standing(self) -> tuple[object, object]:
        """It waits for the answer from there."""
        return self.ask, self.ask

    def task_of(self, reply: object) -> object:
        """As `standing`."""
        return self.ask

    def answered_late(self, reply: RemoteReply) -> bool:
        """The asker's time is over: whether a handler was at work only the other process knows."""
        self.ask.cancel()
        return False

    def has_begun(self, reply: object) -> bool:
        """As far as this process knows."""
        return True

    def abandon(self, reply: RemoteReply) -> object:
        """Nobody waits for the answer any more: the other process hears of it."""
        return self.ask.cancel()
