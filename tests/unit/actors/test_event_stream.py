"""The event stream: facts in their order, to whoever subscribed, in plain code or as an actor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorFailed,
    ActorRestarted,
    ActorStarted,
    ActorTerminated,
    Bus,
    Channel,
    DeadLetter,
    NoSuchReactor,
    PeerbusError,
    Reactor,
    Ref,
    Retained,
    Supervision,
    handles,
)
from peerbus.actors.event_stream import MAX_LAG, EventStream

Turns = Callable[[], Awaitable[None]]


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


@dataclass(frozen=True)
class Nap:
    seconds: float


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        if message < 0:
            raise ValueError(message)
        return message


async def test_facts_of_life_are_published_in_order() -> None:
    async with Bus() as bus, bus.subscribe(ActorStarted, ActorFailed, ActorRestarted, ActorTerminated) as facts:
        ref = bus.spawn(Plain, name="plain", supervision=Supervision(backoff=0.0))
        await bus.tell(ref, -1)
        assert await bus.ask(ref, 1) == 1
        await ref.stop(block=False)
        seen = [await facts.get() for _ in range(4)]
        assert [type(fact) for fact in seen] == [ActorStarted, ActorFailed, ActorRestarted, ActorTerminated]
        assert {getattr(fact, "actor", None) for fact in seen} == {"plain"}


async def test_a_subscription_ends_with_the_bus_or_its_close(turns: Turns) -> None:
    async with Bus() as bus:
        one, other = bus.subscribe(DeadLetter), bus.subscribe(DeadLetter)
        waiting = asyncio.ensure_future(one.get())
        iterating = asyncio.ensure_future(_all_of(other))
        await bus.ask(bus.spawn(Plain), 1)
        with pytest.raises(NoSuchReactor):
            await bus.tell(LOCAL / "nobody", 1)
        assert (await waiting).message == 1
        more = [asyncio.ensure_future(one.get()) for _ in range(2)]
        await turns()
        one.close()
        for each in more:
            with pytest.raises(PeerbusError):
                await each
    assert [letter.message for letter in await iterating] == [1]


async def _all_of(events: object) -> list[DeadLetter]:
    return [event async for event in events]  # type: ignore[attr-defined]


async def test_more_facts_than_the_stream_holds_do_not_feed_themselves(turns: Turns) -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        for i in range(10_000):
            bus.tell(LOCAL / "nobody", i)
        await turns()
        for _ in range(100):
            await asyncio.sleep(0)
        last = None
        while (letter := letters.get_nowait()) is not None:
            last = letter
        assert last is not None
        assert last.message == 9_999
        assert letters.missed > 0
        assert bus.statistics().dead_letters == {"no_such_reactor": 10_000}


async def test_actors_hear_facts_and_are_not_harmed_by_their_own(turns: Turns) -> None:
    class Hears(Reactor):
        channel = Channel("hears", messages=(Nap,), mailbox=1)

        @handles(Nap)
        def never(self, _: Nap) -> None: ...

        def __init__(self) -> None:
            super().__init__()
            self.heard = 0

        @handles(DeadLetter)
        async def hear(self, _: DeadLetter) -> None:
            self.heard += 1
            raise ValueError

    async with Bus() as bus:
        ref = bus.spawn(Hears, supervision=Supervision(backoff=0.0, budget=100))
        bus.subscribe_actor(ref, DeadLetter)
        for i in range(3):
            bus.tell(LOCAL / "nobody", i)
        await asyncio.sleep(5)
        assert bus.statistics().dead_letters["handler_failed"] <= 3
        await ref.stop(block=False)
        bus.tell(LOCAL / "nobody", 1)
        await turns()


async def test_who_lags_behind_loses_the_oldest_facts_and_learns_how_many() -> None:
    async with Bus() as bus, bus.subscribe(int) as numbers:
        for number in range(MAX_LAG + 3):
            bus.publish(number)
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert numbers.missed == 3
        assert numbers.get_nowait() == 3


async def test_a_fact_that_nobody_listens_for_is_not_kept() -> None:
    async with Bus() as bus:
        bus.publish("nobody hears this")
        with bus.subscribe(str) as facts:
            bus.publish("this")
            bus.publish(7)
            assert await facts.get() == "this"
        assert facts.get_nowait() is None
        with pytest.raises(PeerbusError, match="the subscription has ended"):
            await facts.get()


async def test_a_subscription_names_types() -> None:
    async with Bus() as bus:
        with pytest.raises(TypeError, match=r"as in subscribe\(DeadLetter\)"):
            bus.subscribe()
        with pytest.raises(TypeError, match="takes types of events"):
            bus.subscribe("DeadLetter")  # type: ignore[arg-type]  # the mistake


async def test_an_actor_hears_no_more_when_it_has_unsubscribed() -> None:
    class Listener(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[object] = []

        def on_receive(self, message: object) -> list[object]:
            self.heard.append(message)
            return self.heard

    async with Bus() as bus:
        ref = bus.spawn(Listener)
        bus.subscribe_actor(ref, str)
        bus.publish("first")
        await asyncio.sleep(0.01)
        bus.unsubscribe_actor(ref)
        bus.publish("second")
        await asyncio.sleep(0.01)
        assert await bus.ask(ref, "asked") == ["first", "asked"]


@dataclass(frozen=True)
class Opened(Retained):
    shop: str
    by: str = ""

    @property
    def about(self) -> object:
        return self.shop


@dataclass(frozen=True)
class Shut(Opened):
    clears: ClassVar[bool] = True


class Hearer(Actor):
    """Subscribes as it starts, and says what it has heard since."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, Opened)

    def on_receive(self, message: object) -> object:
        if message == "restart":
            raise ValueError
        if message == "heard":
            return self.heard
        self.heard.append(message)
        return None


