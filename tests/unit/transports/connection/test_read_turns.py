"""Peers that send much take turns."""

from __future__ import annotations

import asyncio

from peerbus.transports.connection.read_turns import SLICE, ReadTurns


class Reader:
    def __init__(self, name: str, turns: int, took: list[str]) -> None:
        self.name, self.left, self.took = name, turns, took

    def go_on(self, until: float) -> bool:
        self.took.append(self.name)
        self.left -= 1
        return not self.left


class Slow(Reader):
    """Takes as long as it may."""

    def go_on(self, until: float) -> bool:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            pass
        return super().go_on(until)


async def test_each_has_its_turn_until_none_is_left() -> None:
    turns = ReadTurns(asyncio.get_running_loop())
    took: list[str] = []
    for name, count in (("a", 3), ("b", 1), ("c", 2)):
        turns.wait(Reader(name, count, took))
    for _ in range(6):
        await asyncio.sleep(0)
    assert took == ["a", "b", "c", "a", "c", "a"]


async def test_all_of_them_together_have_one_slice_of_a_turn_of_the_loop() -> None:
    loop = asyncio.get_running_loop()
    turns = ReadTurns(loop)
    took: list[str] = []
    for number in range(20):
        turns.wait(Slow(str(number), 2, took))
    seen = 0
    while turns.crowded:
        await asyncio.sleep(0)
        assert len(took) - seen <= 1, "others wait for one slice, not for one of each"
        seen = len(took)
    assert took == [*map(str, range(20))] * 2
    assert SLICE < 0.01


async def test_what_somebody_has_used_of_a_turn_is_not_there_for_the_next_one() -> None:
    turns = ReadTurns(asyncio.get_running_loop())
    turns.spent(SLICE / 2)
    seen = [turns.crowded]
    turns.spent(SLICE)
    seen.append(turns.crowded)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [*seen, turns.crowded] == [False, True, False]
