"""The ledger of dead letters."""

from __future__ import annotations

import asyncio
import threading

import pytest
from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.actors import LOCAL, Bus
from peerbus.actors.mailbox.dead_letters import LOGGED, DeadLetters


def test_a_flood_is_counted_in_full_and_logged_in_part(caplog: pytest.LogCaptureFixture) -> None:
    letters = DeadLetters("bus")
    for _ in range(100):
        letters.add(1, "no_route", "there", "here", 5.0)
    letters.add("text", "expired", "there", "here", 6.0)
    assert letters.counts == {"no_route": 100, "expired": 1}
    lines = [record.getMessage() for record in caplog.records]
    assert sum("no_route" in line for line in lines) == LOGGED
    assert f"more dead letters node=bus unlogged={100 - LOGGED}" in lines


@in_virtual_time
async def flood(seconds: float) -> None:
    async with Bus("flooded") as bus:
        for _ in range(LOGGED + 15):
            await asyncio.gather(bus.tell(LOCAL / "nobody", 1), return_exceptions=True)
        await asyncio.sleep(seconds)
        lines = [line for line in log_of_the_loop().lines if line["event"] == "more dead letters"]
        assert [line["unlogged"] for line in lines] == ([15] if seconds else [])
    lines = [line for line in log_of_the_loop().lines if line["event"] == "more dead letters"]
    assert [line["unlogged"] for line in lines] == [15]


@pytest.mark.parametrize("seconds", [0, 5], ids=["at the end of the bus", "when the second is over"])
def test_how_many_more_there_were_is_said_though_none_comes_any_more(seconds: float) -> None:
    flood(seconds)


def test_threads_lose_no_count() -> None:
    letters = DeadLetters("bus")

    def count() -> None:
        for _ in range(2_000):
            letters.unroutable("no_route")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert letters.failed == {"no_route": 8_000}
