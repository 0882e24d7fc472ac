"""What one side can send to a channel of the other one, and which of its answers it can read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from peerbus.actors import Channel, Message, Stream
from peerbus.transports.schema import Compatibility, compare, describe, reading
from peerbus.transports.schema.compatibility import STEPS, STEPS_OF_PART, Sides
from peerbus.transports.schema.description import (
    DESCRIPTION_LIMIT,
    IN_ITEMS,
    Description,
    MessageShape,
    spelled_shape,
    write_description,
)
from peerbus.transports.schema.reading import Reading


class Block(Message):
    height: int


class NewBlock(Message):
    height: int
    data: bytes


class Missing(Message):
    why: str = ""


NewBlock.__name__ = NewBlock.__qualname__ = "Block"


def get(answer: Any) -> type:
    """A message `Get` that names this answer."""
    made = msgspec.defstruct("Get", [("height", int)], bases=(Message,), frozen=True)
    made.__answer__ = answer  # type: ignore[attr-defined]  # as a class statement of `Request` does it
    return made


def compared(ours: tuple[type, ...], theirs: tuple[type, ...]) -> Compatibility:
    one, other = (describe(Channel("c", messages=messages)).description for messages in (ours, theirs))
    return compare(one, other, Sides("this", "that"))


class Put(Message):
    key: int


class Drop(Message):
    key: int


def test_equal_channels_have_the_numbers_of_the_other_side() -> None:
    found = compared((Put, Drop), (Drop, Put))
    assert found.numbers == {"Put": 2, "Drop": 1}
    assert found.whole
    assert found.reads == (1, 0)


def test_a_message_that_is_not_there_keeps_no_other_one_back() -> None:
    found = compared((Put, Drop), (Put,))
    assert found.numbers == {"Put": 1}
    assert found.refused == {"Drop": "that does not declare it; it is too old or too new"}
    assert (found.whole, found.usable) == (False, True)
    assert compared((Put,), (Put, Drop)).whole


def test_an_answer_that_becomes_a_stream_keeps_the_ask_back_and_says_so_both_ways() -> None:
    becomes = compared((get(Block),), (get(Stream[Block]),))
    assert (becomes.numbers, becomes.otherwise) == ({"Get": 1}, frozenset({"Get"}))
    assert becomes.unread == {
        "Get": "the answer to Get comes in items at that, at once at this; declare a message of another name for one "
        "of the two, beside this one"
    }
    back = compared((get(Stream[Block]),), (get(Block),))
    assert back.unread["Get"].startswith("the answer to Get comes at once at that, in items at this")
    assert compared((get(Stream),), (get(int),)).otherwise == {"Get"}
    assert not compared((get(Stream[Block]),), (get(Block),)).whole


def test_items_that_become_others_are_as_answers_are_and_may_be_read_by_who_says_as_what() -> None:
    found = compared((get(Stream[NewBlock]),), (get(Stream[Block]),))
    assert (found.otherwise, found.unread["Get"].partition(";")[0]) == (
        frozenset(),
        "the answer to Get.data is required at this, and that does not have it",
    )
    assert compared((get(Stream[float]),), (get(Stream[int]),)).whole
    assert compared((get(Stream),), (get(Stream[int]),)).whole


@pytest.mark.parametrize("comes", [None, "by pieces", 7, ["items"]])
def test_of_one_that_does_not_say_how_its_answers_come_nobody_knows(comes: object) -> None:
    ours = describe(Channel("c", messages=(get(Stream[int]),))).description
    theirs = describe(Channel("c", messages=(get(int),))).description
    before = msgspec.structs.replace(theirs, messages=(msgspec.structs.replace(theirs.messages[0], comes=comes),))
    assert ours.messages[0].comes == IN_ITEMS
    assert compare(ours, before).whole
    assert compare(before, ours).whole


def test_an_answer_that_cannot_be_read_keeps_the_ask_back_and_not_the_tell() -> None:
    found = compared((get(NewBlock),), (get(Block),))
    assert found.numbers == {"Get": 1}
    assert found.unread == {
        "Get": "the answer to Get.data is required at this, and that does not have it; give it a default at this, or "
        "add it at that first"
    }
    assert compared((get(Block),), (get(NewBlock),)).whole


def test_answers_may_be_declared_on_one_side_only() -> None:
    for ours, theirs in (
        ((get(Block), Block), (get(Block),)),
        ((get(Block),), (get(Block), Block)),
        ((get(Block | None),), (get(Block), Block)),
        ((get(Block | Missing), Block, Missing), (get(Block), Block)),
    ):
        found = compared(ours, theirs)
        assert (found.numbers["Get"], found.unread) == (1, {})
    found = compared((get(Block), Block), (get(Block | Missing), Block, Missing))
    assert "may be Missing at that, which this does not expect" in found.unread["Get"]


def test_an_answer_beside_what_comes_by_a_number_is_named_with_all_that_is_known() -> None:
    found = compared((get(Block), Block), (get(Block | None), Block))
    assert found.unread == {
        "Get": "the answer to Get may be None at that, Block at this; name None as an answer at this first"
    }


def test_where_one_side_names_no_answer_nobody_knows_better() -> None:
    class Get(Message):
        height: int

    assert compared((Get,), (get(Block),)).whole
    assert compared((get(Block),), (Get,)).whole


def test_an_answer_that_is_a_plain_type_is_compared_as_a_field_is() -> None:
    assert compared((get(float),), (get(int),)).whole
    assert "the answer to Get is float at that, int at this" in compared((get(int),), (get(float),)).unread["Get"]
    assert compared((get(list[Block]),), (get(list[NewBlock]),)).whole


def test_what_a_stranger_describes_is_judged_whatever_it_is() -> None:
    ours = describe(Channel("c", messages=(get(Block), Block))).description
    strange = Description(1, (), (MessageShape("Get", ["list"], 7), MessageShape("Block", 99, ["union"])))
    found = compare(ours, strange)
    assert not found.usable
    assert set(found.refused) == {"Get", "Block"}
    assert set(found.unreadable) == {2, 1}
    long = Description(1, (), tuple(MessageShape("x" * 1000, 0, None) for _ in range(100)))
    assert all(len(text) < 700 for text in compare(ours, long).unreadable.values())


class Sorted(Message):
    kind: Literal["a", "b", "c"]
    several: list[int] | dict[str, int] | str | None = None


def tree(height: int) -> object:
    return ["union", *[tree(height - 1)] * 16] if height else "date"


def deep(depth: int) -> object:
    return ["union", deep(depth - 1), "int"] if depth else "int"


@pytest.mark.parametrize("field", ["kind", "several"])
@pytest.mark.parametrize(
    "shape",
    [
        ["union", *["int"] * 60_000],
        ["union", *[["union", "int", "str", "none"]] * 12_000],
        ["union", *[["list", "str"]] * 22_000],
        ["union", *[["list", "int"]] * 22_000],
        ["union", *[["dict", "str", "int"]] * 11_000],
        ["union", *[["literal", 1, 2]] * 15_000],
        ["union", *[deep(120)] * 150],
        ["union", *[tree(3)] * 8],
        ["list", tree(3)],
        ["literal", *range(70_000)],
        ["literal", *["a"] * 80_000],
        ["enum", "Kind", *[(2**61 - 1) * (n % 4) for n in range(25_000)]],
    ],
)
def test_a_peers_description_takes_no_more_steps_than_what_is_ours_is_worth(
    field: str, shape: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = describe(Channel("c", messages=(Sorted,))).description
    (own,) = ours.definitions
    fields = tuple(msgspec.structs.replace(each, shape=shape) if each.name == field else each for each in own.fields)
    theirs = Description(1, (msgspec.structs.replace(own, fields=fields),), ours.messages)
    assert len(write_description(theirs)) <= DESCRIPTION_LIMIT
    steps, spelled = 0, 0
    flaw = Reading._flaw

    def counted_flaw(self: Reading, written: Any, read: Any, where: str) -> Any:
        nonlocal steps
        steps += 1
        return flaw(self, written, read, where)

    def counted_spelling(shape: Any, description: Description) -> str:
        nonlocal spelled
        spelled += 1
        return spelled_shape(shape, description)

    monkeypatch.setattr(Reading, "_flaw", counted_flaw)
    monkeypatch.setattr(reading, "spelled_shape", counted_spelling)
    compare(ours, theirs)
    assert steps <= 2 * (STEPS + 20 * STEPS_OF_PART + 1)  # to the peer, and back
    assert spelled <= 8


def test_what_fits_in_a_large_channel_is_said_to_fit() -> None:
    """What a comparison may take grows with what is compared."""
    kinds = tuple(
        msgspec.defstruct(
            f"M{number}",
            [(f"f{place}", int | str | list[int] | dict[str, float] | None) for place in range(60)],
            bases=(Message,),
            frozen=True,
        )
        for number in range(64)
    )
    found = compared(kinds, kinds)
    assert found.whole
    assert len(found.numbers) == 64
