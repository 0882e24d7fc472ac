"""The receiving half of a node whose sends are traced: messages that came with a trace keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

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
    ZeroCopyAsk,
    ZeroCopyTell,
    ZeroCopyTracedAsk,
    ZeroCopyTracedTell,
    read_traces,
)
from .receive_side import ReceiveSide

__all__ = ["TracedArrivals", "TracedReceiveSide", "take_asked", "take_told"]


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

    def arrival(self, parent: str, state: str, reactor: str) -> MessageTrace | None:
        """The trace of a message that came with these headers."""
        return self._tracer.arrived(parent, state, reactor, self._source)

    def told_traced(self, frame: TracedTell | ZeroCopyTracedTell) -> None:
        """As `told`."""
        take_told(self, frame)

    def asked_traced(self, frame: TracedAsk | ZeroCopyTracedAsk) -> None:
        """As `asked`."""
        take_asked(self, frame)

    def _deliver(self, lane: InLane, mailbox: Mailbox | None, envelope: Envelope, sequence: int) -> None:
        trace = self.trace
        super()._deliver(lane, mailbox, envelope if trace is None else as_traced(envelope, trace), sequence)


class TracedArrivals(Protocol):
    """A receiving half, of a connection with a peer or with another process of this node."""

    trace: MessageTrace | None

    @property
    def arrival(self) -> Callable[[str, str, str], MessageTrace | None]: ...
    @property
    def told(self) -> Callable[[Tell | ZeroCopyTell], object]: ...
    @property
    def asked(self) -> Callable[[Ask | ZeroCopyAsk], object]: ...
    @property
    def _told_one_by_one(self) -> Callable[[InLane, Mailbox | None, Tell], object]: ...
    def _lane(self, index: int) -> InLane: ...
    def _mailbox(self, lane: InLane) -> Mailbox | None: ...


def take_told(side: TracedArrivals, frame: TracedTell | ZeroCopyTracedTell) -> None:
    """Messages without an answer, some of which are traced: one by one."""
    traces = read_traces(frame.traces)
    if not traces:
        side.told(frame)
        return
    lane = side._lane(frame.channel)
    mailbox = side._mailbox(lane)
    for place, item in enumerate(frame.items):
        header = traces.get(place)
        one = Tell(frame.channel, [cast("Any", item)])  # with bytes, or a view of them: compiled code looks
        side.trace = None if header is None else side.arrival(*header, lane.info.name)
        try:
            if mailbox is None or side.trace is None:
                side.told(one)
            else:
                side._told_one_by_one(lane, mailbox, one)
        finally:
            side.trace = None


def take_asked(side: TracedArrivals, frame: TracedAsk | ZeroCopyTracedAsk) -> None:
    """The same of messages that want an answer."""
    traces = read_traces(frame.traces)
    if not traces:
        side.asked(frame)
        return
    lane = side._lane(frame.channel)
    for place, item in enumerate(frame.items):
        header = traces.get(place)
        side.trace = None if header is None else side.arrival(*header, lane.info.name)
        try:
            side.asked(Ask(frame.channel, [cast("Any", item)]))  # as above
        finally:
            side.trace = None
