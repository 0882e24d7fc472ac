"""The table of a bus's actors: their names, starts and children; nothing is left of one that does not start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Channel,
    ConfigError,
    PeerbusError,
    Reactor,
    Ref,
    Supervision,
    WouldDeadlock,
    handles,
)

Turns = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int
    data: bytes


@dataclass(frozen=True)
class Nap:
    seconds: float


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block, Nap))

    @handles(GetBlock)
    def serve(self, request: GetBlock) -> Block:
        return Block(request.height, b"x")

    @handles(Block, Nap)
    def take(self, _: Block | Nap) -> None: ...


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        return message


async def test_a_name_that_is_taken_leaves_no_half_actor_behind() -> None:
    class WithChild(Blocks):
        def __init__(self) -> None:
            super().__init__()
            self.spawn(Plain, name="child")

    async with Bus(reactors=[Blocks]) as bus:
        before = set(bus.statistics().actors)
        with pytest.raises(ValueError, match="an actor called 'blocks' already"):
            bus.spawn(WithChild)
        with pytest.raises(ValueError, match="not an actor's name"):
            bus.spawn(Plain, name="Not a name")
        await asyncio.sleep(0)
        assert set(bus.statistics().actors) == before
        assert await bus.ask(LOCAL / Blocks, GetBlock(1), reply=Block) == Block(1, b"x")


async def test_an_actor_whose_init_fails_takes_its_children_along(turns: Turns) -> None:
    class Fails(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.spawn(Plain, name="child")
            raise KeyError("config")

    async with Bus() as bus:
        before = set(bus.statistics().actors)
        with pytest.raises(KeyError):
            bus.spawn(Fails, name="parent")
        await turns()
        assert set(bus.statistics().actors) == before


async def test_another_channel_of_the_same_name_is_refused() -> None:
    class Other(Reactor):
        channel = Channel("blocks", messages=(Nap,))

        @handles(Nap)
        def never(self, _: Nap) -> None: ...

    async with Bus(reactors=[Blocks]) as bus:
        with pytest.raises(ValueError, match="two different channels"):
            bus.spawn(Other, name="other")
        assert bus.cell("other") is None


async def test_a_factory_must_make_one_new_actor() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Plain)
        with pytest.raises(PeerbusError, match="must make a new actor at each call"):
            bus.spawn(lambda: inside(ref))
        with pytest.raises(PeerbusError, match="int makes an int, not an actor: pass a class that derives from Actor"):
            bus.spawn(int)  # type: ignore[type-var]  # the mistake
        with pytest.raises(PeerbusError, match=r"Forgets\.__init__ does not call super\(\)\.__init__\(\)"):
            bus.spawn(Forgets)


class Forgets(Actor):
    def __init__(self) -> None: ...


async def test_actors_get_plain_names_whatever_their_class_is_called() -> None:
    class Größe__X(Plain):  # noqa: N801, PLC2401
        pass

    async with Bus() as bus:
        name = str(bus.spawn(Größe__X)._cell)
        assert await bus.ask(LOCAL / name, 1) == 1


async def test_an_actor_that_stops_has_no_more_children() -> None:
    class Late(Plain):
        def on_stop(self) -> None:
            self.spawn(Plain)

    async with Bus() as bus:
        ref = bus.spawn(Late)
        assert await ref.stop(block=False) is True
        assert len(bus.statistics().actors) == 2  # the bus's own


async def test_what_an_actor_was_before_it_failed_has_no_more_children() -> None:
    refused: list[ActorStopped] = []

    class Lingers(Actor):
        @handles(str, reentrant=True)
        async def have_one(self, _: str) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                try:
                    self.spawn(Plain)
                except ActorStopped as error:
                    refused.append(error)

        @handles(float)
        def fail(self, _: float) -> None:
            raise ValueError

        @handles(int)
        def reply(self, number: int) -> int:
            return number

    async with Bus() as bus:
        ref = bus.spawn(Lingers, supervision=Supervision(backoff=0.1))
        await bus.tell(ref, "")
        await asyncio.sleep(0.1)
        await bus.tell(ref, 0.0)
        assert await bus.ask(ref, 1, timeout=1) == 1  # it waits for no child that nobody ends
        assert len(refused) == 1


async def test_a_name_is_free_again_when_its_actor_has_ended() -> None:
    async with Bus() as bus:
        first = bus.spawn(Plain, name="plain")
        ended = bus.actors.end_of(first._cell)
        await first.stop(block=False)
        await ended
        assert not bus.actors.runs(first._cell)
        assert bus.spawn(Plain, name="plain").actor_urn != first.actor_urn
        assert await bus.ask(LOCAL / "plain", 1) == 1


async def test_those_that_have_not_ended_are_known_the_oldest_first() -> None:
    async with Bus() as bus:
        own = list(bus.actors.running())
        refs = [bus.spawn(Plain, name=name) for name in ("c", "a", "b")]
        assert list(bus.actors.running()) == [*own, *(ref._cell for ref in refs)]
        await refs[1].stop(block=False)
        assert list(bus.actors.running()) == [*own, refs[0]._cell, refs[2]._cell]
    assert list(bus.actors.running()) == []


async def test_urns_differ_and_are_the_same_in_each_run_of_one_seed() -> None:
    runs = []
    for _ in range(2):
        async with Bus(rng=Random(7)) as bus:
            runs.append([bus.spawn(Plain).actor_urn for _ in range(3)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3


async def test_a_start_that_fails_is_raised_once_and_told_to_whoever_asks_later() -> None:
    class Fails(Actor):
        def on_start(self) -> None:
            raise KeyError("config")

    async with Bus() as bus:
        ref = bus.spawn(Fails)
        with pytest.raises(KeyError, match="config"):
            await bus.started(ref)
        with pytest.raises(ActorStopped, match="config"):
            await bus.started(ref)


@pytest.mark.parametrize("waits", [True, False])
async def test_what_an_operator_did_wrong_is_said_by_whoever_waits_for_the_start_or_else_in_the_log(
    waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails(Actor):
        def on_start(self) -> None:
            raise ConfigError("no such port")

    async with Bus() as bus:
        ref = bus.spawn(Fails)
        if waits:
            with pytest.raises(ConfigError, match="no such port"):
                await bus.started(ref)
        else:
            await bus.actors.end_of(ref._cell)
    assert [each.levelname for each in caplog.records if "on_start failed" in each.message] == ["ERROR"] * (not waits)


def test_a_thread_spawns_and_gets_what_the_factory_raises() -> None:
    def fails() -> Actor:
        raise KeyError("config")

    with Bus() as bus:
        assert bus.ask(bus.spawn(Plain), 3).get(timeout=10) == 3
        with pytest.raises(KeyError, match="config"):
            bus.spawn(fails)


def test_an_actor_spawns_on_no_bus_of_another_loop() -> None:
    class Spawner(Actor):
        def on_receive(self, message: object) -> object:
            assert isinstance(message, Bus)
            try:
                return message.spawn(Plain)
            except WouldDeadlock as error:
                return str(error)

    with Bus("other") as other, Bus() as bus:
        said = bus.ask(bus.spawn(Spawner), other, reply=str).get(timeout=10)
        assert said == "spawning on other waits for its thread, and would stop this event loop"
