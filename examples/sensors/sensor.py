"""A sensor measures when it is asked. One that has fallen silent takes what is asked, and never answers."""

from __future__ import annotations

import asyncio
import math

from peerbus.actors import Channel, Reactor, handles

from .messages import Measure, Measured

#: The role that sensors offer; attributes say where each is, and what it measures: `sensor{kind=…,region=…}`.
SENSOR = "sensor"


class Sensor(Reactor):
    """`level`: what it measures, give or take one. `silent`: it does not answer."""

    channel = Channel("sensor", messages=(Measure, Measured), idempotent=(Measure,))

    def __init__(self, level: float, *, silent: bool = False) -> None:
        super().__init__()
        self._level = level
        self._silent = silent

    @handles(Measure)
    async def measure(self, _: Measure) -> Measured:
        if self._silent:
            await asyncio.Event().wait()  # until the one that asks has no more patience: that cancels this handler
        swing = math.sin(self.bus.loop.time() / 10)
        return Measured(round(self._level + swing + self.bus.rng.uniform(-0.1, 0.1), 2))
