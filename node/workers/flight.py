"""Messages on their way to a process, and in it: of a pool's member that runs there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...actors.base import SendError
from ...actors.mailbox import Envelope, MessageTrace, TracedEnvelope
from ...transports.lanes import RemoteAsk

__all__ = ["CreditWait", "Flight", "trace_from"]


class Flight:
    """A message that the process has: handed on, and not known to be handled.

    `ask`: what its answer comes by; `waits`: it waits for credit of that process.
    """

    __slots__ = ("ask", "envelope", "over", "waits", "written")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.ask: RemoteAsk[Any] | None = None
        self.waits: CreditWait | None = None
        #: It is handled, or lost.
        self.over = False
        #: It has its place in the order of what is written.
        self.written = True


class CreditWait:
    """Waits for credit for a message; see `mailbox.Waiter`."""

    __slots__ = ("_flight", "_refused", "envelope", "withdrawn")

    def __init__(self, envelope: Envelope, flight: Flight, refused: Callable[[SendError], object]) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self._flight = flight
        self._refused = refused

    def admitted(self) -> bool:
        """There is credit."""
        self._flight.waits = None
        ask = self._flight.ask
        return ask is None or not ask.done()

    def refused(self, error: SendError) -> None:
        """There never will be."""
        self._flight.waits = None
        self._flight.written = False
        self._refused(error)


def trace_from(envelope: Envelope) -> MessageTrace | None:
    """The trace of a message that leaves the mailbox here for the process; None: it is not traced."""
    if not isinstance(envelope, TracedEnvelope):
        return None
    envelope.trace.passed("mailbox")
    return envelope.trace
