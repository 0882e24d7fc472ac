"""The bus: start, sends that find their actor or say why not, dead letters, stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import tracemalloc
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Any

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Capability,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    MailboxFull,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    Overflow,
    Peer,
    PeerbusError,
    Reactor,
    Ref,
    RemoteError,
    Role,
    ShuttingDown,
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
    channel = Channel("blocks", messages=(GetBlock, Block, Nap), mailbox=2, timeout=3.0)

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []

    @handles(GetBlock)
    def serve(self, request: GetBlock) -> Block:
        if request.height < 0:
            raise RemoteError("not_found", f"no block {request.height}")
        self.got.append(request)
        return Block(request.height, b"x")

    @handles(Nap)
    async def nap(self, message: Nap) -> None:
        await asyncio.sleep(message.seconds)


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        if message < 0:
            raise ValueError(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        await asyncio.sleep(message)
        return message


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


async def test_a_full_mailbox_lets_the_sender_wait_until_the_channels_deadline() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        loop = asyncio.get_running_loop()
        await bus.tell(LOCAL / Blocks, Nap(10))
        await asyncio.sleep(0)
        for i in range(2):
            await bus.tell(LOCAL / Blocks, GetBlock(i))
        before = loop.time()
        for send, timeout, seconds in ((bus.tell, None, 3), (bus.ask, 1.0, 1)):
            with pytest.raises(DeadlineExceeded) as caught:
                await send(LOCAL / Blocks, GetBlock(9), timeout=timeout)
            assert caught.value.phase == "mailbox"
            assert loop.time() - before == pytest.approx(seconds, abs=0.02)
            before = loop.time()
        assert bus.statistics().actors["blocks"].failed == {"deadline_mailbox": 2}
        assert await bus.ask(LOCAL / Blocks, GetBlock(7), timeout=60) == Block(7, b"x")


class Ledger(Actor):
    """Keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []

    def on_receive(self, message: object) -> object:
        self.got.append(message)
        return message


class ThreadLedger(Ledger):
    dispatcher = "thread"


@pytest.mark.parametrize("made", [Ledger, ThreadLedger])
@pytest.mark.parametrize("timeout", [-1.0, -inf, nan])
async def test_what_has_no_time_left_when_it_is_sent_is_not_delivered(made: type[Ledger], timeout: float) -> None:
    async with Bus() as bus:
        ref = bus.spawn(made, name="ledger")
        await bus.started(ref)
        expected = pytest.raises(ValueError, match="timeout is nan") if isnan(timeout) else late()
        for to in (ref, LOCAL / "ledger"):
            with expected:
                await bus.tell(to, "told", timeout=timeout)
            with expected:
                await bus.ask(to, "asked", timeout=timeout)
        if not isnan(timeout):
            with late():
                await bus.ask(ref, "asked", timeout=0)
        await bus.tell(ref, "told", timeout=0)  # now or not at all: there is room
        assert await bus.ask(ref, "last") == "last"
        actor = ref._cell.actor
        assert isinstance(actor, Ledger)
        assert actor.got == ["told", "last"]
        account = bus.ledger().local["-"]
        assert account.balanced
        assert account.failed == ({} if isnan(timeout) else {"deadline_mailbox": 5})


def late() -> AbstractContextManager[object]:
    return pytest.raises(DeadlineExceeded, match="no time was left")


class Small(Actor):
    """Has room for one message."""

    mailbox_limit = 1

    def on_receive(self, message: Any) -> Any:
        return message


@pytest.mark.parametrize("count", [2, 40])
async def test_sends_that_found_no_room_and_are_awaited_when_there_is_some_arrive(count: int) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Small)
        sends = [bus.ask(ref, number) for number in range(count)]
        assert await sends[0] == 0  # now there is room, and nobody waits yet
        assert await asyncio.gather(*sends[1:]) == list(range(1, count))
        tells = [bus.tell(ref, number) for number in range(count)]
        assert await bus.ask(ref, "all handled") == "all handled"
        await asyncio.gather(*tells)
        assert await bus.ask(ref, "a stranger") == "a stranger"
        statistics = bus.statistics().actors[str(ref._cell.name)]
        assert (statistics.waiting, statistics.failed) == (0, {})


