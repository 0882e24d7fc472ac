"""Actors with timers, that note when they tick."""

from __future__ import annotations

import asyncio
from typing import Any

from peerbus.actors import Actor, Timer, handles
from peerbus.actors.engine.timers import Missed


class Paced(Actor):
    """Ticks, as the test says, and takes for each as long as the test says."""

    def __init__(self, missed: Missed, interval: float = 1.0, took: dict[int, float] | None = None) -> None:
        super().__init__()
        self.missed_ticks: Missed = missed
        self.interval = interval
        #: Seconds that the handling of the n-th tick takes; 0 else.
        self.took = took or {}
        self.times: list[float] = []
        self.timer: Timer

    def on_start(self) -> None:
        self.began = self.bus.loop.time()
        self.timer = self.every(self.interval, "tick", missed=self.missed_ticks)

    @handles(str)
    async def tick(self, _tick: str) -> None:
        self.times.append(round(self.bus.loop.time() - self.began, 6))
        await asyncio.sleep(self.took.get(len(self.times), 0.0))

    @handles(float)
    async def work(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def actor_of(ref: Any) -> Any:
    return ref._cell.actor
