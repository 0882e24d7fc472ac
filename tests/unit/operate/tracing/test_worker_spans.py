"""What a worker tells its node of spans: when, and of which; by a way that keeps what it was told."""

from __future__ import annotations

import asyncio
import os
from threading import Thread, get_ident
from types import SimpleNamespace
from typing import cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from peerbus.actors import Bus
from peerbus.operate.tracing.span_talk import SpanBegins, SpanEnds, read_word
from peerbus.operate.tracing.worker_spans import WorkerSpans
from peerbus.transports.sending import InsideLink

SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Way:
    """In place of the link to the node."""

    def __init__(self) -> None:
        self.told: list[SpanBegins | SpanEnds] = []
        self.takes = True

    def tell_spans(self, data: bytes) -> bool:
        said = read_word(data)
        assert said is not None
        if self.takes:
            self.told.append(said)
        return self.takes

    @property
    def begins(self) -> list[SpanBegins]:
        return [said for said in self.told if isinstance(said, SpanBegins)]

    @property
    def ends(self) -> list[SpanEnds]:
        return [said for said in self.told if isinstance(said, SpanEnds)]


def connected(loop: asyncio.AbstractEventLoop | None = None) -> tuple[WorkerSpans, Way]:
    spans, way = WorkerSpans("crunch"), Way()
    spans._bus = cast("Bus", SimpleNamespace(thread=get_ident(), loop=loop))
    spans._way = cast("InsideLink", way)
    return spans, way


def under(flags: TraceFlags) -> Context:
    return set_span_in_context(NonRecordingSpan(SpanContext(5, 6, is_remote=True, trace_flags=flags)), Context())


def test_a_span_is_told_when_it_begins_and_when_it_has_ended() -> None:
    spans, way = connected()
    tracer = spans.get_tracer("program", "2")
    span = tracer.start_span("work", under(SAMPLED), SpanKind.SERVER, {"a": 1}, start_time=100)
    own = span.get_span_context()
    assert (own.trace_id, own.trace_flags) == (5, SAMPLED)
    (begins,) = way.begins
    assert (begins.span, begins.parent, begins.name, begins.kind, begins.since) == (own.span_id, 6, "work", 1, 100)
    assert begins.attributes == {"a": 1, "peerbus.worker": "crunch", "process.pid": os.getpid()}
    assert (begins.scope, begins.version) == ("program", "2")
    span.set_attributes({"b": "x"})
    span.add_event("e", {"c": True}, 101)
    span.add_link(SpanContext(7, 8, is_remote=True))
    span.update_name("worked")
    span.set_status(StatusCode.OK)
    span.set_status(Status(StatusCode.ERROR, "too late"))
    span.end(102)
    span.end(103)
    assert not span.is_recording()
    assert way.ends == [
        SpanEnds(
            own.span_id, 102, "worked", {"b": "x"}, [("e", 101, {"c": True})], 1, "", [((7).to_bytes(16, "big"), 8, {})]
        )
    ]


def test_what_is_not_recorded_is_not_told_nor_what_is_below_it() -> None:
    spans, way = connected()
    tracer = spans.get_tracer("program")
    assert tracer.start_span("a", under(TraceFlags(0))).get_span_context().span_id == 6
    way.takes = False
    left_out = tracer.start_span("b", under(SAMPLED))
    assert left_out.get_span_context().span_id == 6, "it goes on with what is above it"
    assert not tracer.start_span("c", Context()).get_span_context().is_valid
    assert not WorkerSpans("early").get_tracer("program").start_span("d", Context()).is_recording()
    assert way.told == []


def test_a_block_in_a_span_tells_what_is_raised_and_is_above_what_begins_in_it() -> None:
    spans, way = connected()
    tracer = spans.get_tracer("program")
    try:
        with tracer.start_as_current_span("outer", Context(), links=[Link(SpanContext(7, 8, is_remote=True))]):
            with tracer.start_as_current_span("inner"):
                pass
            raise ValueError("sad")
    except ValueError:
        pass
    outer, inner = way.begins
    assert (outer.parent, inner.parent, inner.trace) == (0, outer.span, outer.trace)
    assert [link[1] for link in outer.links] == [8]
    last = way.ends[-1]
    assert (last.span, last.status) == (outer.span, StatusCode.ERROR.value)
    assert last.events[0][2]["exception.message"] == "sad"


async def test_what_another_thread_traces_is_told_by_the_loop() -> None:
    spans, way = connected(asyncio.get_running_loop())
    tracer = spans.get_tracer("program")
    thread = Thread(target=lambda: tracer.start_span("there", Context()).end())
    thread.start()
    thread.join()
    assert way.told == []
    await asyncio.sleep(0)
    assert [type(said) for said in way.told] == [SpanBegins, SpanEnds]


def test_who_has_a_provider_keeps_it() -> None:
    spans, _ = connected()
    before = trace._TRACER_PROVIDER
    trace._TRACER_PROVIDER = kept = WorkerSpans("own")
    try:
        spans.connect(cast("Bus", spans._bus), cast("InsideLink", spans._way))
        assert trace.get_tracer_provider() is kept
    finally:
        trace._TRACER_PROVIDER = before
