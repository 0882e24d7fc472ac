"""What a worker tells of its spans reaches whoever traces on the node, who hears too when the worker is gone."""

from __future__ import annotations

from inside_pairs import inside_scene, until
from spans import Spans, attribute
from traced_workers import Back, Front

from peerbus.actors import Bus
from peerbus.operate.tracing.span_talk import SpanBegins, word_of


async def test_spans_of_a_worker_are_told_and_end_with_it() -> None:
    spans, traced = Spans(), list[Bus]()

    def trace(bus: Bus) -> None:
        traced.append(spans.on(bus))

    async with inside_scene([Back], trace) as scene:
        await scene.add(Front)
        way = scene.their_ends[0].way
        begins = SpanBegins(bytes(15) + b"\1", 7, 0, "", "work", 0, {}, 1, "program", "")
        assert way.tell_spans(word_of(begins))
        tracer = scene.node.tracer
        assert tracer is not None
        parent = f"00-{1:032x}-{7:016x}-00"
        await until(
            lambda: (came := tracer.came(parent, "", "back", "w0")) is not None and came.header()[0][-2:] == "01"
        )
        scene.ends[0].process_ended("was killed")
        await until(lambda: bool(spans.named("work")))
        assert attribute(spans.one("work"), "error.type") == "worker_ended"
