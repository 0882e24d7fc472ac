"""When the oldest message of a mailbox came is known to a turn, whoever sends, and however it is taken."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context
from dataclasses import dataclass
from time import monotonic
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import eventually, in_real_time, in_virtual_time

from peerbus.actors import Actor, Bus, handles
from peerbus.actors.engine.arrivals import RING, Arrivals, Keeps
from peerbus.actors.mailbox import Envelope, Mailbox


class Clock:
    """A loop of which only the time is asked."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now


class Box:
    """An actor that takes messages when it is told to."""

    channel_name = "box"
    held = False

    def __init__(self, clock: Clock) -> None:
        self.mailbox = Mailbox(10_000)
        self.now = clock.time


#: Of each turn: who sends, and how many messages are taken at its end.
TURNS = st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=8), st.integers(0, 12)), min_size=1, max_size=40)


@given(TURNS)
def test_the_oldest_is_as_old_as_it_is_to_a_turn_of_whichever_sender_it_comes(
    turns: list[tuple[list[int], int]],
) -> None:
    clock = Clock()
    box = Box(clock)
    arrivals = Arrivals(cast("asyncio.AbstractEventLoop", clock), copy_context())
    for senders, taken in turns:
        clock.now += 1.0
        for sender in senders:
            assert box.mailbox.offer(Envelope(clock.now, source=sender))
        for _ in range(taken):
            box.mailbox.take()
        clock.now += 1.0
        arrivals.note(box)
        left = [cast("float", envelope.message) for envelope in box.mailbox.peek()]
        age = arrivals.ages().get("box")
        if left:
            assert age is not None
            assert clock.now - min(left) - 1.0 <= age <= clock.now - min(left)
        else:
            assert age is None


def test_of_more_senders_than_are_stamped_at_once_none_is_thought_older_than_it_is() -> None:
    clock = Clock()
    box = Box(clock)
    arrivals = Arrivals(cast("asyncio.AbstractEventLoop", clock), copy_context())
    came: dict[int, float] = {}
    for turn in range(60):
        clock.now += 1.0
        for sender in range(turn * 20, turn * 20 + 20):
            box.mailbox.offer(Envelope(sender, source=sender))
            came[sender] = clock.now
        for _ in range(15):
            envelope = box.mailbox.take()
            assert envelope is not None
            del came[cast("int", envelope.message)]
        arrivals.note(box)
        assert arrivals.ages()["box"] == clock.now - min(came.values())


@dataclass(frozen=True)
class Job:
    """Anything."""


class OnThread(Actor):
    dispatcher = "thread"

    def __init__(self, go: threading.Event) -> None:
        super().__init__()
        self.go = go

    @handles(Job)
    def hold(self, _: Job) -> None:
        self.go.wait()


class Awaits(Actor):
    def __init__(self, go: asyncio.Event) -> None:
        super().__init__()
        self.go = go

    @handles(Job)
    async def hold(self, _: Job) -> None:
        await self.go.wait()


@in_real_time
async def test_of_an_actor_with_a_thread_too() -> None:
    go = threading.Event()
    async with Bus() as bus:
        ref = bus.spawn(OnThread, go)
        try:
            await bus.tell(ref, Job())
            await eventually(lambda: ref._cell.current is not None)
            before = monotonic()
            await bus.tell(ref, Job())
            after = monotonic()
            await asyncio.sleep(0)
            first = monotonic()
            age = bus.arrivals.ages()["-"]
            assert first - after <= age <= monotonic() - before
        finally:
            go.set()
        await eventually(lambda: not bus.arrivals.ages())


@in_real_time
async def test_what_another_thread_sends_to_an_actor_that_is_held_has_an_age() -> None:
    async with Bus() as bus:
        go = asyncio.Event()
        ref = bus.spawn(Awaits, go)
        await bus.tell(ref, Job())
        await asyncio.sleep(0)
        before = bus.loop.time()
        thread = threading.Thread(target=lambda: bus.tell(ref, Job()).get())
        thread.start()
        await eventually(bus.arrivals.ages)
        assert bus.arrivals.ages()["-"] <= bus.loop.time() - before + RING
        thread.join()
        go.set()
        await eventually(lambda: not bus.arrivals.ages())


@in_virtual_time
async def test_a_mailbox_that_is_flooded_calls_once_in_a_while_however_often_something_comes() -> None:
    async with Bus() as bus:
        go = asyncio.Event()
        ref = bus.spawn(Awaits, go)
        await bus.tell(ref, Job())
        await asyncio.sleep(0)
        calls: list[float] = []
        note = Arrivals.note

        def counted(arrivals: Arrivals, cell: Keeps) -> None:
            calls.append(cell.now())
            note(arrivals, cell)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Arrivals, "note", counted)
            for _ in range(500):
                await bus.tell(ref, Job())
                await asyncio.sleep(0)
        assert 1 <= len(calls) <= 2
        go.set()


async def test_one_that_has_ended_is_forgotten_and_no_timer_is_left() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Awaits, asyncio.Event())
        for _ in range(3):
            bus.tell(ref, Job())
        await eventually(bus.arrivals.ages)
        ref._cell.kill("enough")
        await eventually(lambda: not bus.arrivals.rung and not bus.arrivals.ages())
        assert not bus.arrivals._kept
