"""How many asks of one peer may be in flight on a channel: it has credit for no more, until one is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from .remote_reply import RemoteReply, Server

__all__ = ["AskLimit", "LimitedAnswers"]


class LimitedAnswers(Server, Protocol):
    """Where answers go, and errors that are no answer of a reactor."""

    def error(self, rid: int, channel: int, sequence: int, code: str, text: object) -> None:
        """Say that something of the peer's failed."""


class AskLimit:
    """Stands before `answers`, and counts. `freed` is called when one is answered, or given up."""

    __slots__ = ("_answers", "freed", "most", "open")

    def __init__(self, most: int, answers: LimitedAnswers) -> None:
        self._answers = answers
        self.most = most
        #: That are not answered.
        self.open = 0
        self.freed: Callable[[], object] = int  # nobody waits for that

    @property
    def now(self) -> Callable[[], float]:
        """As `Server.now`."""
        return self._answers.now

    def opened(self, count: int) -> Self:
        """`count` asks have come, whose answers go by this."""
        self.open += count
        return self

    def ended(self) -> None:
        """One of them is over."""
        self.open -= 1
        self.freed()

    def answer(self, reply: RemoteReply, value: object) -> None:
        """As `Server.answer`."""
        self._answers.answer(reply, value)
        self.ended()

    def answer_error(self, reply: RemoteReply, code: str, text: str) -> None:
        """As `Server.answer_error`."""
        self._answers.answer_error(reply, code, text)
        self.ended()

    def answer_late(self, reply: RemoteReply, *, begun: bool) -> None:
        """As `Server.answer_late`."""
        self._answers.answer_late(reply, begun=begun)
        self.ended()

    def error(self, rid: int, channel: int, sequence: int, code: str, text: object) -> None:
        """As `LimitedAnswers.error`."""
        self._answers.error(rid, channel, sequence, code, text)
        self.ended()
