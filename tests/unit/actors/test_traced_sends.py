"""On a bus that is traced each way to send is a span, and does what it does elsewhere."""

from __future__ import annotations

import asyncio

import pytest
from spans import Spans, attribute

from peerbus.actors import EVERYONE, LOCAL, Bus, Channel, DeadlineExceeded, Message, NoRoute, Reactor, Role, handles


class Put(Message):
    value: int


class Store(Reactor):
    channel = Channel("store", messages=(Put,), timeout=3.0)

    @handles(Put)
    def put(self, message: Put) -> int:
        return message.value


async def test_each_way_to_send_is_one_span_with_its_deadline() -> None:
    spans = Spans()
    async with spans.on(Bus("alice", reactors=[Store])) as bus:
        await bus.tell(LOCAL / "store", Put(1))
        assert await bus.ask(LOCAL / "store", Put(2), timeout=2.0) == 2
        assert await bus.tell_many(LOCAL / "store", (Put(value) for value in range(3))) == 3
    sent = [span for span in spans.all if attribute(span, "messaging.operation.type") == "send"]
    assert {span.name: attribute(span, "deadline") for span in sent} == {
        "tell store": 3.0,
        "tell_many store": 3.0,
        "ask store": 2.0,
    }
    assert len(spans.named("process store")) == 5
    assert {attribute(span, "messaging.client.id") for span in spans.all} == {"alice"}
    assert {attribute(span, "messaging.system") for span in spans.all} == {"peerbus"}
    assert attribute(spans.one("tell store"), "to") == "bus://local/store"


def test_what_another_thread_sends_belongs_to_what_that_does() -> None:
    spans = Spans()
    tracer = spans.provider.get_tracer("program")
    bus = spans.on(Bus(reactors=[Store]))
    with bus, tracer.start_as_current_span("program"):
        assert bus.ask(LOCAL / "store", Put(1), reply=int).get(timeout=20) == 1
        bus.tell(LOCAL / "store", Put(2)).get(timeout=20)
    assert spans.parent(spans.one("ask store")) == "program"
    assert spans.parent(spans.one("tell store")) == "program"
    assert {spans.parent(span) for span in spans.named("process store")} == {"ask store", "tell store"}
    assert len(spans.traces) == 1


async def test_a_send_that_waits_for_somebody_is_one_send() -> None:
    spans = Spans()
    async with spans.on(Bus(reactors=[])) as bus:
        bus.declare(Store.channel)
        asked = asyncio.ensure_future(bus.ask(LOCAL / "store", Put(7), wait_for_peer=True, timeout=20.0))
        await asyncio.sleep(0)
        bus.spawn(Store)
        assert await asked == 7
    assert spans.parent(spans.one("process store")) == "ask store"
    assert len(spans.named("ask store")) == 1


async def test_a_send_that_fails_says_why_and_in_which_phase() -> None:
    spans = Spans()
    async with spans.on(Bus(reactors=[Store])) as bus:
        with pytest.raises(NoRoute):
            await bus.tell(Role("store") / "store", Put(1))
        with pytest.raises(DeadlineExceeded):
            await bus.ask(Role("store") / "store", Put(1), wait_for_peer=True, timeout=0.01)
        assert not (await bus.tell(EVERYONE / "store", Put(1))).answers
    tells, ask = spans.named("tell store"), spans.one("ask store")
    assert [attribute(span, "error.type") for span in tells] == ["no_route", None]
    assert (attribute(ask, "error.type"), attribute(ask, "phase")) == ("deadline_route", "route")


async def test_what_is_wrong_with_a_call_is_said_as_elsewhere() -> None:
    async with Spans().on(Bus(reactors=[Store])) as bus:
        with pytest.raises(TypeError, match="no address"):
            bus.tell("bus://local/store", Put(1))  # type: ignore[call-overload]  # on purpose
        with pytest.raises(TypeError):
            bus.ask(LOCAL / "store", Put(1), timeout="1")  # type: ignore[call-overload]  # on purpose
        with pytest.raises(ValueError, match="quorum"):
            bus.ask(LOCAL / "store", Put(1), quorum=2)  # type: ignore[call-overload]  # on purpose
        with pytest.raises(TypeError):
            bus.ask(LOCAL / "store", Put(1), reply=7)  # type: ignore[call-overload]  # on purpose
