"""One turn of an actor: a number of messages and no more, in the order of taking turns, with credit in one word."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, Ref, handles
from peerbus.actors.engine.turn_pace import BATCH, ROUNDS, SPAN, TURN_SPAN
from peerbus.actors.mailbox.envelope import Envelope


class Counts(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    @handles(int, str)
    def take(self, message: object) -> list[object]:
        self.heard.append(message)
        return self.heard


class Lane:
    """What brought messages from a peer."""

    def __init__(self) -> None:
        self.words: list[tuple[int, int]] = []

    def dequeued(self, messages: int, size: int) -> None:
        self.words.append((messages, size))


async def test_others_have_their_turn_after_so_many_messages() -> None:
    made: list[Counts] = []

    def counts() -> Counts:
        made.append(Counts())
        return made[-1]

    async with Bus() as bus:
        ref: Ref[Counts] = bus.spawn(counts)
        await bus.ask(ref, "begun")
        for number in range(2 * BATCH):
            bus.tell(ref, number).get()
        asyncio.get_running_loop().call_soon(made[0].heard.append, "another's turn")
        assert await bus.ask(ref, "end") == [
            "begun",
            *range(BATCH),
            "another's turn",
            *range(BATCH, 2 * BATCH),
            "end",
        ]


@pytest.mark.parametrize(("seconds", "handled"), [(0.0, ROUNDS * BATCH), (SPAN / 32, BATCH)])
async def test_where_senders_wait_a_turn_has_several_rounds_while_it_is_short(
    seconds: float, handled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`seconds`: what one message takes."""
    now = 0.0

    class Full(Counts):
        mailbox_limit = (ROUNDS + 1) * BATCH

        @handles(int)
        def slowly(self, message: int) -> None:
            nonlocal now
            now += seconds
            self.heard.append(message)

    async with Bus() as bus:
        ref: Ref[Full] = bus.spawn(Full)
        heard: Any = await bus.ask(ref, "begun")
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        monkeypatch.setattr(loop, "time", lambda: began + now)
        for number in range(Full.mailbox_limit):
            bus.tell(ref, number).get()
        waits = asyncio.ensure_future(bus.tell(ref, "last").coroutine())
        asyncio.get_running_loop().call_soon(heard.append, "another's turn")
        await waits
        await bus.ask(ref, "end")
    assert heard.index("another's turn") == 1 + handled


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_flood_to_a_slow_handler_leaves_others_their_turn(
    awaited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message takes a millisecond: another actor waits for three of them, and not for 64."""
    now = 0.0
    heard: list[object] = []

    class Slow(Actor):
        @handles(int)
        def slowly(self, message: int) -> None:
            nonlocal now
            now += 0.001
            heard.append(message)

        @handles(str)
        def all(self, _message: str) -> None:
            """It stands behind them."""

    class SlowAndAwaited(Slow):
        @handles(int)
        async def slowly(self, message: int) -> None:  # type: ignore[override]  # called by nobody but its cell
            super().slowly(message)

    class Other(Actor):
        @handles(str)
        def take(self, message: str) -> None:
            heard.append(message)

    async with Bus() as bus:
        slow, other = bus.spawn(SlowAndAwaited if awaited else Slow), bus.spawn(Other)
        await asyncio.sleep(0)
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        monkeypatch.setattr(loop, "time", lambda: began + now)
        for number in range(BATCH):
            bus.tell(slow, number).get()
        bus.tell(other, "another's").get()
        await bus.ask(slow, "all")
    assert heard.index("another's") <= (8 if awaited else 4)
    assert [each for each in heard if isinstance(each, int)] == [*range(BATCH)]


async def test_a_flood_to_an_actor_on_a_thread_leaves_its_timers_their_turn() -> None:
    class Slow(Counts):
        dispatcher = "thread"

        @handles(threading.Event)
        def begin(self, flooded: threading.Event) -> None:
            self.after(0.0, "tick")
            flooded.wait(10)

        @handles(int)
        def slowly(self, message: int) -> None:
            end = time.monotonic() + TURN_SPAN
            while time.monotonic() < end:
                pass
            self.heard.append(message)

    flooded = threading.Event()
    async with Bus() as bus:
        ref: Ref[Slow] = bus.spawn(Slow)
        bus.tell(ref, flooded).get()
        for number in range(8):
            bus.tell(ref, number).get()
        flooded.set()
        heard: Any = await bus.ask(ref, "end")
    assert heard.index("tick") <= 3
    assert [each for each in heard if isinstance(each, int)] == [*range(8)]


@pytest.mark.parametrize(("sources", "awaited"), [(1, False), (3, False), (1, True), (3, True)])
async def test_messages_of_peers_have_so_much_time_of_a_turn(
    sources: int, awaited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    class Slow(Counts):
        @handles(int)
        def slowly(self, message: int) -> None:
            nonlocal now
            now += TURN_SPAN / 2
            self.heard.append(message)

    class SlowAndAwaited(Slow):
        @handles(int)
        async def slowly(self, message: int) -> None:  # type: ignore[override]  # called by nobody but its cell
            super().slowly(message)

    async with Bus() as bus:
        ref: Ref[Slow] = bus.spawn(SlowAndAwaited if awaited else Slow)
        heard: Any = await bus.ask(ref, "begun")
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        with monkeypatch.context() as patch:
            patch.setattr(loop, "time", lambda: began + now)
            for number in range(BATCH):
                ref._cell.mailbox.offer(Envelope(number, size=10, carrier=Lane(), source=number % sources))
            if awaited:
                await asyncio.sleep(0)  # the first message brings the task about that takes the others
            loop.call_soon(heard.append, "another's turn")
            await bus.ask(ref, "end")
        for _ in range(BATCH):
            await bus.ask(ref, "all of the others are through by then")
    assert heard.index("another's turn") <= 1 + 8 + 1
    assert sorted(each for each in heard if isinstance(each, int)) == [*range(BATCH)]


async def test_credit_of_one_connection_goes_back_in_one_word() -> None:
    async with Bus() as bus:
        ref: Ref[Counts] = bus.spawn(Counts)
        await bus.ask(ref, "begun")
        one, other = Lane(), Lane()
        mailbox = ref._cell.mailbox
        for lane in (one, one, one, other):
            mailbox.offer(Envelope(3, size=10, carrier=lane))
        await bus.ask(ref, "end")
        assert (one.words, other.words) == ([(3, 30)], [(1, 10)])


class Mixed(Actor):
    """Takes each class in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []
        self.all_there = asyncio.Event()

    @handles(int)
    def number(self, message: int) -> None:
        self.heard.append(message)

    @handles(str)
    def text(self, message: str, sender: object) -> None:
        self.heard.append((message, sender))

    @handles(float, reentrant=True)
    async def later(self, message: float) -> None:
        self.heard.append(message)
        self.all_there.set()

    def on_receive(self, message: Any) -> None:
        self.heard.append(["received", message])


async def test_each_message_of_a_turn_goes_to_what_takes_its_class() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Mixed)
        await bus.started(ref)
        for message in (1, 2, "a", 3, b"x", "b", True, 4, 0.5):
            await bus.tell(ref, message)
        inside = ref._cell.actor
        assert isinstance(inside, Mixed)
        await inside.all_there.wait()
        assert inside.heard == [1, 2, ("a", None), 3, ["received", b"x"], ("b", None), True, 4, 0.5]


async def test_what_is_dropped_in_the_midst_of_a_turn_is_not_handled_in_it() -> None:
    made: list[Dropping] = []
    handled = asyncio.Event()

    class Dropping(Counts):
        @handles(bytes)
        def drop(self, message: bytes) -> None:
            self.heard.append(message)
            self._cell.mailbox.shed(None, "superseded")
            bus.tell(ref, "after it")

        @handles(str)
        def end(self, message: str) -> None:
            self.heard.append(message)
            handled.set()

    def make() -> Dropping:
        made.append(Dropping())
        return made[0]

    async with Bus() as bus:
        ref = bus.spawn(make)
        await bus.started(ref)
        for message in (1, b"", 2, 3):
            await bus.tell(ref, message)
        await handled.wait()
        assert made[0].heard == [1, b"", "after it"]
        assert ref.statistics().dropped == {"superseded": 2}
