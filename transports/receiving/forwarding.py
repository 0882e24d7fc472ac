"""Messages that came by one connection, and are for an actor that another process of this node runs: handed on unread.

The sender's credit goes back when that process has granted credit for the message, or the message has found no place.
So what is on its way through this process is bounded by the windows of those that send it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ...actors.base import ProtocolError, SendError
from ...actors.mailbox import Envelope, MessageTrace
from ...actors.messages import Address
from ..lanes import AskedElsewhere, ForwardedAsk, InLane, Outgoing, RemoteReply
from ..sending import InsideLink, RelayedAsk
from ..wire import IN_ITEMS, NUMBER, Ask, Forwarded, Tell, ZeroCopyAsk, ZeroCopyTell
from .served_asks import ServedAsks
from .served_streams import ServedStreams

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["Forwarding"]


class ForwardingSide(Protocol):
    """The receiving half of the connection that they came by."""

    #: It is a connection with another process of this node.
    inside: bool
    #: Seconds of a round trip to the peer, as last measured.
    rtt: float
    #: That of the message which is being taken; None: it is not traced.
    trace: MessageTrace | None
    #: Where answers go, and those in items.
    answers: ServedAsks
    streams: ServedStreams

    def sender_of(self, source: int) -> Address[object] | None:
        """The sender of that number. Raises ProtocolError."""

    def release(self, lane: InLane, messages: int, size: int) -> None:
        """Messages were taken: their credit may go back."""

    def refuse_tell(self, lane: InLane, sequence: int, size: int, error: SendError) -> None:
        """A tell found no place."""


class Forwarding:
    """Those of one bus, on the loop's thread. `side`: of the connection that they came by."""

    __slots__ = ("_bus",)

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def link_to(self, name: str, side: ForwardingSide) -> InsideLink | None:
        """The way to the process that runs that actor; None where none does, or nothing new is taken."""
        if self._bus.closing and not side.inside:
            return None
        link = self._bus.routes.inside.get(name)
        return link if isinstance(link, InsideLink) else None

    def told(self, side: ForwardingSide, lane: InLane, frame: Tell | ZeroCopyTell) -> bool:
        """Hand on the messages of a frame. False: nobody is there to take them. Raises ProtocolError."""
        name = lane.info.name
        link = self.link_to(name, side)
        if link is None:
            return False
        for number, source, payload in frame.items:
            size, sequence = len(payload), lane.tells
            lane.window.receive(size)
            lane.tells = sequence + 1
            sender = side.sender_of(source)
            try:
                if not number or size > lane.info.max_message:
                    lane.check(number, size)
                if lane.telling is not lane.codec:
                    lane.telling.decode(number, payload)  # it says why it may not be told
                message = _forwarded(lane, number, payload)
                message.trace = side.trace
                outgoing = link.forward_tell(name, message, sender)
                if outgoing is None:
                    side.release(lane, 1, size)
                else:
                    link.wait(name, TellToWait(side, lane, outgoing, sequence))
            except SendError as error:
                side.refuse_tell(lane, sequence, size, error)
        return True

    def asked(self, side: ForwardingSide, lane: InLane, frame: Ask | ZeroCopyAsk) -> bool:
        """As `told`, for asks."""
        name = lane.info.name
        link = self.link_to(name, side)
        if link is None:
            return False
        loop, now = self._bus.loop, self._bus.loop.time()
        answers = side.answers if lane.asks is None else lane.asks.opened(len(frame.items))
        for rid, budget, number, source, payload in frame.items:
            size = len(payload)
            lane.window.receive(size)
            if rid in side.answers.served:
                raise ProtocolError("bad_field", f"request {rid} is open already")
            sender = side.sender_of(source)
            try:
                kind = number & NUMBER if number >= IN_ITEMS else number
                if not kind or size > lane.info.max_message:
                    lane.check(kind, size)
                if lane.asking is not lane.codec:
                    lane.asking.decode(kind, payload)  # as above
                message = _forwarded(lane, kind, payload)
                message.trace = side.trace
                until = now + max(budget / 1000 - side.rtt, budget / 2000)
                ask: ForwardedAsk
                relay: RemoteReply
                if number >= IN_ITEMS:
                    ask = relayed = RelayedAsk(loop=loop)
                    relay, flags = side.streams.handed_on(lane, relayed, rid, until, number, answers)
                    message.number = kind | flags
                else:
                    ask = ForwardedAsk(loop=loop)
                    ask.relay = relay = RemoteReply(answers, AskedElsewhere(ask, name), lane.index, rid, until, number)
            except SendError as error:
                lane.refuse(error.reason)
                side.release(lane, 1, size)
                answers.error(rid, lane.index, 0, error.reason, error)
                continue
            side.answers.served[rid] = relay
            try:
                if isinstance(ask, RelayedAsk):
                    outgoing = link.forward_stream(name, message, sender, ask, until)
                else:
                    outgoing = link.forward_ask(name, message, sender, ask, until)
                if outgoing is None:
                    side.release(lane, 1, size)
                else:
                    link.wait(name, AskToWait(side, lane, outgoing))
            except SendError as error:
                lane.refuse(error.reason)
                side.release(lane, 1, size)
                relay.fail(error)
        return True


def _forwarded(lane: InLane, number: int, payload: bytes | memoryview) -> Forwarded:
    types = lane.info.types
    if number > len(types):
        lane.codec.decode(number, payload)  # it says what is wrong with that number
    return Forwarded(number, bytes(payload), types[number - 1])


class TellToWait:
    """A tell that waits for credit of the process that it is for."""

    __slots__ = ("_lane", "_sequence", "_side", "envelope", "withdrawn")

    def __init__(self, side: ForwardingSide, lane: InLane, outgoing: Outgoing, sequence: int) -> None:
        self.envelope: Envelope = outgoing
        self.withdrawn = ""
        self._side = side
        self._lane = lane
        self._sequence = sequence

    def admitted(self) -> bool:
        """There is credit."""
        self._side.release(self._lane, 1, self.envelope.size)
        return True

    def refused(self, error: SendError) -> None:
        """There never will be."""
        self._side.refuse_tell(self._lane, self._sequence, self.envelope.size, error)


class AskToWait:
    """The same of an ask, as long as somebody waits for its answer."""

    __slots__ = ("_lane", "_side", "envelope", "withdrawn")

    def __init__(self, side: ForwardingSide, lane: InLane, outgoing: Outgoing) -> None:
        self.envelope: Envelope = outgoing
        self.withdrawn = ""
        self._side = side
        self._lane = lane

    def admitted(self) -> bool:
        """There is credit."""
        self._side.release(self._lane, 1, self.envelope.size)
        ask = self.envelope.reply
        return ask is not None and not ask.done()

    def refused(self, error: SendError) -> None:
        """There never will be."""
        self._lane.refuse(error.reason)
        self._side.release(self._lane, 1, self.envelope.size)
        ask = self.envelope.reply
        assert isinstance(ask, ForwardedAsk)
        ask.fail(error)
