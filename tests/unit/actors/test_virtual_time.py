"""The clock of these tests: it jumps only where nothing is left that could wake the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest


async def test_what_a_thread_says_before_it_ends_comes_before_the_next_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    said = loop.create_future()
    count = threading.active_count

    def ends_meanwhile() -> int:
        # Between the loop's look for what is ready and its count of the threads.
        monkeypatch.undo()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(said.set_result, None))
        thread.start()
        thread.join()
        return count()

    monkeypatch.setattr(threading, "active_count", ends_meanwhile)
    await asyncio.wait_for(said, 5.0)
    assert loop.time() < 1.0  # it did not jump
