"""An actor runs alone, and a test sees what it did: reactors, the router, a connection, the peer manager."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Channel,
    DeadlineExceeded,
    Directive,
    MessageTypeError,
    NoRoute,
    Peer,
    PeerbusError,
    Reactor,
    Ref,
    RemoteError,
    Role,
    Supervision,
    Terminated,
    Timer,
    handles,
)
from peerbus.testing.kit.alone import Alone
from peerbus.testing.kit.effects import (
    Answered,
    Asked,
    Failed,
    Published,
    Spawned,
    Stopped,
    TimerSet,
    Told,
    Unwatched,
    Watched,
)

BLOCKS = LOCAL / "blocks"


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int


class Cache(Reactor):
    channel = Channel("cache", messages=(Get, Block))

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[int, Block] = {}

    @handles(Get)
    async def get(self, wanted: Get) -> Block:
        if wanted.height not in self.blocks:
            self.blocks[wanted.height] = await self.ask(BLOCKS, GetBlock(wanted.height), reply=Block)
        return self.blocks[wanted.height]


@dataclass(frozen=True)
class Do:
    what: str


class Busy(Actor):
    """Does one of everything."""

    supervision: ClassVar[Supervision] = Supervision(directive=Directive.STOP)

    def __init__(self, friend: Ref[Any] | None = None) -> None:
        super().__init__()
        self.friend = friend
        self.ticks = 0
        self.tick: Timer | None = None
        self.heard: list[object] = []

    def on_start(self) -> None:
        self.after(10, Do("once"))

    @handles(Do)
    async def do(self, wish: Do) -> object:
        match wish.what:
            case "watch":
                self.watch(BLOCKS)
                self.unwatch(BLOCKS)
            case "tick":
                self.tick = self.every(1, "tick")
            case "no more ticks":
                assert self.tick is not None
                self.tick.cancel()
            case "spawn":
                child = self.spawn(Cache, name="child")
                child.tell(Get(1))
                await self.tell(child, Get(2))
                self.watch(child)
            case "friend":
                assert self.friend is not None
                await self.tell(self.friend, "hello")
                return await self.ask(self.friend, "well?")
            case "all":
                return len(await self.tell(EVERYONE / "blocks", Block(1)))
            case "publish":
                self.bus.publish(Block(1))
            case "fail":
                raise ValueError("on purpose")
            case "try":
                try:
                    await self.tell(BLOCKS, Block(1))
                except NoRoute:
                    return "no route"
            case "many":
                try:
                    return await self.tell_many(BLOCKS, [Block(1), Block(2)])
                except NoRoute as error:
                    return error.accepted
        return None

    @handles(str)
    def count(self, _tick: str) -> None:
        self.ticks += 1

    @handles(Terminated)
    def hear(self, event: Terminated) -> None:
        self.heard.append(event)


async def test_what_a_reactor_did_in_four_lines() -> None:
    async with Alone(Cache) as cache:
        await cache.tell(Get(7))
        assert cache.sent == [Asked(BLOCKS, GetBlock(7))]


async def test_its_asks_are_open_until_the_test_answers() -> None:
    async with Alone(Cache) as cache:
        asked = cache.ask(Get(7))
        await cache.settle()
        assert cache.open_asks == [Asked(BLOCKS, GetBlock(7))]
        await cache.reply(Block(7))
        assert await asked == Block(7)
        assert cache.actor.blocks == {7: Block(7)}
        assert await cache.ask(Get(7)) == Block(7)  # from its store
        assert cache.effects == [
            Asked(BLOCKS, GetBlock(7)),
            Answered(Get(7), Block(7)),
            Answered(Get(7), Block(7)),
        ]
        with pytest.raises(PeerbusError, match="no open ask"):
            await cache.reply()


async def test_its_asks_fail_as_the_test_wants_and_its_asker_hears_of_it() -> None:
    async with Alone(Cache) as cache:
        asked = cache.ask(Get(7))
        await cache.settle()
        await cache.fail(RemoteError("not_found"))
        with pytest.raises(RemoteError, match="not_found"):
            await asked
        (effect,) = cache.effects[1:]
        assert isinstance(effect, Answered)
        assert isinstance(effect.error, RemoteError)
        cache.answer(GetBlock, RemoteError("gone"))
        with pytest.raises(RemoteError, match="gone"):
            await cache.ask(Get(7))
        cache.answer(GetBlock, lambda wanted: Block(wanted.height))
        assert await cache.ask(Get(9)) == Block(9)


async def test_an_answer_of_another_type_than_it_asked_for_is_its_error() -> None:
    async with Alone(Cache) as cache:
        cache.answer(GetBlock, "no block")
        with pytest.raises(RemoteError, match="MessageTypeError"):
            await cache.ask(Get(9))


async def test_a_message_that_its_channel_does_not_declare_is_refused() -> None:
    async with Alone(Cache) as cache:
        with pytest.raises(MessageTypeError):
            await cache.tell(GetBlock(1))


async def test_tells_have_arrived_unless_the_test_refuses_them() -> None:
    async with Alone(Busy) as busy:
        assert await busy.ask(Do("try")) is None
        busy.refuse(Block, NoRoute("cut off"))
        assert await busy.ask(Do("try")) == "no route"
        assert busy.sent == [Told(BLOCKS, Block(1)), Told(BLOCKS, Block(1))]
        assert await busy.ask(Do("all")) == 0
        assert busy.sent[-1] == Told(EVERYONE / "blocks", Block(1))


async def test_many_are_recorded_as_tells_up_to_the_one_that_the_test_refuses() -> None:
    async with Alone(Busy) as busy:
        assert await busy.ask(Do("many")) == 2
        busy.refuse(Block, NoRoute("cut off"))
        assert await busy.ask(Do("many")) == 0
        assert busy.sent == [Told(BLOCKS, Block(1)), Told(BLOCKS, Block(2)), Told(BLOCKS, Block(1))]


async def test_timers_fire_when_the_test_moves_their_clock() -> None:
    async with Alone(Busy) as busy:
        assert busy.take() == [TimerSet(10, Do("once"))]
        await busy.tell(Do("tick"))
        assert busy.timers == [TimerSet(1, "tick", repeats=True)]
        await busy.advance(3.5)
        assert busy.actor.ticks == 3
        await busy.tell(Do("no more ticks"))
        await busy.advance(100)
        assert busy.actor.ticks == 3


async def test_watches_are_recorded_and_ends_are_told() -> None:
    async with Alone(Busy) as busy:
        await busy.tell(Do("watch"))
        assert busy.take()[1:] == [Watched(BLOCKS), Unwatched(BLOCKS)]
        await busy.terminated(Peer("a" * 64) / "blocks", "peer_gone")
        assert busy.actor.heard == [Terminated(Peer("a" * 64) / "blocks", "peer_gone")]


async def test_children_do_not_run_and_what_they_are_sent_is_recorded_in_order() -> None:
    async with Alone(Busy) as busy:
        await busy.tell(Do("spawn"))
        child = LOCAL / "child"
        assert busy.take()[1:] == [Spawned("child"), Told(child, Get(1)), Told(child, Get(2)), Watched(child)]
        assert busy.bus.cell("child") is not None


async def test_refs_that_it_was_given_are_recorded_as_addresses() -> None:
    async with Alone(Busy) as busy:
        busy.actor.friend = busy.stand_in("friend")
        asked = busy.ask(Do("friend"))
        await busy.settle()
        await busy.reply("well.")
        assert await asked == "well."
        assert busy.sent == [Told(LOCAL / "friend", "hello"), Asked(LOCAL / "friend", "well?")]


async def test_facts_failures_and_the_end_are_effects() -> None:
    async with Alone(Busy) as busy:
        busy.take()
        await busy.tell(Do("publish"))
        assert busy.published == [Block(1)]
        assert busy.ref.is_alive()
        await busy.tell(Do("fail"))
        published, failed, stopped = busy.take()
        assert published == Published(Block(1))
        assert isinstance(failed, Failed)
        assert (repr(failed.error), failed.directive) == ("ValueError('on purpose')", "stop")
        assert isinstance(stopped, Stopped)
        assert busy.stopped
    async with Alone(Busy) as busy:
        await busy.stop()
        assert busy.take()[-1] == Stopped("stopped")


async def test_an_actor_that_cannot_start_says_why() -> None:
    class Broken(Actor):
        def on_start(self) -> None:
            raise ValueError("no disk")

    with pytest.raises(ValueError, match="no disk"):
        async with Alone(Broken):
            pass
    with pytest.raises(PeerbusError, match="does not run yet"):
        Alone(Busy).ref
    with pytest.raises(PeerbusError, match="does not run yet"):
        await Alone(Busy).advance(1)


async def test_its_address_is_the_sender_and_a_role_is_an_address_like_any_other() -> None:
    class Asks(Actor):
        def on_receive(self, message: object) -> None:
            self.tell(Role("archive") / "blocks", message)

    async with Alone(Asks, name="asker") as asker:
        assert asker.address == LOCAL / "asker"
        await asker.tell("hello", sender=BLOCKS)
        assert asker.sent == [Told(Role("archive") / "blocks", "hello")]


@dataclass(frozen=True)
class Put:
    block: Block


@dataclass(frozen=True)
class Better(Block):
    title: str = ""


class Puts(Reactor):
    channel = Channel("puts", messages=(Get, Put))

    @handles(Get, Put)
    async def pass_on(self, message: Get | Put) -> object:
        await self.tell(LOCAL / "puts", Put(Better(7)))
        return (1, 2)


async def test_what_could_not_go_to_another_node_is_refused_to_and_from_the_actor() -> None:
    async with Alone(Puts, channels=[Puts.channel]) as puts:
        with pytest.raises(MessageTypeError, match=r"Put.block holds Better, its type is Block"):
            await puts.tell(Put(Better(1)))
        with pytest.raises(RemoteError, match=r"Put.block holds Better, its type is Block"):
            await puts.ask(Get(1))


async def test_an_answer_that_could_not_go_to_another_node_is_refused() -> None:
    class Pairs(Reactor):
        channel = Channel("pairs", messages=(Get,))

        @handles(Get)
        def get(self, wanted: Get) -> object:
            return (wanted.height, 2)

    async with Alone(Pairs) as pairs:
        assert await pairs.ask(Get(1), reply=tuple[int, int]) == (1, 2)
        with pytest.raises(MessageTypeError, match="its type is not known here"):
            await pairs.ask(Get(1))


@pytest.mark.parametrize("gives_up", ["by cancelling", "by its deadline"])
async def test_an_ask_that_the_test_gives_up_ends_its_handler(gives_up: str) -> None:
    class Sleeper(Actor):
        @handles(str)
        async def sleep(self, message: str) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.bus.publish(f"gave up {message}")
                raise

    async with Alone(Sleeper) as sleeper:
        asked = sleeper.ask("one", timeout=0.001 if gives_up == "by its deadline" else 60)
        await sleeper.settle()
        if gives_up == "by cancelling":
            asked.cancel()
        else:
            with pytest.raises(DeadlineExceeded):
                await asked
        await sleeper.settle()
        assert sleeper.published == ["gave up one"]
        assert not sleeper.ask("two", timeout=60).done(), "it takes the next message"