class ThreadHearer(Hearer):
    dispatcher = "thread"


@pytest.mark.parametrize("hearer", [Hearer, ThreadHearer])
async def test_whatever_subscribes_late_is_told_what_stands_and_then_what_follows(hearer: type[Hearer]) -> None:
    async with Bus() as bus:
        for fact in (Opened("a"), Opened("b"), Shut("a"), Opened("b", "bob"), Opened("c"), Shut("never")):
            bus.publish(fact)
        first = bus.spawn(hearer)
        await bus.started(first)
        bus.publish(Shut("b"))
        bus.publish(Opened("a", "again"))
        late = bus.spawn(hearer)
        await bus.started(late)
        bus.publish(Shut("c"))
        for ref in (first, late):
            while Shut("c") not in (heard := await bus.ask(ref, "heard", reply=list[object])):
                pass
            stands: dict[str, Opened] = {}
            for each in heard:
                assert isinstance(each, Opened)
                assert stands.get(each.shop) != each, "told twice"
                stands[each.shop] = each
            assert {shop: fact for shop, fact in stands.items() if not fact.clears} == {"a": Opened("a", "again")}


async def test_a_restart_tells_it_again_what_stands() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Hearer, supervision=Supervision(backoff=0.0))
        await bus.started(ref)
        bus.publish(Opened("a"))
        bus.publish(Opened("b"))
        while await bus.ask(ref, "heard") != [Opened("a"), Opened("b")]:
            pass
        bus.publish(Shut("a"))
        while await bus.ask(ref, "heard") != [Opened("a"), Opened("b"), Shut("a")]:
            pass
        await bus.tell(ref, "restart")
        while await bus.ask(ref, "heard") != [Opened("b")]:
            pass


async def test_what_had_no_room_in_the_stream_stands_all_the_same() -> None:
    async with Bus() as bus:
        bus.publish(Opened("early"))
        bus.publish(Opened("gone"))
        for number in range(EventStream.mailbox_limit):
            bus.publish(Opened("flood", str(number)))
        bus.publish(Shut("gone"))
        for number in range(EventStream.mailbox_limit):
            bus.publish(Opened("flood", str(number)))
        await asyncio.sleep(0.01)
        ref = bus.spawn(Hearer)
        await bus.started(ref)
        last = Opened("flood", str(EventStream.mailbox_limit - 1))
        assert await bus.ask(ref, "heard") == [Opened("early"), last]


def test_before_the_bus_runs_there_is_nothing_to_subscribe_to() -> None:
    bus = Bus("idle")
    bus.publish("nobody can hear this")
    bus.unsubscribe_actor(None)  # type: ignore[arg-type]  # nobody can be subscribed
    with pytest.raises(PeerbusError, match="idle does not run"):
        bus.subscribe(DeadLetter)
