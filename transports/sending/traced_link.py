"""The link of a node whose sends are traced: what a trace has to tell the peer leaves with its message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ...actors.mailbox import MessageTrace
from ...actors.messages import Address
from ...actors.sends import AskFuture, AskWaiting, Delivered, GaveWay, Outcome, Supply, Tracer, Waiting, Within
from ...actors.streams import ItemBuffer, ItemSink
from ..lanes import Outgoing, OutLane, RemoteAsk, Writer, asks_leave, traced_outgoing
from ..wire import Codecs, Hello
from .ask_sending import AskSending
from .link import PeerLink
from .sending_host import SendingHost
from .stream_asks import AskingLink, stream_ask

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["TracedAskSending", "TracedLink", "TracedWay", "awaited", "pour_traced", "stream_traced", "traced_outcome"]

R = TypeVar("R")


class TracedAskSending(AskSending):
    """The asks of one such link. `asked`: the trace of the ask that is sent now; None where it is not traced."""

    __slots__ = ("asked",)

    asked: MessageTrace | None

    def send(self, lane: OutLane, outgoing: Outgoing, ask: RemoteAsk[Any], deadline: float) -> bool:
        """As `AskSending.send`. One that is traced stands in the queue, if only for a moment."""
        trace = self.asked
        if trace is None:
            return super().send(lane, outgoing, ask, deadline)
        waiting = lane.offer_ask(traced_outgoing(outgoing, trace))
        if not waiting:
            return False
        lane.queue[-1].trace_last(trace)
        turn = self._turns[lane.index]
        if not turn.queued:
            self.outbox.wake(turn)
        if not self._by_rid or asks_leave(waiting, len(self._by_rid)):
            self._writer.write()
        else:
            self._writer.schedule()
        return True


class TracedLink(PeerLink):
    """See the module. A message that is not traced goes the ways of every message."""

    def __init__(
        self, bus: SendingHost, own: Hello, peer: Hello, codecs: Codecs, writer: Writer, tracer: Tracer
    ) -> None:
        super().__init__(bus, own, peer, codecs, writer)
        self._tracer = tracer
        asks = TracedAskSending(bus.loop, self.open_asks, self.lanes.turns, self.outbox, writer)
        asks.asked = None
        self._ask_sending = self._traced_asks = asks

    def _stamp(self, reactor: str, message: object, *, asked: bool) -> MessageTrace | None:
        return self._tracer.stamp(reactor, message, asked=asked, peer=self.peer_id)

    def tell(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        timeout: float | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None]:
        """As `Link.tell`."""
        trace = self._stamp(reactor, message, asked=False)
        return traced_outcome(super().tell(reactor, message, sender, timeout, memo), self._lanes, reactor, trace)

    def pour(
        self,
        reactor: str,
        supply: Supply,
        sender: Address[object] | None,
        within: Within,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None] | None:
        """As `Link.pour`, one by one."""
        return pour_traced(self, reactor, supply, sender, within)

    def ask(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        reply: TypeForm[R] | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[R]:
        """As `Link.ask`."""
        trace = self._stamp(reactor, message, asked=True)
        self._traced_asks.asked = trace
        try:
            outcome = super().ask(reactor, message, sender=sender, deadline=deadline, reply=reply, memo=memo)
        finally:
            self._traced_asks.asked = None
        return awaited(outcome, trace)

    @property
    def stream(self) -> Callable[..., tuple[AskFuture[Any], Outcome[Any], ItemSink]]:
        """As `Link.stream`."""
        return self._stream

    def _stream(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        within: float,
        buffer: ItemBuffer,
        opened: bool,
    ) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
        return stream_traced(
            self,
            reactor,
            message,
            sender=sender,
            deadline=deadline,
            within=within,
            buffer=buffer,
            opened=opened,
        )


class TracedWay(AskingLink, Protocol):
    """Such a link, to a peer or to another process of this node."""

    _traced_asks: TracedAskSending

    def _stamp(self, reactor: str, message: object, *, asked: bool) -> MessageTrace | None: ...
    @property
    def tell(self) -> Callable[[str, object, Address[object] | None, float | None], Outcome[None]]: ...


def pour_traced(
    link: TracedWay, reactor: str, supply: Supply, sender: Address[object] | None, within: Within
) -> Outcome[None] | None:
    """As `Link.pour`, one by one."""
    while messages := supply.take(1):
        outcome = link.tell(reactor, messages[0], sender, within.left())
        if not isinstance(outcome, Delivered):
            return outcome
        supply.accepted += 1
        supply.gives_way = supply.gives_way or isinstance(outcome, GaveWay)
    return None


def stream_traced(
    link: TracedWay,
    reactor: str,
    message: object,
    *,
    sender: Address[object] | None,
    deadline: float,
    within: float,
    buffer: ItemBuffer,
    opened: bool,
) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
    """As `Link.stream`."""
    trace = link._stamp(reactor, message, asked=True)
    link._traced_asks.asked = trace
    try:
        found = stream_ask(
            link,
            reactor,
            message,
            sender=sender,
            deadline=deadline,
            within=within,
            buffer=buffer,
            opened=opened,
        )
    finally:
        link._traced_asks.asked = None
    awaited(found[1], trace)
    return found


def traced_outcome(
    outcome: Outcome[None], lanes: Mapping[str, OutLane], reactor: str, trace: MessageTrace | None
) -> Outcome[None]:
    """What became of a tell, which is traced from now on; nothing is written before the caller's turn is over."""
    if trace is not None:
        if isinstance(outcome, Delivered):
            lanes[reactor].queue[-1].trace_last(trace)
        else:
            _waits(outcome, trace)
    return outcome


def awaited(outcome: Outcome[R], trace: MessageTrace | None) -> Outcome[R]:
    """The same of an ask."""
    if trace is not None and isinstance(outcome, AskWaiting):
        _waits(outcome._waiting, trace)
    return outcome


def _waits(outcome: Outcome[None], trace: MessageTrace) -> None:
    """A message waits for credit: it is traced when it has some."""
    if isinstance(outcome, Waiting) and isinstance(outcome.envelope, Outgoing):
        outcome.envelope = traced_outgoing(outcome.envelope, trace)
