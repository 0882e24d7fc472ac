"""Whoever is found is looked at together with those who are found in the same moment."""

from __future__ import annotations

import asyncio
import contextvars
import math

from virtual_time import in_virtual_time

from peerbus.discovery.shell.looks import FOUND_TOGETHER, Looks


@in_virtual_time
async def test_many_who_are_found_at_a_time_are_one_look_and_the_first_is_at_once() -> None:
    loop, seen = asyncio.get_running_loop(), list[float]()

    def look() -> None:
        looks.begun()
        seen.append(loop.time())

    looks = Looks(loop, contextvars.copy_context(), look)
    began = loop.time()
    for _ in range(500):
        looks.found()
    assert seen == [began]
    await asyncio.sleep(1)
    assert [round(at - began, 6) for at in seen] == [0.0, FOUND_TOGETHER]
    looks.found()
    assert seen[-1] == loop.time()


@in_virtual_time
async def test_it_is_looked_when_somebody_is_due_and_no_more_once_it_is_over() -> None:
    loop, seen = asyncio.get_running_loop(), list[float]()
    looks = Looks(loop, contextvars.copy_context(), lambda: seen.append(loop.time()))
    began = loop.time()
    looks.at(began + 5)
    looks.at(began + 3)
    await asyncio.sleep(10)
    assert seen == [began + 3]
    looks.at(began + 20)
    looks.at(math.inf)
    await asyncio.sleep(20)
    looks.end()
    looks.found()
    looks.found()
    await asyncio.sleep(20)
    assert seen == [began + 3]
