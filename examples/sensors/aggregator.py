"""An aggregator asks sensors of its region: a share of them, picked anew each time, and never waits for the silent."""

from __future__ import annotations

from statistics import fmean

from peerbus.actors import Channel, NoRoute, Reactor, Role, Share, handles

from .messages import Measure, Summarize, Summary
from .sensor import SENSOR, Sensor

#: The role that aggregators offer: `aggregator{region=…}`.
AGGREGATOR = "aggregator"
#: Seconds that a sensor has to answer.
PATIENCE = 0.5


class Aggregator(Reactor):
    """One for a region, or several: whoever asks takes whichever is less busy."""

    channel = Channel("aggregator", messages=(Summarize, Summary), idempotent=(Summarize,))

    def __init__(self, region: str, patience: float = PATIENCE) -> None:
        super().__init__()
        self.bus.declare(Sensor.channel)  # this node talks to sensors, it runs none
        self._region = region
        self._patience = patience

    @handles(Summarize, reentrant=True)  # two desks that ask at once do not wait for each other
    async def summarize(self, wanted: Summarize) -> Summary:
        where = {"region": self._region, "kind": wanted.kind}
        sensors = Role(SENSOR, Share(wanted.share), where=where)
        there = len(self.bus.routes.offering(SENSOR, Sensor.channel.name, sensors.where))
        try:
            results = await self.ask(sensors / Sensor, Measure(), timeout=self._patience)
        except NoRoute:
            return Summary(self._region, wanted.kind, 0, 0, 0, None)
        values = [answer.value for answer in results.answers.values()]
        return Summary(
            self._region,
            wanted.kind,
            there,
            len(results),
            len(values),
            round(fmean(values), 2) if values else None,
            tuple(results.errors),
        )
