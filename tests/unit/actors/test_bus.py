"""The bus: start, sends that find their actor or say why not, dead letters, stop."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from blocks_on_a_bus import Block, Blocks, GetBlock, Nap, Plain

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Capability,
    Channel,
    DeadLetter,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerbusError,
    Reactor,
    Ref,
    RemoteError,
    Role,
    handles,
)

Turns = Callable[[], Awaitable[None]]


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


async def test_two_reactors_pass_the_very_object() -> None:
    class Keeper(Reactor):
        channel = Channel("keeper", messages=(Block,))

        @handles(Block)
        async def keep(self, block: Block) -> Block:
            return block

    class Front(Reactor):
        channel = Channel("front", messages=(Block,))

        @handles(Block)
        async def forward(self, block: Block) -> object:
            return await self.ask(LOCAL / Keeper, block)

    block = Block(1, b"data")
    async with Bus(reactors=[Keeper, Front]) as bus:
        assert await bus.ask(LOCAL / Front, block, reply=Block) is block


async def test_the_sender_of_a_message_is_its_address() -> None:
    class Asks(Actor):
        @handles(int)
        async def go(self, _: int) -> object:
            return await self.ask(LOCAL / "told", "who")

    class Told(Actor):
        @handles(str)
        def who(self, _: str, sender: object) -> object:
            return sender

    async with Bus() as bus:
        bus.spawn(Told, name="told")
        asks = bus.spawn(Asks, name="asks")
        assert await bus.ask(asks, 1) == LOCAL / "asks"
        assert await bus.ask(LOCAL / "told", "who") is None


async def test_a_send_that_finds_nobody_says_so_and_is_a_dead_letter() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        for to, error in (
            (LOCAL / "nobody", NoSuchReactor),
            (Peer("0" * 64) / "blocks", NoRoute),
            (Role("archive") / "blocks", NoRoute),
        ):
            for send in (bus.tell, bus.ask):
                with pytest.raises(error) as caught:
                    await send(to, GetBlock(1))
                assert caught.value.message == GetBlock(1)
                letter = await letters.get()
                assert (letter.to, letter.reason) == (str(to), error.reason)
        assert bus.statistics().failed == {"no_such_reactor": 2, "no_route": 4}
        assert len(await bus.ask(EVERYONE / "blocks", GetBlock(1))) == 0
        assert len(await bus.tell(Role("archive", "all") / "blocks", GetBlock(1))) == 0


async def test_a_role_that_this_node_offers_is_found_here() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        bus.offer([Capability("archive")])
        assert await bus.ask(Role("archive") / Blocks, GetBlock(3), reply=Block) == Block(3, b"x")


async def test_a_type_that_the_channel_does_not_declare_is_refused_at_the_sender() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        with pytest.raises(MessageTypeError, match="declares Block, GetBlock, Nap"):
            await bus.ask(LOCAL / "blocks", "text")
        with pytest.raises(MessageTypeError):
            await bus.tell(LOCAL / "blocks", 5)
        stats = bus.statistics()
        assert stats.actors["blocks"].failed == {"message_type": 2}
        assert stats.dead_letters == {"message_type": 2}


async def test_an_answer_of_another_type_is_refused() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        with pytest.raises(MessageTypeError, match="answered GetBlock with a Block, not an int"):
            await bus.ask(LOCAL / Blocks, GetBlock(1), reply=int)


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        (list[int], MessageTypeError, r"answered GetBlock with a Block, not a list\[int\]"),
        (int | str, MessageTypeError, r"answered GetBlock with a Block, not an int \| str"),
        (3, TypeError, "reply is 3, it must be a type"),
    ],
)
async def test_a_reply_that_the_answer_is_not_fails_its_own_ask_and_nobody_elses(
    reply: Any, error: type[Exception], text: str
) -> None:
    async with Bus(reactors=[Blocks]) as bus:
        with pytest.raises(error, match=text):
            await asyncio.wait_for(bus.ask(LOCAL / Blocks, GetBlock(1), reply=reply), 1.0)
        assert isinstance(await bus.ask(LOCAL / Blocks, GetBlock(1)), Block)


async def test_a_handler_refuses_with_a_code() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        with pytest.raises(RemoteError) as caught:
            await bus.ask(LOCAL / Blocks, GetBlock(-1))
        assert (caught.value.code, caught.value.text) == ("not_found", "no block -1")


async def test_two_buses_on_one_loop_send_to_each_others_refs() -> None:
    async with Bus("one") as one, Bus("two") as two:
        ref = two.spawn(Plain)
        assert await one.ask(ref, 1) == 1
        await one.tell(ref, 2)
        assert one.cell("plain-1") is None
        assert one.spawn(Plain)._cell.name == "plain-1"


async def test_reactors_stop_in_reverse_order() -> None:
    order: list[str] = []

    def reactor(name: str) -> type[Reactor]:
        class Noted(Reactor):
            channel = Channel(name, messages=(Nap,))

            @handles(Nap)
            def never(self, _: Nap) -> None: ...

            async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
                await asyncio.sleep(1)
                order.append(name)

        return Noted

    async with Bus(reactors=[reactor("a"), reactor("b"), reactor("c")]):
        pass
    assert order == ["c", "b", "a"]


async def test_a_handler_that_never_returns_is_killed_at_the_shutdown_deadline() -> None:
    ended: list[str] = []

    class Hangs(Plain):
        def on_stop(self) -> None:
            ended.append(str(self))

    loop = asyncio.get_running_loop()
    async with Bus(shutdown_timeout=2.0) as bus:
        asks = [bus.ask(bus.spawn(Hangs), 1e6, timeout=1e9) for _ in range(5)]
        before = loop.time()
    assert loop.time() - before == pytest.approx(2.0, abs=0.1)
    assert len(ended) == 5
    for ask in asks:
        with pytest.raises(ActorStopped):
            await ask


async def test_those_that_wait_for_a_late_one_to_end_still_end_in_order() -> None:
    ended: list[str] = []

    class Tidy(Actor):
        def __init__(self, name: str) -> None:
            super().__init__()
            self._name = name

        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
            ended.append(f"{self._name} begins to")
            await asyncio.sleep(0.1)
            ended.append(f"{self._name} has")

    class Hangs(Plain):
        def on_stop(self) -> None:
            ended.append("hangs")

    async with Bus(shutdown_timeout=0.5) as bus:
        refs: list[Ref[Any]] = [bus.spawn(Tidy, "first"), bus.spawn(Tidy, "second"), bus.spawn(Hangs)]
        await bus.started(*refs)
        ask = bus.ask(refs[-1], 1e6, timeout=1e9)
    with pytest.raises(ActorStopped):
        await ask
    assert ended == ["hangs", "second begins to", "second has", "first begins to", "first has"]


async def test_watching_a_role_or_another_bus_is_refused() -> None:
    async with Bus() as bus, Bus() as other:
        ref, stranger = bus.spawn(Plain), other.spawn(Plain)
        actor = inside(ref)
        for target in (Role("archive") / "blocks", stranger):
            with pytest.raises(PeerbusError):
                actor.watch(target)
            with pytest.raises(PeerbusError):
                actor.unwatch(target)


async def test_a_thousand_idle_actors_stay_small() -> None:
    async with Bus() as bus:
        for _ in range(50):
            bus.spawn(Plain)
        await asyncio.sleep(0)
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(1_000):
                bus.spawn(Plain)
            await asyncio.sleep(0)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (after - before) / 1_000 < 5 * 1024
