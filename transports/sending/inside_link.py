"""The way to another process of this node: as to a peer, but that what it reaches is `LOCAL`, and no peer.

Law 1. What others send to an actor there is handed on as the bytes that came: it is read where it is handled.
Law 2. A sender keeps its address. One that is neither here nor there has a number of its own on the link, which the
       other side hears of first.
Law 3. When that process ends, what it had accepted has failed, and what waited waits for the next one: see `succeeded`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...actors.base import NoSuchReactor, SendError
from ...actors.mailbox import NEVER, MessageTrace, Waiter
from ...actors.messages import Address, Local, Terminated
from ...actors.routing import Link
from ...actors.streams import ItemBuffer
from ..lanes import ForwardedAsk, Outgoing, OutLane, RemoteAsk, Writer, limit_of
from ..wire import FIRST_STRANGER, MOST_STRANGERS, Codecs, Forwarded, Hello, ProbeFrame, SenderFrame, SpansFrame
from .link import PeerLink
from .relayed_ask import RelayedAsk
from .remote_stream_ask import RemoteStreamAsk
from .sending_host import SendingHost
from .stream_asks import hand_stream

if TYPE_CHECKING:
    from ...actors.sends import Search

__all__ = ["InsideLink"]

#: Bytes of spans that wait to be written at most: what is more is not told.
MOST_UNTOLD = 1 << 20


class InsideLink(PeerLink):
    """See the module. On the loop's thread only."""

    def __init__(self, bus: SendingHost, own: Hello, peer: Hello, codecs: Codecs, writer: Writer) -> None:
        super().__init__(bus, own, peer, codecs, writer, inside=True)
        self._strangers: dict[Address[object], int] = {}
        #: Another link has taken the place of this one: what is sent here waits there.
        self._succeeded = False
        #: Tells an actor over there that what it watches has ended; set by whoever knows how to say it.
        self.tell_of_end: Callable[[str, Terminated], None] = _nobody

    def origin_of(self, sender: Address[object] | None) -> int:
        """The number by which the other process knows a sender, 0 for none."""
        if sender is None:
            return 0
        if isinstance(sender.where, Local):
            return self._origins.get(sender.reactor) or self.origins.number_of(sender.reactor)
        number = self._strangers.get(sender, 0)
        if not number and len(self._strangers) < MOST_STRANGERS:
            self._strangers[sender] = number = FIRST_STRANGER + len(self._strangers)
            self.outbox.control(SenderFrame(number, str(sender)))  # type: ignore[arg-type]  # a kind that peers have not
            self._writer.schedule()
        return number

    def forward_tell(self, reactor: str, message: Forwarded, sender: Address[object] | None) -> Outgoing | None:
        """Hand on a tell. None: it was accepted; else what is to wait for credit. Raises SendError."""
        lane = self._lane_of(reactor)
        origin = self.origin_of(sender)
        if not self._suspended and lane.accept(message.number, origin, message.payload, message, sender) is not None:
            turn = self._turns[lane.index]
            if not turn.queued:
                self.outbox.wake(turn)
                self._writer.schedule()
            return None
        return _outgoing(message, sender, None, NEVER, origin)

    def forward_ask(
        self, reactor: str, message: Forwarded, sender: Address[object] | None, ask: ForwardedAsk, deadline: float
    ) -> Outgoing | None:
        """As `forward_tell`, for an ask that has until `deadline`."""
        lane = self._lane_of(reactor)
        ask.message, ask.reply_type, ask.abandon, ask.rid, ask.lane = message, None, self._abandon, 0, lane
        outgoing = _outgoing(message, sender, ask, deadline, self.origin_of(sender))
        ask.slot = self._bus.wheel.add(ask, deadline)
        placed = not self._suspended and (not isinstance(ask, RelayedAsk) or limit_of(lane).take(ask))
        if placed and self._ask_sending.send(lane, outgoing, ask, deadline):
            return None
        return outgoing

    def forward_stream(
        self, reactor: str, message: Forwarded, sender: Address[object] | None, ask: RelayedAsk, deadline: float
    ) -> Outgoing | None:
        """As `forward_ask`, for one whose answer comes in items, or that items go with."""
        self.streams.hand_on(ask, self._lane_of(reactor))
        return self.forward_ask(reactor, message, sender, ask, deadline)

    def tell_spans(self, data: bytes) -> bool:
        """Tell what is traced here, ahead of all messages. False: too much waits to be written, and it is not told."""
        outbox = self.outbox
        if self.refusal is not None or outbox.control_bytes > MOST_UNTOLD:
            return False
        outbox.control(SpansFrame(data))  # type: ignore[arg-type]  # as above
        self._writer.schedule()
        return True

    def follow_held(self, reactor: str, search: Search) -> None:
        """As `follow`, of what waits for that reactor to take its next message."""
        lane = self.lanes.by_name.get(reactor)
        if self.refusal is None and lane is not None and not lane.awaited and search.passes(inside=True):
            self.hand_on(ProbeFrame(0, lane.index, search.probe(), search.path(self._own_id)))

    def hand_on(self, probe: ProbeFrame) -> None:
        """Ask the other process what its reactor waits for, on behalf of whoever asks this one."""
        self.outbox.control(probe)
        self._writer.schedule()

    def hand(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        ask: RemoteAsk[Any] | None,
        deadline: float,
        trace: MessageTrace | None = None,
    ) -> Outgoing | None:
        """As `forward_tell` and `forward_ask`, of what an actor here has taken for that one: it is encoded here.

        `trace`: that of the message, for a link that traces.
        """
        if self.refusal is not None:
            raise self.refusal(f"{self.called} takes no new work")
        reply = None if ask is None else ask.reply_type
        lane, number, payload = self.encoder.encoded(reactor, message, reply, None, ask is None)
        origin = self.origin_of(sender)
        clear = bool(number) and not self._suspended
        outgoing = Outgoing(message, sender, ask, deadline, None, len(payload), None, NEVER, number, origin, payload)
        if ask is None:
            if clear and lane.accept(number, origin, payload, message, sender) is not None:
                turn = self._turns[lane.index]
                if not turn.queued:
                    self.outbox.wake(turn)
                    self._writer.schedule()
                return None
            return outgoing
        ask.message, ask.abandon, ask.rid, ask.lane, ask.slot = message, self._abandon, 0, lane, None
        return None if clear and self._ask_sending.send(lane, outgoing, ask, deadline) else outgoing

    def hand_stream(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        buffer: ItemBuffer,
        opened: bool,
        trace: MessageTrace | None = None,
    ) -> tuple[RemoteStreamAsk, Outgoing | None]:
        """As `hand`, of one that is answered in items, or that items go with. They are counted here, and once."""
        origin = self.origin_of(sender)
        return hand_stream(
            self, reactor, message, sender=sender, origin=origin, deadline=deadline, buffer=buffer, opened=opened
        )

    def give_up(self, reactor: str, waiter: Waiter, error: SendError) -> None:
        """A message that waits for credit is not to go any more."""
        lane = self._lanes.get(reactor)
        if lane is not None:
            lane.give_up(waiter, error)

    def wait(self, reactor: str, waiter: Waiter) -> None:
        """Have a message that was to be handed on wait for credit, a stream for its place first."""
        self.streams.room_of(waiter.envelope.reply, self._lane_of(reactor)).wait(waiter)

    def _lane_of(self, reactor: str) -> OutLane:
        if self.refusal is not None:
            raise self.refusal(f"{self.called} takes no new work")
        lane = self._lanes.get(reactor)
        if lane is None:
            raise NoSuchReactor(f"this node runs no reactor {reactor!r} any more")
        return lane

    def _adopt(self, lane: OutLane, waiter: Waiter) -> None:
        outgoing = waiter.envelope
        assert isinstance(outgoing, Outgoing)
        outgoing.origin = self.origin_of(outgoing.sender)
        ask = outgoing.reply
        if isinstance(ask, ForwardedAsk):
            self.streams.adopt(ask, lane, self._abandon)
        if isinstance(outgoing.message, Forwarded):
            self.streams.room_of(ask, lane).wait(waiter)
        else:
            super()._adopt(lane, waiter)

    # The end.

    def take_over(self, before: Link) -> None:
        """As `Link.take_over`: nothing of what the process before had accepted is waited for."""
        if isinstance(before, InsideLink) and not before._succeeded:
            before._succeeded = True
            before.suspend()
            before._watches.hand_over(self._watches, self._lanes)
            self.succession.adopt_waiting(before.succession, self._adopt, self._adopt_anew)

    def _adopt_anew(self, lane: OutLane, waiter: Waiter) -> None:
        """One that waited while there was no process, or another one: this one declares other messages."""
        outgoing = waiter.envelope
        assert isinstance(outgoing, Outgoing)
        if not isinstance(outgoing.message, Forwarded):  # the bytes of those are a peer's
            self.encoder.agreed(lane, lane.info.name)  # asks what they are, where that is not known
            outgoing.number, outgoing.payload = 0, b""
        self._adopt(lane, waiter)

    def stop(self, why: str, *, shutting_down: bool) -> None:
        """As `PeerLink.stop`; where another link has taken the place of this one, what is sent here waits there."""
        if not self._succeeded:
            super().stop(why, shutting_down=shutting_down)

    def lost(self, why: str) -> None:
        """As `PeerLink.lost`; where another link has taken the place of this one, what is sent here waits there."""
        super().lost(why)
        if self._succeeded:
            self.refusal = None


def _nobody(_watcher: str, _event: Terminated) -> None:
    """Nobody is there to be told."""


def _outgoing(
    message: Forwarded, sender: Address[object] | None, ask: ForwardedAsk | None, deadline: float, origin: int
) -> Outgoing:
    size = len(message.payload)
    return Outgoing(message, sender, ask, deadline, None, size, None, NEVER, message.number, origin, message.payload)
