"""Peers that send much take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from peerbus.transports.connection import read_turns
from peerbus.transports.connection.read_turns import SLICE, ReadTurns


class Reader:
    owes = 0.0

    def __init__(self, name: str, turns: int, took: list[str]) -> None:
        self.name, self.left, self.took = name, turns, took

    def go_on(self, until: float) -> bool:
        self.took.append(self.name)
        self.left -= 1
        return not self.left


async def test_each_has_its_turn_until_none_is_left() -> None:
    turns = ReadTurns(asyncio.get_running_loop())
    took: list[str] = []
    for name, count in (("a", 3), ("b", 1), ("c", 2)):
        turns.wait(Reader(name, count, took))
    for _ in range(6):
        await asyncio.sleep(0)
    assert took == ["a", "b", "c", "a", "c", "a"]


class Timed(asyncio.SelectorEventLoop):
    """Its time is what the test says, but for what the selector waits for; it keeps what is to happen later."""

    def __init__(self) -> None:
        self.now = 100.0
        self.later: list[float] = []
        super().__init__()

    def time(self) -> float:
        return self.now

    def call_later(  # type: ignore[override]  # as it is called here
        self, delay: float, *args: Any, **options: Any
    ) -> asyncio.TimerHandle:
        self.later.append(delay)
        self.now += delay
        return super().call_later(0.0, *args, **options)


class Costly(Reader):
    """Takes that many seconds of the loop's time for each turn, whatever it was given."""

    def __init__(self, name: str, turns: int, took: list[str], seconds: float, loop: Timed) -> None:
        super().__init__(name, turns, took)
        self.seconds, self.loop = seconds, loop

    def go_on(self, until: float) -> bool:
        self.loop.now += self.seconds
        return super().go_on(until)


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timed]:
    """A loop that has a processor for itself."""
    loop = Timed()
    monkeypatch.setattr(read_turns, "thread_time", lambda: loop.now)
    yield loop
    loop.close()


def gone_round(loop: Timed, turns: ReadTurns) -> None:
    async def rest() -> None:
        while turns.crowded:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0)

    loop.run_until_complete(rest())


def test_all_of_them_together_have_one_slice_of_a_turn_of_the_loop(processor: Timed) -> None:
    turns = ReadTurns(processor)
    took: list[str] = []
    for number in range(20):
        turns.wait(Costly(str(number), 2, took, SLICE * 1.01, processor))

    async def count() -> None:
        seen = len(took)
        while turns.crowded:
            await asyncio.sleep(0)
            assert len(took) - seen <= 1, "others wait for one slice, not for one of each"
            seen = len(took)

    processor.run_until_complete(count())
    assert took == [*map(str, range(20))] * 2
    assert SLICE < 0.01


def test_what_somebody_has_used_of_a_turn_is_not_there_for_the_next_one(processor: Timed) -> None:
    turns, reader = ReadTurns(processor), Reader("a", 1, [])

    async def use() -> list[bool]:
        began = turns.begin()
        processor.now += SLICE / 2
        turns.spent(reader, began)
        seen = [turns.crowded]
        turns.spent(reader, began)
        seen.append(turns.crowded)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [*seen, turns.crowded]

    assert processor.run_until_complete(use()) == [False, True, False]


def test_what_one_step_took_beyond_its_slice_others_have_before_the_next_turn(processor: Timed) -> None:
    turns = ReadTurns(processor)
    took: list[str] = []
    turns.wait(Costly("a", 3, took, 0.010, processor))
    gone_round(processor, turns)
    assert took == ["a"] * 3
    assert processor.later == pytest.approx([0.010 - SLICE] * 3)


def test_a_step_that_keeps_to_its_slice_keeps_nobody_waiting(processor: Timed) -> None:
    turns = ReadTurns(processor)
    turns.wait(Costly("a", 50, [], SLICE * 1.01, processor))
    gone_round(processor, turns)
    assert processor.later == []


def test_time_that_others_had_the_processor_for_is_not_paid_back(
    processor: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_turns, "thread_time", lambda: 0.0)
    turns = ReadTurns(processor)
    turns.wait(Costly("a", 5, [], 0.5, processor))
    gone_round(processor, turns)
    assert processor.later == []


def test_whose_steps_are_long_waits_until_the_others_had_as_much_time(processor: Timed) -> None:
    turns = ReadTurns(processor)
    took: list[str] = []
    turns.wait(Costly("long", 3, took, SLICE * 5, processor))
    turns.wait(Costly("short", 12, took, SLICE, processor))
    gone_round(processor, turns)
    between = [took[:at].count("short") for at, name in enumerate(took) if name == "long"]
    assert between == [0, 5, 10]
    assert took.count("short") == 12


def test_it_waits_for_nobody_where_it_is_alone(processor: Timed) -> None:
    turns = ReadTurns(processor)
    took: list[str] = []
    one = Costly("long", 1, took, SLICE * 50, processor)
    turns.wait(one)
    gone_round(processor, turns)
    one.left = 1
    turns.wait(one)
    gone_round(processor, turns)
    assert took == ["long", "long"]
