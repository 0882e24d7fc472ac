"""On a bus that is traced each handler's work is a span, whatever kind of handler it is, and a part of the send."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry.trace import StatusCode
from spans import Spans, attribute

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Channel,
    MailboxFull,
    Message,
    Overflow,
    Reactor,
    Ref,
    RemoteError,
    handles,
)
from peerbus.actors.engine import LoopCell, ThreadCell
from peerbus.actors.engine.timings import SAMPLED
from peerbus.actors.engine.traced_cells import TracedLoopCell, TracedThreadCell


class Go(Message):
    how: str


class Done(Message):
    how: str


class Next(Reactor):
    channel = Channel("next", messages=(Done,))

    @handles(Done)
    def done(self, message: Done) -> str:
        return message.how


class Doer(Reactor):
    channel = Channel("doer", messages=(Go,))

    @handles(Go)
    def go(self, message: Go) -> object:
        if message.how == "fail":
            raise KeyError("secret")
        self.tell(LOCAL / "next", Done(message.how))
        return message.how


class Waiter(Reactor):
    channel = Channel("waiter", messages=(Go,))

    @handles(Go)
    async def go(self, message: Go) -> str:
        await asyncio.sleep(0)
        if message.how == "fail":
            raise KeyError("secret")
        return await self.ask(LOCAL / "next", Done(message.how), reply=str)


class Beside(Reactor):
    channel = Channel("beside", messages=(Go,))

    @handles(Go, reentrant=True)
    async def go(self, message: Go) -> str:
        await asyncio.sleep(0)
        if message.how == "fail":
            raise KeyError("secret")
        return await self.ask(LOCAL / "next", Done(message.how), reply=str)


class OnThread(Doer):
    channel = Channel("on-thread", messages=(Go,))
    dispatcher = "thread"


class WaitsOnThread(Waiter):
    channel = Channel("waits-on-thread", messages=(Go,))
    dispatcher = "thread"


class Plain(Actor):
    def on_receive(self, message: object) -> object:
        self.tell(LOCAL / "next", Done("plain"))
        return message


def name_of(reactor: type[Reactor]) -> str:
    assert reactor.__channel__ is not None
    return reactor.__channel__.name


KINDS = (Doer, Waiter, Beside, OnThread, WaitsOnThread)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_is_a_part_of_the_send_and_what_it_sends_a_part_of_that(kind: type[Reactor]) -> None:
    spans = Spans()
    name = name_of(kind)
    async with spans.on(Bus(reactors=[Next, kind])) as bus:
        assert await bus.ask(LOCAL / name, Go("well"), reply=str) == "well"
    (process,) = spans.named(f"process {name}")
    (handled,) = spans.named("process next")
    assert spans.parent(process) == f"ask {name}"
    assert [spans.parent(each) for each in spans.named(f"wait {name}")] == [f"ask {name}"]
    assert spans.parent(handled) in ("tell next", "ask next")
    (sent,) = spans.named(spans.parent(handled))
    assert spans.parent(sent) == f"process {name}"
    assert len(spans.traces) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_handler_raises_is_the_reason_and_its_text_is_nowhere(kind: type[Reactor]) -> None:
    spans = Spans()
    name = name_of(kind)
    async with spans.on(Bus(reactors=[kind])) as bus:
        with pytest.raises(RemoteError):
            await bus.ask(LOCAL / name, Go("fail"), reply=str)
    process, ask = spans.one(f"process {name}"), spans.one(f"ask {name}")
    assert attribute(process, "error.type") == "KeyError"
    assert (process.status.status_code, ask.status.status_code) == (StatusCode.ERROR, StatusCode.ERROR)
    assert "secret" not in "".join(span.to_json() for span in spans.all)


async def test_one_message_does_not_lead_to_the_next_one() -> None:
    spans = Spans()
    async with spans.on(Bus(reactors=[Next, Waiter, Doer])) as bus:
        for name in ("waiter", "doer", "waiter"):
            await bus.ask(LOCAL / name, Go("well"))
    assert len(spans.traces) == 3
    assert [spans.parent(span) for span in spans.all if span.name.startswith("ask ") and "next" not in span.name] == [
        "",
        "",
        "",
    ]


async def test_what_is_sent_by_a_ref_is_traced_as_well() -> None:
    spans = Spans()

    class Caller(Reactor):
        channel = Channel("caller", messages=(Go,))
        other: Ref[Plain]

        @handles(Go)
        def go(self, message: Go) -> None:
            self.tell(self.other, message.how)

    async with spans.on(Bus(reactors=[Next])) as bus:
        plain = bus.spawn(Plain, name="plain")
        caller = bus.spawn(Caller)
        caller._cell.actor.other = plain  # type: ignore[union-attr]  # it has begun
        await bus.ask(LOCAL / "caller", Go("by ref"))
        assert await plain.ask("directly", block=False) == "directly"
    first, second = spans.named("process plain")
    assert (spans.parent(first), spans.parent(second)) == ("tell plain", "ask plain")
    assert spans.parent(spans.one("tell plain")) == "process caller"


async def test_a_send_by_a_ref_is_one_span_from_the_call_to_its_outcome() -> None:
    spans = Spans()

    class Small(Reactor):
        channel = Channel("small", messages=(Go,), mailbox=1, overflow=Overflow.REJECT)

        @handles(Go)
        def go(self, message: Go) -> str:
            if message.how == "fail":
                raise KeyError("secret")
            return message.how

    async with spans.on(Bus(reactors=[Doer, OnThread])) as bus:
        small = bus.spawn(Small)
        await bus.started(small)
        with pytest.raises(KeyError):
            await small.ask(Go("fail"), block=False)
        assert await small.ask(Go("well"), block=False, timeout=5.0) == "well"
        small.tell(Go("first"))
        with pytest.raises(MailboxFull):
            small.tell(Go("second"))
        thread = bus.cell("on-thread")
        assert thread is not None
        await asyncio.to_thread(thread.ref.tell, Go("well"))  # type: ignore[union-attr]  # it has begun
    assert [attribute(span, "error.type") for span in spans.named("ask small")] == ["KeyError", None]
    assert [attribute(span, "error.type") for span in spans.named("tell small")] == [None, "mailbox_full"]
    asked = spans.named("ask small")[0]
    (handled,) = [span for span in spans.named("process small") if attribute(span, "error.type")]
    assert spans.parent(handled) == "ask small"
    assert asked.start_time is not None
    assert handled.end_time is not None
    assert asked.end_time is not None
    assert asked.start_time <= handled.end_time <= asked.end_time
    assert spans.parent(spans.one("process on-thread")) == "tell on-thread"


async def test_a_message_that_is_dropped_says_why() -> None:
    spans = Spans()

    class Full(Reactor):
        channel = Channel("full", messages=(Go,), mailbox=1, overflow=Overflow.DROP_OLDEST)

        @handles(Go)
        def go(self, message: Go) -> None:
            """Take it."""

    async with spans.on(Bus(reactors=[Full])) as bus:
        await bus.tell_many(LOCAL / "full", [Go("dropped"), Go("handled")])
    lost = [span for span in spans.named("wait full") if attribute(span, "error.type")]
    assert [attribute(span, "error.type") for span in lost] == ["drop_oldest"]
    assert attribute(spans.one("tell_many full"), "messaging.batch.message_count") == 2


async def test_an_ask_that_is_handled_too_late_says_where_its_time_went() -> None:
    spans = Spans()
    async with spans.on(Bus(reactors=[Next, Waiter])) as bus:
        with pytest.raises(RemoteError):
            await bus.ask(LOCAL / "waiter", Go("fail"))
        asked = bus.ask(LOCAL / "waiter", Go("gone"))
        assert isinstance(asked, asyncio.Future)
        asked.cancel()
        await bus.ask(LOCAL / "waiter", Go("well"))
    assert [attribute(span, "error.type") for span in spans.named("ask waiter")] == ["KeyError", "cancelled", None]


async def test_where_nobody_traces_the_cells_are_the_plain_ones() -> None:
    async with Bus(reactors=[Doer, OnThread]) as bus:
        assert [type(bus.cell(name)) for name in ("doer", "on-thread")] == [LoopCell, ThreadCell]
    async with Spans().on(Bus(reactors=[Doer, OnThread])) as bus:
        assert [type(bus.cell(name)) for name in ("doer", "on-thread")] == [TracedLoopCell, TracedThreadCell]


async def test_an_actor_that_a_handler_spawns_is_no_part_of_what_that_handled() -> None:
    spans = Spans()

    class Child(Actor):
        async def on_started(self) -> None:
            await self.tell(LOCAL / "next", Done("child"))

    class Parent(Reactor):
        channel = Channel("parent", messages=(Go,))

        @handles(Go)
        def go(self, message: Go) -> None:
            self.spawn(Child)

    async with spans.on(Bus(reactors=[Next, Parent])) as bus:
        await bus.ask(LOCAL / "parent", Go("spawn"))
    assert spans.parent(spans.one("tell next")) == ""


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_measured_of_actors_is_measured_of_these_too(kind: type[Reactor]) -> None:
    name = name_of(kind)
    async with Spans().on(Bus(reactors=[Next, kind])) as bus:
        for _ in range(3 * SAMPLED):
            await bus.ask(LOCAL / name, Go("well"), timeout=30.0)
        seen = bus.statistics(0)
    assert seen.staying[name].count
    assert seen.asks["local"][name].count
