"""The spans that nodes of a test made, as OpenTelemetry's SDK keeps them in memory, and who is whose parent."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from peerbus.actors import Bus
from peerbus.actors.traced_sends import trace_sends
from peerbus.operate import Tracing

__all__ = ["Spans", "attribute", "id_of"]


class Spans:
    """Of one test. `tracing()` is an extension of a node, `on(bus)` traces a bus that has no node."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider: TracerProvider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def tracing(self, *, follow: bool = True, recorded: int = 1_000) -> Tracing:
        """For one node."""
        return Tracing(self.provider, follow=follow, recorded=recorded)

    def on(self, bus: Bus) -> Bus:
        """The bus, which has not been entered yet."""
        trace_sends(bus, self.tracing().tracer_for(bus.name))
        return bus

    @property
    def all(self) -> list[ReadableSpan]:
        """Those that are over, in the order in which they ended."""
        return list(self._exporter.get_finished_spans())

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()

    def named(self, name: str, **attributes: object) -> list[ReadableSpan]:
        """Those of that name; `queue="mailbox"` stands for the attribute `peerbus.queue`."""
        return [
            span
            for span in self.all
            if span.name == name and all(attribute(span, key) == value for key, value in attributes.items())
        ]

    def one(self, name: str, **attributes: object) -> ReadableSpan:
        """The only one of that name."""
        (span,) = self.named(name, **attributes)
        return span

    def parent(self, span: ReadableSpan) -> str:
        """The name of its parent, which is over as well; empty where it has none."""
        if span.parent is None:
            return ""
        (found,) = [each for each in self.all if id_of(each) == span.parent.span_id]
        assert context_of(found).trace_id == context_of(span).trace_id
        return found.name

    @property
    def whole(self) -> bool:
        """Of each that is over its parent is over too; it may end a moment later."""
        ids = {id_of(each) for each in self.all}
        return all(each.parent is None or each.parent.span_id in ids for each in self.all)

    @property
    def traces(self) -> set[int]:
        """Their traces."""
        return {context_of(span).trace_id for span in self.all}


def context_of(span: ReadableSpan) -> SpanContext:
    """What it is known by."""
    found = span.get_span_context()
    assert found is not None
    return found


def id_of(span: ReadableSpan) -> int:
    """Its number."""
    return context_of(span).span_id


def attribute(span: ReadableSpan, name: str) -> object:
    """The attribute `peerbus.<name>`, or `<name>` where it has a dot."""
    return (span.attributes or {}).get(name if "." in name else f"peerbus.{name}")
