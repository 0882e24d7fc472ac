"""In tests a send on one node fails where the same send to another one would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    DeadLetter,
    MessageTooLarge,
    MessageTypeError,
    Outcome,
    Reactor,
    RemoteError,
    Request,
    handles,
)
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Item:
    number: int


@dataclass(frozen=True)
class Book(Item):
    title: str = ""


@dataclass(frozen=True)
class Put:
    item: Item
    tags: list[str]
    extra: Any = None


@dataclass(frozen=True)
class Doubled:
    """What it is given is not what it holds."""

    number: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", self.number * 2)


@dataclass(frozen=True)
class Get(Request[Item]):
    answer: str


@dataclass(frozen=True)
class Find:
    answer: str


@dataclass(frozen=True)
class Gone:
    """An answer that nobody declares."""

    number: int


ANSWERS: dict[str, object] = {
    "item": Item(1),
    "book": Book(1),
    "gone": Gone(1),
    "wrong": Gone("one"),  # type: ignore[arg-type]  # the mistake
    "pair": (1, 2),
    "list": [1, "two", {"three": None}],
    "set": {1, 2},
    "event": asyncio.Event(),
    "large": bytes(5000),
    "nothing": None,
}


class Store(Reactor):
    channel = Channel("store", messages=(Put, Doubled, Get, Find, Item, DeadLetter), max_message=4000)

    @handles(Put, Doubled, Item, DeadLetter)
    def take(self, message: object) -> object:
        return None

    @handles(Get, Find)
    def find(self, message: Get | Find) -> Any:
        return ANSWERS[message.answer]


class OnThread(Store):
    channel = Channel("on_thread", messages=(Put, Doubled, Get, Find, Item, DeadLetter), max_message=4000)
    dispatcher = "thread"


BOTH = pytest.mark.parametrize("reactor", [Store, OnThread])

REFUSED: list[tuple[Any, str]] = [
    (Put(Book(1), []), "Put.item holds Book, its type is Item"),
    (Put(Item(1), ("a",)), r"Put.tags holds tuple, its type is list\[str\]"),  # type: ignore[arg-type]  # the mistakes
    (Put(Item("1"), []), "Put.item.number holds str, its type is int"),  # type: ignore[arg-type]
    (Put(Item(1), [], Item(1)), "Put.extra holds Item, and without a declared type"),
    (Put(Item(1 << 64), []), "Put.item.number holds an int of more than 64 bits"),
    (Put(Item(1), ["\ud800"]), r"Put.tags\[0\] holds text that UTF-8 cannot carry"),
    (Doubled(1), "Doubled would arrive as Doubled"),
]


@BOTH
@pytest.mark.parametrize(("message", "text"), REFUSED)
async def test_a_message_that_could_not_go_to_another_node_is_refused_here(
    reactor: type[Store], message: Any, text: str
) -> None:
    async with Bus(reactors=[reactor]) as bus, bus.subscribe(DeadLetter) as letters:
        sends: list[Outcome[object]] = [bus.tell(LOCAL / reactor, message), bus.ask(LOCAL / reactor, message)]
        for send in sends:
            with pytest.raises(MessageTypeError, match=text) as caught:
                await send
            assert caught.value.message is message
            assert (await letters.get()).reason == "message_type"


@BOTH
async def test_a_message_that_is_larger_than_its_channel_carries_is_refused_here(reactor: type[Store]) -> None:
    async with Bus(reactors=[reactor]) as bus:
        with pytest.raises(MessageTooLarge, match="carries 4000"):
            await bus.tell(LOCAL / reactor, Put(Item(1), ["a" * 5000]))


@BOTH
@pytest.mark.parametrize(
    ("message", "reply", "error", "text"),
    [
        (Get("book"), None, MessageTypeError, "the answer is Book, it should be Item"),
        (Find("gone"), None, MessageTypeError, "its type is not known here: ask with reply="),
        (Find("wrong"), Gone, MessageTypeError, "the answer.number holds str, its type is int"),
        (Find("pair"), None, MessageTypeError, "its type is not known here"),
        (Find("book"), Item, MessageTypeError, "the answer is not one of Item"),
        (Find("book"), list[int], MessageTypeError, "answered Find with a Book, not a list"),
        (Find("event"), None, MessageTypeError, "Event, which cannot travel"),
        (Find("large"), bytes, MessageTooLarge, "carries 4000"),
    ],
)
async def test_an_answer_that_could_not_come_from_another_node_is_refused_here(
    reactor: type[Store], message: Any, reply: Any, error: type[Exception], text: str
) -> None:
    async with Bus(reactors=[reactor]) as bus:
        with pytest.raises(error, match=text):
            await bus.ask(LOCAL / reactor, message, reply=reply)


@BOTH
async def test_what_travels_arrives_itself(reactor: type[Store]) -> None:
    async with Bus(reactors=[reactor]) as bus:
        to = LOCAL / reactor
        assert await bus.ask(to, Get("item")) is ANSWERS["item"]
        assert await bus.ask(to, Find("item")) is ANSWERS["item"]
        assert await bus.ask(to, Find("gone"), reply=Gone) is ANSWERS["gone"]
        assert await bus.ask(to, Find("pair"), reply=tuple[int, int]) is ANSWERS["pair"]
        assert await bus.ask(to, Find("set"), reply=set[int]) is ANSWERS["set"]
        assert await bus.ask(to, Find("list")) is ANSWERS["list"]
        assert await bus.ask(to, Find("nothing"), reply=int | None) is None
        await bus.tell(to, Put(Item(1), ["a"], {"b": [1.5, None]}))


async def test_a_send_by_a_ref_from_another_thread_is_refused_too() -> None:
    async with Bus(reactors=[Store]) as bus:
        ref = bus.cell("store").ref  # type: ignore[union-attr]  # it runs
        assert ref is not None
        for message in (Put(Book(1), []), Get("book")):
            with pytest.raises(MessageTypeError, match=r"Book, (its type is|it should be) Item"):
                await asyncio.to_thread(ref.ask, message)
        assert await asyncio.to_thread(ref.ask, Get("item")) == Item(1)


async def test_facts_and_what_a_handler_raises_are_not_looked_at() -> None:
    async with Bus(reactors=[Store]) as bus:
        await bus.tell(LOCAL / Store, DeadLetter(object(), "gone", "-", "-"))
        with pytest.raises(RemoteError, match="KeyError"):
            await bus.ask(LOCAL / Store, Find("none"))


async def test_a_class_inside_a_function_stays_on_its_node() -> None:
    @dataclass(frozen=True)
    class Inside:
        number: int

    @dataclass(frozen=True)
    class Holds:
        inside: Inside

    class Holder(Reactor):
        channel = Channel("holder", messages=(Holds,))

        @handles(Holds)
        def take(self, message: Holds) -> int:
            return message.inside.number

    async with Bus(reactors=[Holder]) as bus:
        assert await bus.ask(LOCAL / Holder, Holds(Inside(7))) == 7


async def test_in_production_the_object_is_handed_over_and_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERBUS_CHECK_SENDS")
    async with Bus(reactors=[Store]) as bus:
        await bus.tell(LOCAL / Store, Put(Book(1), []))
        assert await bus.ask(LOCAL / Store, Find("event")) is ANSWERS["event"]


@pytest.mark.parametrize("setting", ["1", None])
def test_the_simulation_looks_whoever_runs_it(monkeypatch: pytest.MonkeyPatch, setting: str | None) -> None:
    if setting is None:
        monkeypatch.delenv("PEERBUS_CHECK_SENDS")
    sim = Simulation(seed=1)

    async def scenario() -> None:
        alice = await sim.node("alice", reactors=[Store])
        with pytest.raises(MessageTypeError, match=r"Put.item holds Book"):
            await alice.tell(LOCAL / Store, Put(Book(1), []))
        with pytest.raises(MessageTypeError, match="its type is not known here"):
            await alice.ask(LOCAL / Store, Find("pair"))

    sim.run(scenario())
