"""The receiving half between two processes of a node whose sends are traced: traces go on, and spans are told."""

from __future__ import annotations

from ...actors.bus import Bus
from ...actors.mailbox import Envelope, Mailbox, MessageTrace, as_traced
from ...actors.sends import Tracer
from ..lanes import InLane, Outbox, WindowShare, Writer
from ..wire import Codecs, Hello, SpansFrame, TracedAsk, TracedTell, ZeroCopyTracedAsk, ZeroCopyTracedTell
from .inside_receive import InsideReceiveSide
from .traced_receive import take_asked, take_told

__all__ = ["TracedInsideReceiveSide"]


class TracedInsideReceiveSide(InsideReceiveSide):
    """See the module. `peer.name` is the name of the other process."""

    def __init__(
        self,
        bus: Bus,
        own: Hello,
        peer: Hello,
        codecs: Codecs,
        outbox: Outbox,
        writer: Writer,
        share: WindowShare | None,
        tracer: Tracer,
    ) -> None:
        super().__init__(bus, own, peer, codecs, outbox, writer, share)
        self._tracer = tracer
        self._process = peer.name

    def arrival(self, parent: str, state: str, reactor: str) -> MessageTrace | None:
        """The trace of a message that came with these headers."""
        return self._tracer.came(parent, state, reactor, self._process)

    def told_traced(self, frame: TracedTell | ZeroCopyTracedTell) -> None:
        """As `told`."""
        take_told(self, frame)

    def asked_traced(self, frame: TracedAsk | ZeroCopyTracedAsk) -> None:
        """As `asked`."""
        take_asked(self, frame)

    def traced_there(self, frame: SpansFrame) -> None:
        """The other process tells of its spans."""
        self._tracer.told(self._process, frame.data)

    def end(self) -> None:
        """As `ReceiveSide.end`."""
        super().end()
        self._tracer.gone(self._process)

    def _deliver(self, lane: InLane, mailbox: Mailbox | None, envelope: Envelope, sequence: int) -> None:
        trace = self.trace
        super()._deliver(lane, mailbox, envelope if trace is None else as_traced(envelope, trace), sequence)
