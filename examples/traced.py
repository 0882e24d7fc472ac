"""One ask, over three nodes, as one trace: who waited for whom, and where.

Needs the extra `otel` and OpenTelemetry's SDK: pip install 'peerbus[otel]' opentelemetry-sdk
"""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
from peerbus.node import Node
from peerbus.operate import Tracing


class Find(Message, Request[str]):
    word: str


class Front(Reactor):
    channel = Channel("front", messages=(Find,))

    @handles(Find)
    async def find(self, question: Find) -> str:
        return await self.ask(Role("shelf") / Shelf, question)


class Shelf(Reactor):
    channel = Channel("shelf", messages=(Find,))

    @handles(Find)
    def find(self, question: Find) -> str:
        return question.word.upper()


async def main() -> None:
    # A program would export to a collector: BatchSpanProcessor(OTLPSpanExporter()).
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))

    def node(name: str, reactors: list[type[Reactor]], offers: set[str], peers: tuple[str, ...] = ()) -> Node:
        known = [reactor.channel for reactor in (Front, Shelf) if reactor not in reactors]
        return Node(
            name,
            listen=["tcp://127.0.0.1:0"],
            reactors=reactors,
            channels=known,
            offers=offers,
            peers=peers,
            extensions=[Tracing(provider)],
        )

    async with (
        node("carol", [Shelf], {"shelf"}) as carol,
        node("bob", [Front], {"front"}, carol.endpoints) as bob,
        node("alice", [], set(), bob.endpoints) as alice,
    ):
        # Bob knows Carol before he is asked for what she has.
        await bob.ask(Role("shelf") / Shelf, Find("first"), wait_for_peer=True)
        kept.clear()
        print(await alice.ask(Role("front") / Front, Find("bus"), wait_for_peer=True))

    spans = [span for span in kept.get_finished_spans() if span.context is not None]
    show(spans, None, 0)


def show(spans: list[ReadableSpan], parent: int | None, depth: int) -> None:
    """Print the spans below `parent`, each with the node that it is of."""
    for span in sorted(spans, key=lambda each: each.start_time or 0):
        if span.context is not None and (span.parent.span_id if span.parent else None) == parent:
            said = {name: str(value) for name, value in (span.attributes or {}).items()}
            queue = f" ({said['peerbus.queue']})" if "peerbus.queue" in said else ""
            print(f"{'  ' * depth}{span.name}{queue} at {said['messaging.client.id']}")
            show(spans, span.context.span_id, depth + 1)


if __name__ == "__main__":
    asyncio.run(main())
