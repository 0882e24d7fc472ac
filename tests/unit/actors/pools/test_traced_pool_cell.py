"""Traces through a pool: of what goes to a member at once, of what waits in the pool first, of streams."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest
from pool_work import WHERE, eventually
from spans import Spans, attribute

from peerbus.actors import LOCAL, Bus, Channel, DeadlineExceeded, Message, Pool, Reactor, Request, Stream, handles


class Nap(Message, Request[str]):
    """Answered when the gate is open."""


class Note(Message):
    """Is told."""


class Count(Message, Request[Stream[int]]):
    to: int


class Napper(Reactor):
    channel = Channel("nap", messages=(Nap, Note, Count), timeout=10)

    def __init__(self, gate: asyncio.Event, thread_gate: threading.Event) -> None:
        super().__init__()
        self.gate = gate
        self.thread_gate = thread_gate

    @handles(Nap)
    async def nap(self, _: Nap) -> str:
        if self.bus.thread == threading.get_ident():
            await self.gate.wait()
        else:
            self.thread_gate.wait(10)
        return str(self)

    @handles(Note)
    def note(self, _: Note) -> None:
        """Take it."""

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        for number in range(count.to):
            yield number


@pytest.mark.parametrize("where", WHERE)
async def test_the_handlers_span_names_the_member_also_where_a_message_waited_in_the_pool(where: str) -> None:
    spans, gate, thread_gate = Spans(), asyncio.Event(), threading.Event()
    said = {where: 2}
    bus = spans.on(Bus(reactors=[Pool(partial(Napper, gate, thread_gate), prefetch=0, streams=1, **said)]))  # type: ignore[arg-type]
    async with bus:
        asks = [bus.ask(LOCAL / Napper, Nap()) for _ in range(3)]
        told = bus.tell(LOCAL / Napper, Note())
        streams = [asyncio.ensure_future(anext(bus.stream(LOCAL / Napper, Count(1)))) for _ in range(3)]
        await eventually(lambda: bus.actors.pools["nap"]().streams_waiting == 3)
        assert bus.actors.pools["nap"]().held == 2
        with pytest.raises(DeadlineExceeded):
            await bus.ask(LOCAL / Napper, Nap(), timeout=0.001)
        gate.set()
        thread_gate.set()
        assert set(await asyncio.gather(*asks)) == {"nap.1", "nap.2"}
        await told
        assert await asyncio.gather(*streams) == [0, 0, 0]
    for verb, count in (("ask", 4), ("tell", 1), ("stream", 3)):
        sent = spans.named(f"{verb} nap")
        assert len(sent) == count
        assert {attribute(each, "peerbus.to") for each in sent} == {"bus://local/nap"}
    done = [each for each in spans.all if each.name.startswith("process ")]
    assert {each.name for each in done} == {"process nap.1", "process nap.2"}
    assert sorted(spans.parent(each) for each in done) == ["ask nap"] * 3 + ["stream nap"] * 3 + ["tell nap"]
    waits = [each for each in spans.all if each.name.startswith("wait ")]
    assert len(waits) == 8, "one for each message, also for the one that nobody handled"
    assert sum(attribute(each, "error.type") == "deadline_exceeded" for each in waits) <= 1
