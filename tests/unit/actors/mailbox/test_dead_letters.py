"""The ledger of dead letters."""

from __future__ import annotations

import threading

import pytest

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
