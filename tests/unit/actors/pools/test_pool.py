"""What a program writes for a pool, and what is said to what makes none."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from peerbus.actors import LOCAL, Actor, Bus, Channel, Key, Message, Pool, Reactor, Request, Resizer, handles


class Get(Message, Request[str]):
    key: str


class Store(Reactor):
    """Says who it is."""

    channel = Channel("store", messages=(Get,))

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix

    @handles(Get)
    def get(self, message: Get) -> str:
        return self.prefix + message.key


class Plain(Actor):
    """Has no channel."""

    @handles(int)
    def double(self, number: int) -> int:
        return 2 * number


async def test_a_pool_is_a_factory_like_any_and_its_address_is_that_of_its_members_channel() -> None:
    async with Bus(reactors=[Pool(partial(Store, "<"), members=2)]) as bus:
        assert await bus.ask(LOCAL / Store, Get("a")) == "<a"
        assert [each.name for each in bus.actors.pools["store"]().members] == ["store.1", "store.2"]
        assert await bus.ask(LOCAL / "store.2", Get("b")) == "<b"


async def test_actors_without_a_channel_are_a_pool_as_well() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Pool(Plain, members=2), name="doubles")
        assert await bus.ask(ref, 4) == 8
        assert await bus.ask(LOCAL / "doubles", 5, reply=int) == 10


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: Pool(Store), "not none of them"),
        (lambda: Pool(Store, members=1, threads=2), "not members and threads"),
        (lambda: Pool(Store, members="4"), "members is '4'"),  # type: ignore[arg-type]
        (lambda: Pool(Store, members=True), "members is True"),
        (lambda: Pool(lambda: Store("x"), members=2), "a pool is of a class of actors, not of <lambda>"),
        (lambda: Pool(Store("x"), members=2), "a pool is of a class of actors"),  # type: ignore[arg-type]
        (lambda: Pool(Store, members=2, pick=Key("a")), "would send everything to one member"),  # type: ignore[arg-type]
        (lambda: Pool(Store, members=2, pick="one"), "pick is 'one'"),  # type: ignore[arg-type]
        (lambda: Pool(Store, members=2, combine=1), "combine is 1"),  # type: ignore[arg-type]
        (lambda: Pool(Store, members=2, resizer=8), "resizer is 8"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_pool_is_refused_and_told_what_would(made: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        made()


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: Pool(Store, members=0), "members is 0; a pool has 1 to 256 members"),
        (lambda: Pool(Store, threads=300), "threads is 300"),
        (lambda: Pool(Store, members=9, resizer=Resizer(upper=8)), "bounds are 1 to 8"),
    ],
)
def test_a_size_that_cannot_be_is_refused(made: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        made()
