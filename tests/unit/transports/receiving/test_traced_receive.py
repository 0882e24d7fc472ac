"""A message that came with a trace is handled in it; whatever else stands there, it is delivered all the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Self

import msgpack
import msgspec
import pytest
from kept_writer import KeptWriter
from spans import Spans

from peerbus.actors import Bus, Channel, Reactor, handles
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.receiving.traced_receive import TracedReceiveSide
from peerbus.transports.wire import Codecs, Hello, TracedAsk, TracedTell
from peerbus.transports.wire.payload import ChannelCodec

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@dataclass(frozen=True)
class Note:
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Note,))

    def __init__(self, taken: list[int]) -> None:
        super().__init__()
        self._taken = taken

    @handles(Note)
    def note(self, note: Note) -> int:
        self._taken.append(note.number)
        return note.number


def payload(number: object) -> bytes:
    packed = msgpack.packb({"number": number})
    assert isinstance(packed, bytes)
    return packed


def hello_of(node_id: str) -> Hello:
    channels = (ChannelCodec(Desk.channel).info,)
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=channels,
        agent="test",
        nonce=bytes(16),
    )


class Desks:
    """A receiving side on a traced bus with one reactor."""

    def __init__(self) -> None:
        self.spans = Spans()
        self.taken: list[int] = []
        self.bus = self.spans.on(Bus("test", reactors=[lambda: Desk(self.taken)]))

    async def __aenter__(self) -> Self:
        await self.bus.__aenter__()
        tracer = self.bus.tracer
        assert tracer is not None
        outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        codecs = Codecs({"desk": Desk.channel})
        own, peer = hello_of("a" * 64), hello_of("b" * 64)
        self.side = TracedReceiveSide(self.bus, own, peer, codecs, outbox, KeptWriter(), None, tracer)
        self.bus.books.open(self.side)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.side.end()
        await self.bus.aclose()

    async def handled(self) -> list[int]:
        """All that its reactor has taken, when it rests."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.taken

    def parents(self) -> list[str]:
        """The spans that the handlers' are parts of, on the other node."""
        return [f"{span.parent.span_id:016x}" if span.parent else "" for span in self.spans.named("process desk")]


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


async def test_each_message_has_the_trace_of_its_place() -> None:
    async with Desks() as desks:
        traces = raw({1: [PARENT, "a=b"], 2: [PARENT, ""]})
        items = [(1, 0, payload(number)) for number in range(4)]
        desks.side.told_traced(TracedTell(0, items, traces))
        assert await desks.handled() == [0, 1, 2, 3]
        desks.side.asked_traced(
            TracedAsk(0, [(7, 5000, 1, 0, payload(4)), (8, 5000, 1, 0, payload(5))], raw({0: [PARENT, ""]}))
        )
        desks.side.run_woken()
        assert await desks.handled() == [0, 1, 2, 3, 4, 5]
        assert desks.parents() == [SPAN, SPAN, SPAN]
        assert desks.spans.traces == {int(TRACE, 16)}


async def test_a_place_keeps_its_trace_where_another_message_is_refused() -> None:
    async with Desks() as desks:
        items = [(1, 0, payload("no number")), (1, 0, payload(1))]
        desks.side.told_traced(TracedTell(0, items, raw({1: [PARENT, ""]})))
        assert await desks.handled() == [1]
        assert desks.side.malformed.tells == 1
        assert desks.parents() == [SPAN]


@pytest.mark.parametrize(
    "traces", [None, {0: ["no parent", ""]}, {0: [PARENT.upper(), ""]}, {0: ["é" * 55, ""]}, {9: [PARENT, ""]}, b"\x00"]
)
async def test_whatever_stands_in_the_field_the_message_is_delivered(traces: Any) -> None:
    async with Desks() as desks:
        desks.side.told_traced(TracedTell(0, [(1, 0, payload(1))], raw(traces)))
        desks.side.asked_traced(TracedAsk(0, [(1, 5000, 1, 0, payload(2))], raw(traces)))
        desks.side.run_woken()
        assert sorted(await desks.handled()) == [1, 2]
        assert desks.parents() == []