@in_virtual_time
async def test_a_send_that_is_awaited_when_its_time_is_over_is_not_made() -> None:
    async with Bus() as bus:
        handled: list[object] = []

        class Notes(Small):
            def on_receive(self, message: Any) -> Any:
                handled.append(message)
                return message

        ref = bus.spawn(Notes)
        bus.tell(ref, 1)
        told, asked = bus.tell(ref, 2, timeout=1.0), bus.ask(ref, 3, timeout=1.0)
        await asyncio.sleep(1.0)  # of virtual time
        assert handled == [1]
        for late in (told, asked):
            with pytest.raises(DeadlineExceeded) as caught:
                await late
            assert caught.value.phase == "mailbox"
        assert await bus.ask(ref, 4) == 4
        assert handled == [1, 4]


async def test_an_awaited_outcome_can_be_awaited_again() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        await bus.tell(LOCAL / Blocks, Nap(1))
        await asyncio.sleep(0)
        outcomes = [bus.tell(LOCAL / Blocks, GetBlock(i)) for i in range(3)]
        for outcome in (*outcomes, *outcomes):
            await outcome
        assert (await bus.ask(LOCAL / Blocks, GetBlock(5))) == Block(5, b"x")
        blocks: Any = bus.cell("blocks")
        assert [request.height for request in blocks.actor.got] == [0, 1, 2, 5]


@pytest.mark.parametrize("overflow", [Overflow.REJECT, Overflow.DROP_OLDEST, Overflow.DROP_NEWEST, Overflow.LATEST])
async def test_an_ask_that_a_policy_refuses_or_drops_ends_with_mailbox_full(overflow: Overflow) -> None:
    class Tiny(Plain):
        mailbox_limit = 1

    Tiny.overflow = overflow
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        tiny = bus.spawn(Tiny)
        napping = bus.ask(tiny, 1.0)
        await asyncio.sleep(0.1)
        asks = [bus.ask(tiny, i) for i in (1, 2)]
        lost = 0 if overflow in (Overflow.DROP_OLDEST, Overflow.LATEST) else 1
        with pytest.raises(MailboxFull):
            await asks[lost]
        assert await asks[1 - lost] == 2 - lost
        assert await napping == 1.0
        assert (await letters.get()).message == lost + 1


# Start.


async def test_two_buses_on_one_loop_send_to_each_others_refs() -> None:
    async with Bus("one") as one, Bus("two") as two:
        ref = two.spawn(Plain)
        assert await one.ask(ref, 1) == 1
        await one.tell(ref, 2)
        assert one.cell("plain-1") is None
        assert one.spawn(Plain)._cell.name == "plain-1"


# Stop.


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


# Facts.


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


def test_threads_see_the_same_names_with_futures() -> None:
    bus = Bus(reactors=[Blocks]).start()
    try:
        assert bus.ask(LOCAL / Blocks, GetBlock(1), reply=Block).get(timeout=10) == Block(1, b"x")
        assert bus.tell(LOCAL / Blocks, GetBlock(2)).get(timeout=10) is None
        with pytest.raises(NoSuchReactor):
            bus.tell(LOCAL / "nobody", 1).get(timeout=10)
        with pytest.raises(RemoteError):
            bus.ask(LOCAL / Blocks, GetBlock(-1)).get(timeout=10)
        with pytest.raises(NoRoute):
            bus.ask(Role("none") / Blocks, GetBlock(1)).get(timeout=10)
        assert len(bus.ask(EVERYONE / Blocks, GetBlock(1)).get(timeout=10)) == 0
        ref: Ref[Plain] = bus.spawn(Plain)
        assert ref.ask(5, timeout=10) == 5
        with pytest.raises(ValueError, match="-5"):
            ref.ask(-5, timeout=10)
        with pytest.raises(ValueError, match="already"):
            bus.spawn(Plain, name="blocks")
        with pytest.raises(PeerbusError, match="runs already"):
            bus.start()
        assert ref.stop(timeout=10) is True
        with pytest.raises(ActorStopped):
            ref.tell(1)
    finally:
        bus.stop()
    bus.stop()
    for send in (bus.tell, bus.ask):
        with pytest.raises(ShuttingDown):
            send(LOCAL / Blocks, GetBlock(1)).get(timeout=10)
    with pytest.raises(ShuttingDown):
        bus.spawn(Plain)


