"""A message that is traced: its envelope, and what of a trace travels with it. Off, no object of these is made.

Nothing here knows what traces are made of: `peerbus.operate.Tracing` does.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ..base import SendError
from .envelope import Envelope

__all__ = ["Handling", "MessageTrace", "TracedEnvelope", "as_traced"]


class Handling(Protocol):
    """A handler's work on a traced message."""

    #: It goes on in a task of its own, which says when it is over.
    detached: bool

    def current(self) -> AbstractContextManager[object]:
        """While entered, what is sent belongs to it. For one stretch of code, in one context."""

    def failed(self, error: BaseException) -> None:
        """The handler raised. Of no account where the work is over."""

    def ended(self) -> None:
        """The work is over. Idempotent."""


class MessageTrace(Protocol):
    """One message's way, as whoever traces knows it. From any thread, by one at a time."""

    def header(self) -> tuple[str, str]:
        """Its `traceparent` and `tracestate` for another node (W3C Trace Context); empty texts: nothing is told."""

    def passed(self, queue: str) -> None:
        """It has left a queue: `credit`, `outbox` or `mailbox`. It stood there since it left the one before."""

    def handling(self, actor: str, message: object, *, asked: bool, left: float) -> Handling:
        """It has left the mailbox of `actor`, whose handler begins. `left`: seconds until its deadline, or infinity."""

    def failed(self, error: BaseException) -> None:
        """Its handler raised."""

    def lost(self, error: SendError) -> None:
        """It is not handled, or no further."""


class TracedEnvelope(Envelope, gc=False, kw_only=True):
    """An envelope of a message that is traced."""

    trace: MessageTrace


def as_traced(envelope: Envelope, trace: MessageTrace) -> TracedEnvelope:
    """The same message, traced."""
    one = envelope
    return TracedEnvelope(
        one.message, one.sender, one.reply, one.deadline, one.source, one.size, one.carrier, one.came, trace=trace
    )
