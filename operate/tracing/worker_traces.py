"""Spans that workers of a node tell of, as spans of the node: begun and ended here, with the ids that they have."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, cast

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TracerProvider,
    TraceState,
    get_tracer,
    set_span_in_context,
)

from .span_talk import SpanBegins, SpanEnds, read_word
from .trace_context import state_of

__all__ = ["WorkerTraces"]

#: Spans of one worker that are open: of more the next ones are left out.
MOST_OPEN: Final = 65_536
#: Spans that are over, and may still be named by what comes after: a message that was sent before waits in a queue.
MOST_OVER: Final = 4_096
#: Libraries that a program traces with, by name and version.
MOST_SCOPES: Final = 64


class GivenIds:
    """In place of what draws the ids of a tracer of OpenTelemetry's SDK: it gives those that were drawn in a worker."""

    def __init__(self, of: Any) -> None:
        self._of = of
        self.trace = self.span = 0

    def generate_trace_id(self) -> int:
        """As the SDK's."""
        return self.trace

    def generate_span_id(self) -> int:
        """As the SDK's."""
        return self.span

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


class WorkerTraces:
    """Those of one node; `provider`: whose spans they are, None for that of the program. On the loop's thread.

    Where the provider is not the SDK's its spans have ids of their own, and what comes from a worker is brought to
    these: the node's trace is whole, and what the worker logs names its own ids.
    """

    def __init__(self, provider: TracerProvider | None) -> None:
        self._provider = provider
        self._tracers: dict[tuple[str, str], tuple[Tracer, GivenIds]] = {}
        #: By worker and by the number that a span has there.
        self._open: dict[str, dict[int, Span]] = {}
        self._over: dict[str, OrderedDict[int, SpanContext]] = {}

    def told(self, worker: str, data: bytes) -> None:
        """A worker tells of a span. What is of another form is left out."""
        said = read_word(data)
        if isinstance(said, SpanBegins):
            self._begin(worker, said)
        elif isinstance(said, SpanEnds):
            self._end(worker, said)

    def context_of(self, worker: str, span: int) -> SpanContext | None:
        """What a span of that worker is known by here; None where nothing is known of it."""
        opened = self._open.get(worker, {}).get(span)
        if opened is not None:
            return opened.get_span_context()
        over = self._over.get(worker)
        return None if over is None else over.get(span)

    def gone(self, worker: str) -> None:
        """It has ended: so have its spans."""
        for span in self._open.pop(worker, {}).values():
            span.set_attribute("error.type", "worker_ended")
            span.set_status(Status(StatusCode.ERROR))
            span.end()
        self._over.pop(worker, None)

    def _begin(self, worker: str, said: SpanBegins) -> None:
        opened = self._open.setdefault(worker, {})
        if len(opened) >= MOST_OPEN or said.span in opened:
            return
        trace = int.from_bytes(said.trace, "big")
        parent = Context()
        if said.parent:
            known = self.context_of(worker, said.parent)
            parent = set_span_in_context(NonRecordingSpan(known or _given(trace, said)), parent)
        tracer, ids = self._tracer(said.scope, said.version)
        ids.trace, ids.span = trace, said.span
        opened[said.span] = tracer.start_span(
            said.name,
            context=parent,
            kind=SpanKind(said.kind),
            attributes=said.attributes,
            links=_links(said.links),
            start_time=said.since,
            record_exception=False,
            set_status_on_exception=False,
        )

    def _end(self, worker: str, said: SpanEnds) -> None:
        span = self._open.get(worker, {}).pop(said.span, None)
        if span is None:
            return
        over = self._over.setdefault(worker, OrderedDict())
        over[said.span] = span.get_span_context()
        if len(over) > MOST_OVER:
            over.popitem(last=False)
        if said.name:
            span.update_name(said.name)
        span.set_attributes(said.attributes)
        for name, at, attributes in said.events:
            span.add_event(name, attributes, at)
        for link in _links(said.links):
            span.add_link(link.context, link.attributes)
        if said.status:
            span.set_status(Status(StatusCode(said.status), said.text or None))
        span.end(said.until)

    def _tracer(self, scope: str, version: str) -> tuple[Tracer, GivenIds]:
        found = self._tracers.get((scope, version))
        if found is None:
            if len(self._tracers) >= MOST_SCOPES:
                scope, version = "peerbus", ""
            tracer = get_tracer(scope, version or None, self._provider)
            ids = GivenIds(getattr(tracer, "id_generator", None))
            if hasattr(tracer, "id_generator"):
                cast("Any", tracer).id_generator = ids  # of the SDK's tracers, and not of the interface
            found = self._tracers[scope, version] = tracer, ids
        return found


def _given(trace: int, said: SpanBegins) -> SpanContext:
    """The parent of a span, which came to the worker with a message."""
    state = TraceState(state_of(said.state)) if said.state else TraceState()
    return SpanContext(trace, said.parent, True, TraceFlags(TraceFlags.SAMPLED), state)


def _links(given: list[tuple[bytes, int, dict[str, Any]]]) -> list[Link]:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return [
        Link(SpanContext(int.from_bytes(trace, "big"), span, True, flags), attributes)
        for trace, span, attributes in given
    ]
