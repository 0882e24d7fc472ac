"""The way to another process of a node whose sends are traced: a trace goes there with its message, and further on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ...actors.mailbox import MessageTrace
from ...actors.messages import Address
from ...actors.sends import AskFuture, Outcome, Supply, Tracer, Within
from ...actors.streams import ItemBuffer, ItemSink
from ..lanes import ForwardedAsk, Outgoing, RemoteAsk, Writer, traced_outgoing
from ..wire import Codecs, Forwarded, Hello
from .inside_link import InsideLink
from .remote_stream_ask import RemoteStreamAsk
from .sending_host import SendingHost
from .traced_link import TracedAskSending, awaited, pour_traced, stream_traced, traced_outcome

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["TracedInsideLink"]

R = TypeVar("R")


class TracedInsideLink(InsideLink):
    """See the module. What is sent here is as in `TracedLink`; what is handed on has a trace of its own."""

    def __init__(
        self, bus: SendingHost, own: Hello, peer: Hello, codecs: Codecs, writer: Writer, tracer: Tracer
    ) -> None:
        super().__init__(bus, own, peer, codecs, writer)
        self._tracer = tracer
        asks = TracedAskSending(bus.loop, self.open_asks, self.lanes.turns, self.outbox, writer)
        asks.asked = None
        self._ask_sending = self._traced_asks = asks

    def _stamp(self, reactor: str, message: object, *, asked: bool) -> MessageTrace | None:
        return self._tracer.stamp(reactor, message, asked=asked)

    # What is sent here.

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

    # What is handed on.

    def forward_tell(self, reactor: str, message: Forwarded, sender: Address[object] | None) -> Outgoing | None:
        """As `InsideLink.forward_tell`."""
        outgoing, trace = super().forward_tell(reactor, message, sender), message.trace
        if trace is None:
            return outgoing
        if outgoing is not None:
            return traced_outgoing(outgoing, trace)
        self._lanes[reactor].queue[-1].trace_last(trace)
        return None

    def forward_ask(
        self, reactor: str, message: Forwarded, sender: Address[object] | None, ask: ForwardedAsk, deadline: float
    ) -> Outgoing | None:
        """As `InsideLink.forward_ask`, and of streams too."""
        trace = message.trace
        self._traced_asks.asked = trace
        try:
            outgoing = super().forward_ask(reactor, message, sender, ask, deadline)
        finally:
            self._traced_asks.asked = None
        return outgoing if outgoing is None or trace is None else traced_outgoing(outgoing, trace)

    def hand(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        ask: RemoteAsk[Any] | None,
        deadline: float,
        trace: MessageTrace | None = None,
    ) -> Outgoing | None:
        """As `InsideLink.hand`."""
        self._traced_asks.asked = trace
        try:
            outgoing = super().hand(reactor, message, sender, ask, deadline, trace)
        finally:
            self._traced_asks.asked = None
        if trace is None:
            return outgoing
        if outgoing is not None:
            return traced_outgoing(outgoing, trace)
        if ask is None:
            self._lanes[reactor].queue[-1].trace_last(trace)
        return None

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
        """As `InsideLink.hand_stream`."""
        self._traced_asks.asked = trace
        try:
            ask, outgoing = super().hand_stream(
                reactor, message, sender=sender, deadline=deadline, buffer=buffer, opened=opened, trace=trace
            )
        finally:
            self._traced_asks.asked = None
        return ask, outgoing if outgoing is None or trace is None else traced_outgoing(outgoing, trace)
