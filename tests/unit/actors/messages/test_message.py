"""`Message`: a value like a frozen dataclass, with the same bytes on the wire, in whatever a message is used for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import weakref
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import make_message

from peerbus.actors import LOCAL, Actor, Bus, Channel, Message, MessageTypeError, Reactor, Request, handles
from peerbus.actors.messages.encoding import encoding_of
from peerbus.actors.messages.request import answer_named
from peerbus.transports.schema import describe
from peerbus.transports.wire.payload import ChannelCodec

T = TypeVar("T")
LIMIT = 1 << 20


class Block(Message):
    height: int
    data: bytes = b""


class GetBlock(Message, Request[Block]):
    height: int
    hints: list[str] = []  # noqa: RUF012  # each message gets its own


class GetAny(Request[list[T]], Message, Generic[T]):
    first: T
    number: int = msgspec.field(default=3)


class GetNames(GetAny[str]):
    more: bool = False


class Named(Message, kw_only=True):
    """With all that a class may have beside its fields."""

    most: ClassVar[int] = 7

    name: Final[str]
    later: Named | None = None
    tags: dict[str, int] = msgspec.field(default_factory=lambda: {"a": 1})

    @property
    def loud(self) -> str:
        return self.name.upper()


class Careful(Message):
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("below zero")
        if self.number > 100:
            raise SystemExit("a library gives up")


class Rounded(Message):
    number: int

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "number", self.number // 10 * 10)


VALUES: list[Message] = [
    Block(1, b"x"),
    GetBlock(7),
    GetAny(date(2026, 1, 1)),
    GetNames("a", more=True),
    Named(name="a", later=Named(name="b")),
    Careful(3),
    Rounded(17),
]


@pytest.mark.parametrize("message", VALUES, ids=lambda message: type(message).__name__)
def test_a_message_is_a_value(message: Any) -> None:
    copies = [copy.copy(message), copy.deepcopy(message), msgspec.structs.replace(message)]
    copies += [pickle.loads(pickle.dumps(message, version)) for version in range(pickle.HIGHEST_PROTOCOL + 1)]  # noqa: S301  # its own bytes
    assert all(each == message and type(each) is type(message) and each is not message for each in copies)
    assert message != object()
    assert repr(message).startswith(f"{type(message).__name__}(")
    assert not hasattr(message, "__dict__")
    with pytest.raises(AttributeError, match="immutable"):
        setattr(message, message.__struct_fields__[0], 0)


def test_messages_are_equal_where_their_class_and_their_fields_are() -> None:
    assert GetBlock(7) == GetBlock(7)
    assert GetBlock(7) != GetBlock(8)
    assert Careful(10) != Rounded(10)  # type: ignore[comparison-overlap]  # no equality of what is not of one class
    assert GetNames("a") != GetAny("a")
    assert {Block(1), Block(1), Block(2)} == {Block(2), Block(1)}
    assert repr(GetBlock(7, ["a"])) == "GetBlock(height=7, hints=['a'])"


def test_a_field_without_a_hash_leaves_the_message_without_one() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(GetBlock(7))


def test_each_message_has_a_default_of_its_own() -> None:
    assert GetBlock(1).hints is not GetBlock(1).hints
    assert Named(name="a").tags is not Named(name="a").tags
    assert Named(name="a") == Named(name="a", later=None, tags={"a": 1})


def test_a_message_matches_a_pattern() -> None:
    match GetBlock(7):
        case GetBlock(height, hints=[]):
            assert height == 7
        case _:
            pytest.fail("it does not match")


def test_a_class_of_messages_may_have_more_than_fields() -> None:
    assert (Named.most, Named(name="a").loud) == (7, "A")
    assert Named.__struct_fields__ == ("name", "later", "tags")
    assert answer_named(GetBlock) is Block
    assert answer_named(GetNames) == list[str]


class Keeps(Message, weakref=True, dict=True):
    number: int
    made: ClassVar[list[int]] = []

    def __post_init__(self) -> None:
        self.made.append(self.number)

    @cached_property
    def double(self) -> int:
        return self.number * 2


def test_class_keywords_give_a_message_what_it_does_without() -> None:
    message = Keeps(7)
    assert weakref.ref(message)() is message
    assert (message.double, message.double) == (14, 14)
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Block(1))


def test_a_message_looks_at_itself_wherever_it_is_made() -> None:
    Keeps.made.clear()
    message = Keeps(7)
    copy.copy(message)
    assert Keeps.made == [7]
    pickle.loads(pickle.dumps(message))  # noqa: S301  # its own bytes
    copy.deepcopy(message)
    encoding_of(Keeps).decode(encoding_of(Keeps).encode(message))
    assert Keeps.made == [7] * 4


# What a channel takes.


@dataclass(frozen=True)
class Plain:
    number: int


class Frozen(msgspec.Struct, frozen=True):
    number: int


class Open(msgspec.Struct):
    number: int


class Unfrozen(Message, frozen=False):  # type: ignore[misc]  # the mistake
    number: int


class OfDataclasses(Message):
    tags: list[str] = dataclasses.field(default_factory=list)


Both: type = dataclass(frozen=True, match_args=False)(make_message("Both", [("number", int)]))


def test_a_channel_takes_frozen_classes_of_each_kind() -> None:
    channel = Channel("odd", messages=(GetBlock, Plain, Frozen))
    assert channel.types == {GetBlock, Plain, Frozen}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Open, "Open is not frozen; .* derive it from Message, or declare it with frozen=True"),
        (Unfrozen, "Unfrozen is not frozen; .* derive it from Message"),
        (Message, "cannot be a message: declare it as a class that derives from Message"),
        (OfDataclasses, r"OfDataclasses is a Message .* msgspec\.field\(…\) in place of dataclasses\.field"),
        (Both, "Both is a Message .* leave @dataclass out"),
    ],
)
def test_what_is_no_class_of_frozen_values_is_refused_where_the_channel_is_made(kind: type, text: str) -> None:
    with pytest.raises(TypeError, match=f"channel 'odd': .*{text}"):
        Channel("odd", messages=(kind,))


def test_a_message_cannot_derive_from_a_dataclass_nor_become_one() -> None:
    with pytest.raises(TypeError, match="Struct base classes cannot define __init__"):
        type("Odd", (Plain, Message), {})
    with pytest.raises(AttributeError):
        dataclass(frozen=True)(make_message("Odd", [("number", int)]))


@pytest.mark.parametrize("kind", [object, complex, Callable[[], int], dataclasses.InitVar[int], Block | GetBlock])
def test_a_field_that_cannot_travel_is_named_where_the_channel_is_made(kind: Any) -> None:
    with pytest.raises(TypeError, match="channel 'odd': Odd cannot travel: field 'b'"):
        Channel("odd", messages=(make_message("Odd", [("a", int), ("b", kind)]),))


def test_a_message_that_cannot_travel_stays_an_object() -> None:
    odd = make_message("Odd", [("call", Callable[[], int])])
    assert odd(len).call is len


def test_a_message_is_made_as_fast_as_a_bare_struct() -> None:
    assert type(Message) is type(msgspec.Struct)  # see the module, why


# On the wire.

FIELDS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "number": (int, st.integers(-(2**63), 2**64 - 1)),
    "share": (float, st.floats()),
    "text": (str, st.text(max_size=40)),
    "data": (bytes, st.binary(max_size=40)),
    "maybe": (int | None, st.none() | st.integers(0, 9)),
    "many": (list[str], st.lists(st.text(max_size=3), max_size=20)),
    "by_name": (dict[str, int], st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=20)),
    "pair": (tuple[int, bool], st.tuples(st.integers(0, 9), st.booleans())),
    "when": (date, st.dates()),
    "block": (Block, st.builds(Block, st.integers(0, 9), st.binary(max_size=5))),
    "plain": (Plain, st.builds(Plain, st.integers(0, 9))),
    "anything": (Any, st.none() | st.lists(st.integers(0, 9), max_size=3)),
}


@st.composite
def twins(draw: st.DrawFn) -> tuple[Any, Any]:
    """A message and a dataclass with the same name, fields and values."""
    names = draw(st.lists(st.sampled_from(list(FIELDS)), unique=True))
    fields = [(name, FIELDS[name][0]) for name in names]
    values = [draw(FIELDS[name][1]) for name in names]
    return make_message("Note", fields)(*values), make_dataclass("Note", fields, frozen=True)(*values)


@given(twins())
def test_a_message_and_a_dataclass_of_the_same_fields_have_the_same_bytes(of: tuple[Any, Any]) -> None:
    message, plain = of
    channels: list[Channel[Any]] = [Channel("notes", messages=(type(each),)) for each in (message, plain)]
    assert len({describe(channel).schema for channel in channels}) == 1
    codecs = [ChannelCodec(channel) for channel in channels]
    [sent] = {codec.encode(each, LIMIT) for codec, each in zip(codecs, of, strict=True)}
    for codec, each in zip(codecs, of, strict=True):  # either side may be either
        assert repr(codec.decode(*sent)) == repr(each)
        assert codec.encode(codec.decode(*sent), LIMIT) == sent


def test_a_message_that_refuses_its_own_fields_is_malformed_whatever_it_raises() -> None:
    codec = ChannelCodec(Channel("careful", messages=(Careful,)))
    assert codec.decode(*codec.encode(Careful(5), LIMIT)) == Careful(5)
    for number, text in ((-1, "below zero"), (101, "a library gives up")):
        with pytest.raises(MessageTypeError, match=f"Careful on channel 'careful' is malformed: {text}"):
            codec.decode(1, msgspec.msgpack.encode({"number": number}))


def test_what_is_not_exactly_of_its_type_is_named_to_its_sender() -> None:
    encoding = encoding_of(GetBlock)
    for message, text in (
        (GetBlock("7"), "GetBlock.height holds str, its type is int"),  # type: ignore[arg-type]  # the mistakes
        (GetBlock(7, ("a",)), r"GetBlock.hints holds tuple, its type is list\[str\]"),  # type: ignore[arg-type]
        (GetBlock(1 << 64), "GetBlock.height holds an int of more than 64 bits"),
    ):
        with pytest.raises(MessageTypeError, match=text) as caught:
            encoding.encode(message)
        assert caught.value.message is message


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Careful, Rounded))

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    @handles(Message)
    def other(self, message: Message) -> str:
        return type(message).__name__


async def test_a_handler_is_found_by_the_class_of_the_message_or_its_base() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        assert await bus.ask(LOCAL / Blocks, GetBlock(7)) == Block(7)
        assert await bus.ask(LOCAL / Blocks, Careful(7), reply=str) == "Careful"
        assert await bus.ask(LOCAL / Blocks, Rounded(7), reply=str) == "Rounded"


def test_a_handler_that_returns_another_answer_than_the_message_names_is_refused_where_its_class_is_made() -> None:
    with pytest.raises(TypeError, match="get returns int, and the answer to GetBlock is Block"):

        class Wrong(Actor):
            @handles(GetBlock)  # type: ignore[arg-type]  # the mistake
            def get(self, wanted: GetBlock) -> int:
                return 1


async def test_an_answer_is_held_to_what_a_message_names() -> None:
    class Odd(Blocks):
        def get(self, wanted: GetBlock) -> Any:
            return Careful(1)

    async with Bus(reactors=[Odd]) as bus:
        with pytest.raises(MessageTypeError, match=r"GetBlock .*a Careful, not a Block"):
            await bus.ask(LOCAL / Odd, GetBlock(7))
