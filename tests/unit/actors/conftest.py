"""Actors' tests run on virtual time: the loop's clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import logging
import selectors
import threading
import time
from collections.abc import Callable

import pytest


class VirtualSelector(selectors.DefaultSelector):
    """Polls; where nothing is ready it moves the clock on. While other threads live it waits in real time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Ready files; time passes only where there are none."""
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready or (super().select(None) if timeout is None else [])
        if threading.active_count() > 1:
            before = time.monotonic()
            ready = super().select(timeout)
            self.now += time.monotonic() - before
            return ready
        # Once more, as the last of them may have ended between the look and the count, and have woken the loop before.
        ready = super().select(0)
        if not ready:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without waiting."""

    def __init__(self) -> None:
        self.virtual = VirtualSelector()
        super().__init__(self.virtual)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self.virtual.now


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What pytest-asyncio makes the loops of these tests with."""
    return {"virtual": VirtualLoop}


@pytest.fixture
def _no_log_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    """For tests of what is kept: pytest keeps each line that is logged, with its error and the frames of that."""
    caplog.set_level(logging.CRITICAL, "peerbus")


@pytest.fixture
def turns() -> Callable[[], object]:
    """Await it to let everything that is ready run, without time passing."""

    async def settle() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    return settle
