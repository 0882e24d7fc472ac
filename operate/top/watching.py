"""Reads a node again and again, and keeps what is drawn; a node that has gone is waited for.

Tasks: `top reads`, at most one (waits for: the node; feeds: the picture).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ...actors.base import new_task
from ..client import AdminClient, AdminError
from .choice import TopChoice, pressed
from .figures import BLOCKS
from .rates import Rates
from .sample import Shown, TopSample, counters_of, take_sample

__all__ = ["Watching"]

#: Seconds without an answer after which that is told.
SLOW = 2.0
#: By which order of the API the foremost actors are read, for the column that they are sorted by.
_ORDERS = {"MSGS/s": "busiest", "RESTART": "restarts"}


class Watching:
    """See the module. `interval`: seconds between two looks."""

    def __init__(self, client: AdminClient, choice: TopChoice, *, interval: float) -> None:
        self._client = client
        self._interval = interval
        self._woken = asyncio.Event()
        #: Called when there is something else to draw: after each look, key, or second without an answer.
        self.changed: Callable[[], None] = lambda: None
        self.choice: TopChoice = choice
        self.rates: Rates = Rates()
        #: The last that was read, and why nothing is read any more; "" while it is.
        self.sample: TopSample | None = None
        self.lost: str = ""
        #: Looks that came to something.
        self.looks: int = 0
        self.blocks: str = BLOCKS

    @property
    def place(self) -> str:
        """Where the node is."""
        return str(self._client.target)

    def press(self, key: str, *, width: int, page: int) -> None:
        """A key was pressed; see `pressed`."""
        before = self.choice
        self.choice = pressed(before, key, width=width, page=page)
        asks_anew = (before.shown, before.sort, before.match) != (
            self.choice.shown,
            self.choice.sort,
            self.choice.match,
        )
        if self.choice.over or asks_anew or (before.paused and not self.choice.paused):
            self._woken.set()
        self.changed()

    def end(self) -> None:
        """That was enough."""
        self.choice = replace(self.choice, over=True)
        self._woken.set()

    async def run(self) -> None:
        """Until the choice is that it was enough. Raises AdminError where the first look comes to nothing."""
        while not self.choice.over:
            self._woken.clear()
            if not self.choice.paused:
                await self._look()
                self.changed()
            try:
                async with asyncio.timeout(None if self.choice.paused else self._interval):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        """Read once; meanwhile keys are heard, and that it takes long is told."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        reading = new_task(self._read(), loop=loop, name="top reads")
        over = asyncio.ensure_future(self._woken.wait())
        try:
            while not reading.done() and not (over.done() and self.choice.over):
                waits = {reading} if over.done() else {reading, over}
                done, _ = await asyncio.wait(waits, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                if not done and (taken := loop.time() - begun) >= SLOW and self.sample is not None:
                    self.lost = f"no answer for {taken:.0f} s: its event loop stands still"
                    self.changed()
            if reading.done():
                reading.result()
        finally:
            for task in (reading, over):
                task.cancel()
            await asyncio.gather(reading, over, return_exceptions=True)

    async def _read(self) -> None:
        choice, now = self.choice, asyncio.get_running_loop().time()
        actors = choice.shown is Shown.ACTORS
        order = _ORDERS.get(choice.sort, "fullest")
        try:
            sample = await take_sample(
                self._client, choice.shown, now, order=order, match=choice.match if actors else ""
            )
        except AdminError as error:
            if self.sample is None:
                raise
            self.lost = f"has gone, and is waited for ({error})"
            return
        self.rates.feed(now, sample.run, counters_of(sample))
        self.sample, self.lost, self.looks = sample, "", self.looks + 1
