"""`@handles`: what it takes and what it refuses."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NewType, NoReturn

import pytest

from peerbus.actors import Actor, Request, handles


def test_handlers_are_inherited_and_overridden() -> None:
    class Base(Actor):
        @handles(int, str)
        def base(self, message: object) -> None: ...

    class Derived(Base):
        @handles(str)
        def own(self, message: str, sender: object) -> None: ...

    assert Base.__handlers__[str].function is Base.base
    assert Derived.__handlers__[int].function is Base.base
    assert Derived.__handlers__[str].function is Derived.own
    assert Derived.__handlers__[str].wants_sender
    assert not Base.__handlers__[int].wants_sender


def test_mistakes_are_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="at least one message type"):
        handles()
    with pytest.raises(TypeError, match="takes message types"):
        handles("GetBlock")  # type: ignore[call-overload]  # the mistake
    with pytest.raises(TypeError, match=r"must take \(self, message\)"):

        @handles(int)  # type: ignore[arg-type]  # the mistake
        def nothing(self: object) -> None: ...

    with pytest.raises(TypeError, match="must be 'async def'"):

        @handles(int, reentrant=True)
        def plain(self: object, message: int) -> None: ...

    with pytest.raises(TypeError, match="two handlers of int: one and two"):

        class Twice(Actor):
            @handles(int)
            def one(self, message: int) -> None: ...

            @handles(int)
            def two(self, message: int) -> None: ...


# What a handler is annotated to return.


@dataclass(frozen=True)
class Block:
    height: int


class Better(Block):
    pass


Height = NewType("Height", int)


def handler(returns: Any, *, is_async: bool = False) -> Any:
    def plain(self: object, message: object) -> object:
        return None

    async def later(self: object, message: object) -> object:
        return None

    made = later if is_async else plain
    made.__annotations__["return"] = returns
    return made


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("named", "returned"),
    [
        (Block, [Block, Better, "Block", Any, object, NoReturn, Block | Better, "NotThere"]),
        (Block | None, [Block, None, Block | None, Better | None, "Block | None"]),
        (None, [None]),
        (float, [float, int]),
        (int, [int, bool, Height, Literal[1, 2]]),
        (list[Block], [list[Block], list, list[Better], list[Any], "list[Block]"]),
        (Sequence[Block], [list[Block], tuple[Block, ...], list[Better]]),
        (dict[str, int], [dict[str, int], dict[str, Any]]),
        (Literal["a", "b"], [Literal["a"], str]),
        (object, [int, None, list[int]]),
    ],
)
def test_a_handler_may_return_what_the_request_names(named: Any, returned: list[Any], is_async: bool) -> None:
    request = types.new_class("Asking", (Request[named],))
    for each in returned:
        type("Own", (Actor,), {"answer": handles(request)(handler(each, is_async=is_async))})


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("named", "returned"),
    [
        (Block, [int, None, Block | None, list[Block], "str", Literal["a"]]),
        (Better, [Block]),
        (Block | None, [int | None, list[Block]]),
        (None, [int, Block]),
        (int, [str, float, list[int]]),
        (list[Block], [Block, list[int], tuple[Block, ...], dict[str, Block], list[list[Block]]]),
        (dict[str, int], [dict[int, int], dict[str, str]]),
        (Literal["a", "b"], [int, None]),
    ],
)
def test_a_handler_that_returns_something_else_is_refused(named: Any, returned: list[Any], is_async: bool) -> None:
    request = types.new_class("Asking", (Request[named],))
    for each in returned:
        with pytest.raises(TypeError, match=r"returns .*, and the answer to Asking is "):
            type("Own", (Actor,), {"answer": handles(request)(handler(each, is_async=is_async))})


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    height: int


def test_the_annotation_of_an_override_counts_and_what_is_awaited_is_meant() -> None:
    class Blocks(Actor):
        @handles(GetBlock)
        def serve(self, wanted: GetBlock) -> asyncio.Future[Block]:
            future: asyncio.Future[Block] = asyncio.Future()
            future.set_result(Block(wanted.height))
            return future

    with pytest.raises(TypeError, match=r"serve returns str \| None, and the answer to GetBlock is Block"):

        class Own(Blocks):
            def serve(self, wanted: GetBlock) -> str | None:  # type: ignore[override]
                return None


def test_all_messages_of_one_handler_are_looked_at() -> None:
    with pytest.raises(TypeError, match="both returns int, and the answer to GetBlock is Block"):

        class Own(Actor):
            @handles(str, GetBlock)
            def both(self, wanted: str | GetBlock) -> int:
                return 1
