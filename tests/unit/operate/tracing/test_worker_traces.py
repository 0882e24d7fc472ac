"""What a node makes of the spans that its workers tell of: its own, with the ids that they have there."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import NoOpTracerProvider, SpanKind, StatusCode
from spans import Spans, attribute, context_of, id_of

from peerbus.operate.tracing.otel_tracer import OtelTracer
from peerbus.operate.tracing.span_talk import SpanBegins, SpanEnds, word_of
from peerbus.operate.tracing.worker_traces import MOST_OPEN, MOST_OVER, MOST_SCOPES, WorkerTraces

TRACE = (0xABC).to_bytes(16, "big")


def begins(span: int, parent: int = 0, *, scope: str = "peerbus") -> bytes:
    return word_of(SpanBegins(TRACE, span, parent, "", f"span {span}", 1, {"peerbus.worker": "w"}, 100, scope, ""))


def ends(span: int) -> bytes:
    return word_of(SpanEnds(span, 200, "", {"more": 1}, [("e", 150, {})], 2, "why"))


def test_a_span_of_a_worker_is_one_of_the_node_with_the_same_ids() -> None:
    spans = Spans()
    traces = WorkerTraces(spans.provider)
    for word in (begins(1), begins(2, parent=1), ends(2), ends(1), ends(1), b"\xc1"):
        traces.told("w", word)
    inner, outer = spans.all
    assert (id_of(inner), id_of(outer), spans.traces) == (2, 1, {0xABC})
    assert (inner.kind, inner.start_time, inner.end_time) == (SpanKind.SERVER, 100, 200)
    assert inner.parent is not None
    assert (inner.parent.span_id, outer.parent) == (1, None)
    assert (attribute(inner, "worker"), inner.events[0].name) == ("w", "e")
    assert (inner.status.status_code, inner.status.description) == (StatusCode.ERROR, "why")
    assert inner.resource == spans.provider.resource


def test_a_parent_that_came_with_a_message_is_the_one_it_was() -> None:
    spans = Spans()
    traces = WorkerTraces(spans.provider)
    traces.told("w", begins(2, parent=9))
    traces.told("w", ends(2))
    (span,) = spans.all
    assert span.parent is not None
    assert (span.parent.span_id, context_of(span).trace_id) == (9, 0xABC)


def test_what_ends_with_its_process_says_so() -> None:
    spans = Spans()
    traces = WorkerTraces(spans.provider)
    traces.told("w", begins(1))
    traces.told("other", begins(2))
    traces.gone("w")
    (span,) = spans.all
    assert attribute(span, "error.type") == "worker_ended"
    assert traces.context_of("w", 1) is None
    assert traces.context_of("other", 2) is not None


def test_the_sampler_of_the_node_decides_what_of_a_worker_is_kept() -> None:
    traces = WorkerTraces(TracerProvider(sampler=ParentBased(ALWAYS_OFF)))
    traces.told("w", begins(1))
    known = traces.context_of("w", 1)
    assert known is not None
    assert not known.trace_flags.sampled, "so whoever is sent something is told that it is not recorded"


def test_a_provider_that_gives_other_ids_has_a_whole_trace_all_the_same() -> None:
    spans = Spans()

    class Wrapped(TracerProvider):
        """As one of somebody else: its tracers say nothing of how ids are drawn."""

        def get_tracer(self, *args: object, **named: object) -> object:  # type: ignore[override]
            inner = spans.provider.get_tracer("x")

            class Hidden:
                start_span = staticmethod(inner.start_span)

            return Hidden()

    tracer = OtelTracer("n", Wrapped(), follow=True, recorded=10)
    tracer.told("w", begins(1))
    came = tracer.came(f"00-{0xABC:032x}-{1:016x}-01", "", "notes", "w")
    assert came is not None
    tracer.told("w", ends(1))
    (span,) = spans.all
    assert id_of(span) != 1
    assert came.header()[0].split("-")[2] == f"{id_of(span):016x}", "as the node knows it"
    again = tracer.came(f"00-{0xABC:032x}-{1:016x}-01", "", "notes", "w")
    assert again is not None
    assert again.header() == came.header(), "also when it is over"


def test_where_nothing_is_recorded_what_came_goes_on_as_it_came() -> None:
    tracer = OtelTracer("n", NoOpTracerProvider(), follow=True, recorded=10)
    came = tracer.came(f"00-{0xABC:032x}-{1:016x}-01", "a=b", "notes", "w")
    assert came is not None
    assert came.header() == (f"00-{0xABC:032x}-{1:016x}-01", "a=b")
    assert tracer.came("nonsense", "", "notes", "w") is None
    assert tracer.resumed("nonsense", "", "w") is None


def test_a_worker_makes_the_node_hold_no_more_than_so_much() -> None:
    traces = WorkerTraces(Spans().provider)
    for number in range(1, MOST_SCOPES + 10):
        traces.told("w", begins(number, scope=str(number)))
        traces.told("w", ends(number))
    assert len(traces._tracers) <= MOST_SCOPES + 1
    for number in range(1, MOST_OVER + 10):
        traces.told("w", begins(number))
        traces.told("w", ends(number))
    assert len(traces._over["w"]) == MOST_OVER
    traces._open["w"] = dict.fromkeys(range(1, MOST_OPEN + 1))  # type: ignore[assignment]  # as many as may be
    traces.told("w", begins(MOST_OPEN + 5))
    assert len(traces._open["w"]) == MOST_OPEN
