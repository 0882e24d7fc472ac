"""Between the processes of a node a trace goes with its message: with what is sent here, and with what is handed on."""

from __future__ import annotations

from inside_pairs import inside_scene, until
from spans import Spans
from traced_workers import Back, Far, Front, Leap, Look, Note

from peerbus.actors import LOCAL

BACK, FAR = "bus://local/back", "bus://local/far"


async def test_asks_streams_and_tells_are_below_the_send_that_they_are_of() -> None:
    spans = Spans()
    async with inside_scene([Back], spans.on) as scene:
        await scene.add(Front)
        await scene.add(Far)
        node = scene.node
        assert await node.ask(LOCAL / Front, Leap((FAR, BACK)), timeout=10) == "here"
        await until(lambda: len(spans.named("process front")) == 1)
        above = [
            ("process front", "ask front"), ("ask far", "process front"), ("process far", "ask far"),
            ("ask back", "process far"), ("process back", "ask back"),
        ]  # fmt: skip
        for name, parent in above:
            assert spans.parent(spans.one(name)) == parent
        assert len(spans.traces) == 1
        queues = {(span.name, (span.attributes or {}).get("peerbus.queue")) for span in spans.all}
        assert {("wait far", "outbox"), ("wait far", "mailbox"), ("wait back", "mailbox")} <= queues
        spans.clear()
        assert await node.ask(LOCAL / Front, Look(FAR), timeout=10) == 3
        await until(lambda: len(spans.named("process far")) == 1)
        assert spans.parent(spans.one("process far")) == "stream far"
        spans.clear()
        await node.tell_many(LOCAL / Front, [Note((FAR,), many=True)] * 2)
        await until(lambda: len(spans.named("process far")) == 4)
        assert {spans.parent(span) for span in spans.named("process far")} == {"tell_many far"}
        assert {spans.parent(span) for span in spans.named("process front")} == {"tell_many front"}


async def test_spans_are_told_until_too_much_of_them_waits() -> None:
    async with inside_scene([Back]) as scene:
        await scene.add(Front)
        way = scene.their_ends[0].way
        told = 0
        while way.tell_spans(bytes(60_000)):
            told += 1
        assert told == 18
