"""An answer is what its message names, or what `reply` says, whoever asks and whoever answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NewType, Protocol, TypedDict

import msgspec
import pytest

from peerbus.actors import LOCAL, Actor, Bus, Channel, MessageTypeError, Reactor, Request, handles
from peerbus.actors.messages.answers import article, misfit


@dataclass(frozen=True)
class Block:
    height: int


class Better(Block):
    pass


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    answer: Any


class GetMany(msgspec.Struct, Request[list[Block]], frozen=True):
    answer: Any


@dataclass(frozen=True)
class GetMaybe(Request[Block | None]):
    answer: Any


@dataclass(frozen=True)
class GetAnything:
    answer: Any


class Echo(Reactor):
    channel = Channel("echo", messages=(GetBlock, GetMany, GetMaybe, GetAnything))

    @handles(GetBlock, GetMany, GetMaybe, GetAnything)
    def answer(self, message: GetBlock | GetMany | GetMaybe | GetAnything) -> Any:
        return message.answer


class SlowEcho(Actor):
    dispatcher = "thread"

    @handles(GetBlock)
    def answer(self, message: GetBlock) -> Any:
        return message.answer


@pytest.fixture(autouse=True)
def nothing_is_to_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """These answers stay on their node, whatever they are."""
    monkeypatch.setenv("PEERBUS_CHECK_SENDS", "0")


class Sensor(TypedDict):
    name: str


class Weird:
    """It cannot travel."""


class Closes(Protocol):
    def close(self) -> None: ...


Height = NewType("Height", int)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (int, [1, True], ["1", None, 1.0]),
        (float, [1.0, 1], ["1", None]),
        (None, [None], [0]),
        (Any, [None, 1, Weird()], []),
        (object, [None, 1, Weird()], []),
        (Block, [Block(1), Better(1)], [None, "Block", 1]),
        (Weird, [Weird()], [Block(1)]),
        (int | None, [1, None], ["1"]),
        (Block | Weird | None, [Block(1), Weird(), None], [1]),
        (list[int], [[], [1, 2]], [(1, 2), [1, "2"], None, [None]]),
        (list[Block], [[], [Block(1)]], [[Block(1), 2], [Better(1)], Block(1)]),
        (list[Weird], [[], [Weird()]], [(), Weird()]),
        (dict[str, list[int]], [{}, {"a": [1]}], [{"a": ["1"]}, {1: [1]}, []]),
        (tuple[int, ...], [(), (1, 2)], [[1], ("1",)]),
        (tuple[int, str], [(1, "a")], [(1,), ("a", 1)]),
        (Literal["on", "off"], ["on"], ["up", 1]),
        (Sensor, [{"name": "a"}], [{"name": 1}, {}, None]),
        (Height, [1], ["1"]),
    ],
)
def test_a_value_fits_a_type_or_does_not(kind: Any, right: list[object], wrong: list[object]) -> None:
    assert [value for value in right if misfit("ask", kind, value)] == []
    assert [value for value in wrong if not isinstance(misfit("ask", kind, value), MessageTypeError)] == []


def test_what_is_wrong_inside_is_named() -> None:
    error = misfit(GetMany(None), list[Block], [Block(1), None])
    assert str(error) == "the answer to GetMany is a list: it[1] holds NoneType, its type is Block"


@pytest.mark.parametrize("reply", [3, "int", [int], Closes, (int, str)])
async def test_a_reply_that_is_no_type_is_refused_before_anything_is_sent(reply: Any) -> None:
    async with Bus(reactors=[Echo]) as bus:
        with pytest.raises(TypeError, match="reply is "):
            await bus.ask(LOCAL / Echo, GetAnything(1), reply=reply)


WRONG: list[tuple[Any, str]] = [
    (GetBlock(7), "answered GetBlock with an int, not a Block"),
    (GetMany([Block(1), 2]), r"answered GetMany with a list: it\[1\] holds int"),
    (GetMaybe("no"), r"answered GetMaybe with a str, not a Block \| None"),
]


@pytest.mark.parametrize("message", [GetBlock(Block(1)), GetMany([Block(1)]), GetMaybe(None), GetMaybe(Block(2))])
async def test_the_answer_that_a_request_names_arrives(message: Any) -> None:
    async with Bus(reactors=[Echo]) as bus:
        assert await bus.ask(LOCAL / Echo, message) == message.answer


@pytest.mark.parametrize(("message", "text"), WRONG)
async def test_another_answer_than_the_request_names_is_refused(message: Any, text: str) -> None:
    async with Bus(reactors=[Echo]) as bus:
        with pytest.raises(MessageTypeError, match=text):
            await bus.ask(LOCAL / Echo, message)


async def test_what_reply_says_goes_before_what_the_request_names() -> None:
    async with Bus(reactors=[Echo]) as bus:
        assert await bus.ask(LOCAL / Echo, GetBlock(7), reply=int) == 7


async def test_a_request_without_a_word_of_reply_is_checked_through_every_door() -> None:
    async with Bus(reactors=[Echo]) as bus:
        ref = bus.spawn(SlowEcho)

        class Asker(Actor):
            @handles(str)
            async def go(self, _: str) -> object:
                return await self.ask(LOCAL / Echo, GetBlock(7))

        asks: list[Callable[[], Any]] = [
            lambda: bus.ask(ref, GetBlock(7)),
            lambda: ref.ask(GetBlock(7), block=False),
            lambda: asyncio.to_thread(lambda: bus.ask(LOCAL / Echo, GetBlock(7)).get(timeout=5)),
            lambda: asyncio.to_thread(lambda: ref.ask(GetBlock(7), timeout=5)),
        ]
        for ask in asks:
            with pytest.raises(MessageTypeError, match="answered GetBlock with an int, not a Block"):
                await ask()
        with pytest.raises(Exception, match="answered GetBlock with an int, not a Block"):
            await bus.ask(bus.spawn(Asker), "go")
        assert await asyncio.to_thread(lambda: ref.ask(GetBlock(Block(3)), timeout=5)) == Block(3)


def test_a_pykka_program_asks_a_request() -> None:
    ref = SlowEcho.start()
    try:
        assert ref.ask(GetBlock(Block(1)), timeout=5) == Block(1)
        with pytest.raises(MessageTypeError, match="with an int, not a Block"):
            ref.ask(GetBlock(1), timeout=5)
    finally:
        ref.stop()


@pytest.mark.parametrize(
    ("noun", "shown"),
    [
        ("int", "an int"),
        ("Order", "an Order"),
        ("UUID", "a UUID"),
        ("User", "a User"),
        ("Unknown", "an Unknown"),
        ("_Answer", "an _Answer"),
        ("Block | None", "a Block | None"),
    ],
)
def test_a_noun_gets_its_article(noun: str, shown: str) -> None:
    assert article(noun) == shown
