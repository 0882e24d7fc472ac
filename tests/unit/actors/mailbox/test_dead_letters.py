"""The ledger of dead letters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.actors import LOCAL, ActorFailed, Bus, DeadLetter, NoRoute
from peerbus.actors.mailbox.dead_letters import LOGGED, DeadLetters


class Quiet:
    """A bus whose clock a test sets, and that publishes to a list."""

    name = "bus"
    thread = 1

    def __init__(self) -> None:
        self.now = 5.0
        self.loop: Any = self
        self.published: list[object] = []
        self.called: list[Callable[[], object]] = []

    def time(self) -> float:
        return self.now

    def call(self, action: Callable[[], object]) -> None:
        self.called.append(action)

    def publish(self, event: object) -> None:
        self.published.append(event)


def test_a_flood_is_counted_in_full_and_logged_in_part(caplog: pytest.LogCaptureFixture) -> None:
    bus = Quiet()
    letters = DeadLetters(bus)
    for _ in range(100):
        letters.add(1, "no_route", to="there", sender="here")
    bus.now = 6.0
    letters.add("text", "expired", to="there", sender=None)
    assert bus.published[0] == DeadLetter(1, "no_route", "there", "here")
    assert len(bus.published) == 101
    assert len(bus.called) == 1  # one timer says how many more there were
    assert letters.counts == {"no_route": 100, "expired": 1}
    lines = [record.getMessage() for record in caplog.records]
    assert sum("no_route" in line for line in lines) == LOGGED
    assert f"more dead letters node=bus unlogged={100 - LOGGED}" in lines


def test_an_error_knows_that_it_is_in_the_dead_letters_and_no_letter_is_made_of_a_letter() -> None:
    bus = Quiet()
    letters = DeadLetters(bus)
    error = NoRoute("nobody", message=1)
    letters.add(1, error.reason, to=LOCAL / "x", sender=LOCAL / "y", error=error)
    assert error.in_dead_letters
    (letter,) = bus.published
    assert letter == DeadLetter(1, "no_route", "bus://local/x", "bus://local/y", error)
    letters.add(letter, "mailbox_full", to=LOCAL / "x", sender=None)
    letters.add(ActorFailed("x", ValueError(), "stop"), "mailbox_full", to=LOCAL / "x", sender=None)
    assert bus.published == [letter]
    assert letters.counts == {"no_route": 1, "mailbox_full": 2}


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
    letters = DeadLetters(Quiet())

    def count() -> None:
        for _ in range(2_000):
            letters.count_failed("no_route")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert letters.failed == {"no_route": 8_000}
