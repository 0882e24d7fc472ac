"""Messages on their way to one reactor of one peer: bounded by the credit that the peer has granted.

A send takes credit and joins the queue, or waits for credit until its deadline; it never waits for the network
otherwise. What was handed to the network and is not confirmed by returned credit is remembered, so that a lost
connection can say which messages are in doubt.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from ..actors.envelope import Envelope
from ..actors.errors import SendError
from ..actors.mailbox import Waiter
from .flow import SendWindow
from .hello import ChannelInfo
from .payload import ChannelCodec

__all__ = ["LaneStatistics", "OutLane", "Outgoing"]


class Outgoing(Envelope, gc=False):
    """One encoded message on its way: an envelope with its `payload` and numbers. `reply` is a RemoteAsk or None."""

    number: int = 0
    #: The sending reactor's place in this node's channels, plus 1; 0 for none.
    origin: int = 0
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class LaneStatistics:
    """One peer's reactor as this side sees it. `sent == delivered + failed + waiting + queued + unconfirmed`."""

    reactor: str
    credit_messages: int
    credit_bytes: int
    waiting: int
    queued: int
    unconfirmed: int
    sent: int
    delivered: int
    failed: dict[str, int]


class OutLane:
    """The lane to one reactor of the peer. `wake` is called when there is something to write."""

    phase = "credit"

    def __init__(self, index: int, info: ChannelInfo, codec: ChannelCodec | None) -> None:
        self.index = index
        self.info = info
        #: None where this node does not know the channel, or knows it with other messages.
        self.codec = codec if codec is not None and codec.schema == info.schema else None
        self.known = codec is not None
        self.window = SendWindow(info.messages, info.bytes)
        self.queue: deque[Outgoing] = deque()
        self.unconfirmed: deque[Outgoing] = deque()
        self.tells = 0
        self.refusal: Callable[[], SendError] | None = None
        self.sent = 0
        self.delivered = 0
        self.failed: dict[str, int] = {}
        self._waiting: OrderedDict[Waiter, None] = OrderedDict()

    def offer(self, outgoing: Outgoing) -> bool:
        """Take credit and queue the message. False: no credit, the sender has to wait."""
        window = self.window
        if self._waiting or not window.has_room(len(outgoing.payload)):
            return False
        window.take(len(outgoing.payload))
        self.sent += 1
        self.queue.append(outgoing)
        return True

    def granted(self, messages: int, size: int) -> list[Waiter]:
        """Count a CREDIT; returns the senders that it admits, their messages queued. Raises ProtocolError."""
        self.window.grant(messages, size)
        for _ in range(min(messages, len(self.unconfirmed))):
            self.unconfirmed.popleft()
            self.delivered += 1
        admitted: list[Waiter] = []
        while self._waiting:
            waiter = next(iter(self._waiting))
            outgoing = waiter.envelope
            assert isinstance(outgoing, Outgoing)
            if not self.window.has_room(len(outgoing.payload)):
                break
            del self._waiting[waiter]
            if waiter.admitted():
                self.window.take(len(outgoing.payload))
                self.queue.append(outgoing)
                admitted.append(waiter)
            else:
                self.sent -= 1
        return admitted

    # What a waiting send asks of it; see `peerbus.actors.outcome.Room`.

    def wait(self, waiter: Waiter) -> None:
        """Queue a sender for credit."""
        self.sent += 1
        if self.refusal is not None:
            waiter.refused(self._count(self.refusal()))
            return
        self._waiting[waiter] = None

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """The sender waits no longer."""
        if self._waiting.pop(waiter, self) is None:
            self._count(error)

    def refuse(self, error: SendError) -> SendError:
        """Count a send that does not wait."""
        self.sent += 1
        return self._count(error)

    def fail_delivered(self, error: SendError) -> None:
        """A message that was counted as delivered or unconfirmed failed at the peer."""
        self.delivered -= 1
        self._count(error)

    def no_room(self) -> str:
        """Why there is no room, for an error's text."""
        messages, size = self.window.outstanding
        return (
            f"the peer's reactor {self.info.name!r} has granted no credit "
            f"({messages} of {self.info.messages} messages, {size} of {self.info.bytes} bytes are on their way)"
        )

    def refuse_waiting(self, refusal: Callable[[], SendError]) -> list[Waiter]:
        """The senders that wait for credit, who shall wait no longer; nobody may from now on, because of `refusal`."""
        self.refusal = refusal
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def shut(self) -> list[tuple[Outgoing, bool]]:
        """Nothing more is sent: what is queued, and what was written and may have arrived (True)."""
        left = [(outgoing, True) for outgoing in self.unconfirmed]
        left += [(outgoing, False) for outgoing in self.queue]
        self.queue.clear()
        self.unconfirmed.clear()
        return left

    def take_back(self, outgoing: Outgoing, error: SendError) -> SendError:
        """A message that was accepted is not written after all: its credit is free again."""
        self.window.grant(1, len(outgoing.payload))
        return self._count(error)

    def lost(self, error: SendError) -> SendError:
        """A message that was accepted went down with the connection."""
        return self._count(error)

    def statistics(self) -> LaneStatistics:
        """Counters and levels at this instant."""
        return LaneStatistics(
            reactor=self.info.name,
            credit_messages=self.window.messages,
            credit_bytes=self.window.bytes,
            waiting=len(self._waiting),
            queued=len(self.queue),
            unconfirmed=len(self.unconfirmed),
            sent=self.sent,
            delivered=self.delivered,
            failed=dict(self.failed),
        )

    def _count(self, error: SendError) -> SendError:
        self.failed[error.reason] = self.failed.get(error.reason, 0) + 1
        return error
