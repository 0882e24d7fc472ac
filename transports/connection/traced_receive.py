"""The receiving half of a node whose sends are traced: messages that came with a trace keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from ...actors.bus import Bus
from ...actors.mailbox import Envelope, Mailbox, MessageTrace, as_traced
from ...actors.sends import Tracer
from ..lanes import InLane, Outbox, WindowShare, Writer
from ..wire import (
    Ask,
    Codecs,
    Hello,
    Tell,
    TracedAsk,
    TracedTell,
    ZeroCopyTracedAsk,
    ZeroCopyTracedTell,
    read_traces,
)
from .receive_side import ReceiveSide

__all__ = ["TracedReceiveSide"]


class TracedReceiveSide(ReceiveSide):
    """See the module. Frames without traces go the ways of every frame."""

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
        judge: Callable[[InLane], object] = id,
    ) -> None:
        super().__init__(bus, own, peer, codecs, outbox, writer, share, judge)
        self._tracer = tracer
        #: The trace of the message that is being delivered.
        self._trace: MessageTrace | None = None

    def told_traced(self, frame: TracedTell | ZeroCopyTracedTell) -> None:
        """As `told`."""
        traces = read_traces(frame.traces)
        if not traces:
            self.told(frame)
            return
        lane = self._lane(frame.channel)
        mailbox = self._mailbox(lane)
        for place, item in enumerate(frame.items):
            header = None if mailbox is None else traces.get(place)  # what is handed on has no trace of this process
            one = Tell(frame.channel, [cast("tuple[int, int, bytes]", item)])  # a view does as well
            if header is None:
                self.told(one)
                continue
            self._trace = self._tracer.arrived(*header, lane.info.name, self._source)
            try:
                self._told_one_by_one(lane, mailbox, one)
            finally:
                self._trace = None

    def asked_traced(self, frame: TracedAsk | ZeroCopyTracedAsk) -> None:
        """As `asked`."""
        traces = read_traces(frame.traces)
        if not traces:
            self.asked(frame)
            return
        lane = self._lane(frame.channel)
        for place, item in enumerate(frame.items):
            header = traces.get(place)
            if header is not None:
                self._trace = self._tracer.arrived(*header, lane.info.name, self._source)
            try:
                self.asked(Ask(frame.channel, [cast("tuple[int, int, int, int, bytes]", item)]))  # as above
            finally:
                self._trace = None

    def _deliver(self, lane: InLane, mailbox: Mailbox | None, envelope: Envelope, sequence: int) -> None:
        trace = self._trace
        if trace is not None:
            envelope = as_traced(envelope, trace)
        super()._deliver(lane, mailbox, envelope, sequence)