def test_many_threads_tell_and_nothing_is_lost() -> None:
    class Counts(Actor):
        mailbox_limit = 64

        def __init__(self) -> None:
            super().__init__()
            self.sum = 0

        @handles(int)
        async def add(self, message: int) -> None:
            self.sum += message

        @handles(str)
        def get(self, _: str) -> int:
            return self.sum

    bus = Bus().start()
    try:
        ref = bus.spawn(Counts)

        def send() -> None:
            for _ in range(500):
                ref.tell(1, timeout=60)

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ref.ask("", timeout=30) == 3_000
        stats = ref.statistics()
        assert stats.sent == stats.delivered == 3_001
        assert not stats.failed
    finally:
        bus.stop()


def test_two_buses_in_two_threads_ask_each_others_actors() -> None:
    class Asks(Actor):
        def __init__(self, other: Ref[Plain]) -> None:
            super().__init__()
            self.other = other

        @handles(int)
        async def forward(self, message: int) -> object:
            return await self.ask(self.other, message)

    one, two = Bus("one").start(), Bus("two").start()
    try:
        asks = one.spawn(Asks, two.spawn(Plain))
        assert asks.ask(7, timeout=10) == 7
    finally:
        one.stop()
        two.stop()


@dataclass(frozen=True)
class Heavy:
    data: bytes = b""


async def test_a_send_that_failed_leaves_no_garbage_that_holds_its_message() -> None:
    class Stuck(Reactor):
        channel = Channel("stuck", messages=(Heavy,), mailbox=1)

        @handles(Heavy)
        async def take(self, message: Heavy) -> None:
            await asyncio.Event().wait()

    async with Bus(reactors=[Stuck], shutdown_timeout=0.1) as bus:
        for _ in range(2):
            await bus.tell(LOCAL / Stuck, Heavy())
        gc.collect()
        gc.disable()
        try:
            for send in (bus.tell, bus.ask):
                message = Heavy()
                gone = weakref.ref(message)
                with contextlib.suppress(DeadlineExceeded):
                    await send(LOCAL / Stuck, message, timeout=0.01)
                del message
                await asyncio.sleep(0)  # the loop itself holds what wakes this task
                assert gone() is None, send
        finally:
            gc.enable()


class Mute(Exception):
    """What a handler raises, and what cannot be said."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Muttering(Reactor):
    channel = Channel("muttering", messages=(GetBlock,))

    @handles(GetBlock)
    def get(self, request: GetBlock) -> int:
        if not request.height:
            raise Mute
        return request.height


async def test_an_actor_outlives_an_error_that_has_no_text() -> None:
    async with Bus(reactors=[Muttering]) as bus:
        await bus.tell(LOCAL / Muttering, GetBlock(0))
        with pytest.raises(RemoteError) as caught:
            await asyncio.wait_for(bus.ask(LOCAL / Muttering, GetBlock(0)), 1.0)
        assert caught.value.code == "Mute"
        assert await bus.ask(LOCAL / Muttering, GetBlock(7)) == 7


def test_an_error_says_how_long_was_waited_for_room() -> None:
    class Full(Actor):
        mailbox_limit = 1

        async def on_receive(self, message: object) -> None:
            await asyncio.get_running_loop().create_future()

    with Bus(shutdown_timeout=0.01) as bus:
        ref = bus.spawn(Full)
        for _ in range(2):  # one that is handled, and one that waits; more there is no room for
            bus.tell(ref, 1).get(timeout=10)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.02 s"):
            bus.tell(ref, 1).get(timeout=0.02)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.01 s"):
            bus.tell(ref, 1, timeout=0.01).get(timeout=60)
