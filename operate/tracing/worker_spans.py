"""Spans in a worker process: an OpenTelemetry provider that tells them to the node, which keeps them as its own.

So a worker needs no exporter, and nothing is set up in it: spans of the bus, and those that the program makes in its
handlers, come out where those of the node do, with the same ids.

Laws:
1. A span is told when it begins and when it ends. Where the process is killed between, the node ends it.
2. A span of a trace that is not recorded is not either, and not told. Of what begins here the node's sampler says.
3. Nothing waits for the node. What it does not take is not told, and has no spans below it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random, SystemRandom
from threading import get_ident
from time import time_ns

from opentelemetry import trace
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
    get_current_span,
    use_span,
)
from opentelemetry.util.types import Attributes, AttributeValue

from ...actors.bus import Bus
from ...actors.sends import Tracer as BusTracer
from ...transports.sending import InsideLink
from ...transports.wire import TRACESTATE_LIMIT
from .otel_tracer import OtelTracer
from .span_talk import MOST_EVENTS, MOST_TEXT, LinkWord, SpanBegins, SpanEnds, plain_attributes, word_of

__all__ = ["WorkerSpans"]


class WorkerSpans(TracerProvider):
    """Those of the worker of that name, from when it is connected by `connect`."""

    def __init__(self, worker: str) -> None:
        self.marks: Mapping[str, str | int] = {"peerbus.worker": worker, "process.pid": os.getpid()}
        self.rng = Random(SystemRandom().getrandbits(128))
        self._bus: Bus | None = None
        self._way: InsideLink | None = None

    def tracer_for(self, node: str) -> BusTracer:
        """What traces the sends of the worker's bus, as those of a node of that name."""
        return OtelTracer(node, self, follow=True, recorded=0)

    def connect(self, bus: Bus, way: InsideLink) -> None:
        """Tell by `way` from now on, and take the spans of the program as well, unless it keeps them itself."""
        self._bus, self._way = bus, way
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(self)

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        """As `TracerProvider.get_tracer`."""
        return WorkerTracer(self, instrumenting_module_name, instrumenting_library_version or "")

    def say(self, said: SpanBegins | SpanEnds) -> bool:
        """Tell the node, from any thread. False: it is not told."""
        bus, way = self._bus, self._way
        if bus is None or way is None:
            return False
        data = word_of(said)
        if get_ident() == bus.thread:
            return way.tell_spans(data)
        with contextlib.suppress(RuntimeError):  # the loop has closed
            bus.loop.call_soon_threadsafe(way.tell_spans, data)
        return True


class WorkerTracer(Tracer):
    """Of one library."""

    def __init__(self, spans: WorkerSpans, scope: str, version: str) -> None:
        self._spans = spans
        self._scope = scope[:MOST_TEXT]
        self._version = version[:MOST_TEXT]

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """As `Tracer.start_span`."""
        spans, rng = self._spans, self._spans.rng
        parent = get_current_span(context).get_span_context()
        known = parent.is_valid
        if known and not parent.trace_flags.sampled:
            return NonRecordingSpan(parent)
        number = rng.getrandbits(128) | 1
        own = SpanContext(
            parent.trace_id if known else number,
            rng.getrandbits(64) | 1,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
            trace_state=parent.trace_state if known else None,
        )
        state = own.trace_state.to_header()
        told = spans.say(
            SpanBegins(
                own.trace_id.to_bytes(16, "big"),
                own.span_id,
                parent.span_id if known else 0,
                state if len(state) <= TRACESTATE_LIMIT else "",
                name[:MOST_TEXT],
                kind.value,
                {**plain_attributes(attributes), **spans.marks},
                time_ns() if start_time is None else start_time,
                self._scope,
                self._version,
                [_linked(each) for each in links or ()],
            )
        )
        if not told:
            return NonRecordingSpan(parent)
        return WorkerSpan(spans.say, own, record_exception, set_status_on_exception)

    @contextlib.contextmanager
    def start_as_current_span(  # type: ignore[override]  # the API's is this one too, and for coroutines
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """As `Tracer.start_as_current_span`."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with use_span(span, end_on_exit, record_exception, set_status_on_exception):
            yield span


class WorkerSpan(Span):
    """One that the node records."""

    def __init__(
        self, say: Callable[[SpanEnds], bool], own: SpanContext, record_exception: bool, status_on_exception: bool
    ) -> None:
        self._say = say
        self._own = own
        self._records = record_exception
        self._tells_status = status_on_exception
        self._over = False
        self._name = ""
        self._attributes: dict[str, object] = {}
        self._events: list[tuple[str, int, dict[str, object]]] = []
        self._links: list[Link] = []
        self._status = Status()

    def get_span_context(self) -> SpanContext:
        """As `Span.get_span_context`."""
        return self._own

    def is_recording(self) -> bool:
        """As `Span.is_recording`."""
        return not self._over

    def update_name(self, name: str) -> None:
        """As `Span.update_name`."""
        self._name = name[:MOST_TEXT]

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """As `Span.set_attribute`."""
        self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """As `Span.set_attributes`."""
        self._attributes.update(attributes)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """As `Span.add_event`."""
        if len(self._events) < MOST_EVENTS:
            self._events.append((name[:MOST_TEXT], timestamp or time_ns(), dict(attributes or {})))

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """As `Span.add_link`."""
        self._links.append(Link(context, attributes))

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """As `Span.set_status`: what is said to be well stays so."""
        if self._status.status_code is not StatusCode.OK:
            self._status = status if isinstance(status, Status) else Status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """As `Span.record_exception`, without its traceback."""
        kind = type(exception)
        said = {"exception.type": f"{kind.__module__}.{kind.__qualname__}", "exception.message": str(exception)}
        self.add_event("exception", {**said, **dict(attributes or {})}, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """As `Span.end`."""
        if self._over:
            return
        self._over = True
        until = time_ns() if end_time is None else end_time
        status = self._status
        self._say(
            SpanEnds(
                self._own.span_id,
                until,
                self._name,
                plain_attributes(self._attributes),
                [(name, at, plain_attributes(said)) for name, at, said in self._events],
                status.status_code.value,
                (status.description or "")[:MOST_TEXT],
                [_linked(each) for each in self._links],
            )
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if error is not None and not self._over:
            if self._records:
                self.record_exception(error)
            if self._tells_status:
                self.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
        self.end()


def _linked(link: Link) -> LinkWord:
    context = link.context
    return context.trace_id.to_bytes(16, "big"), context.span_id, plain_attributes(link.attributes)
