"""What docs/timers.md shows, at work."""

from __future__ import annotations

from peerbus.actors import Channel, Message, Reactor, Request, handles
from peerbus.testing import Probes, TimerSet


class Sample(Message):
    pass


class Clean(Message):
    pass


class GiveUp(Message):
    pass


class GetPrice(Message, Request[float]):
    name: str


# region: timers
class Prices(Reactor):
    channel = Channel("prices", messages=(GetPrice,))
    prices: dict[str, float]

    def on_start(self) -> None:
        self.every(1.0, Sample())  # 1, 2, 3, … seconds after the start
        self.every(60.0, Clean(), missed="delay")  # a minute after the last one was done
        self.patience = self.after(10.0, GiveUp())  # once

    @handles(GetPrice)
    def price(self, wanted: GetPrice) -> float:
        self.patience.cancel()
        return self.prices[wanted.name]


# endregion


class OfToday(Prices):
    prices = {"tea": 3.5}  # noqa: RUF012

    @handles(Sample)
    def sample(self, _: Sample) -> None: ...

    @handles(Clean)
    def clean(self, _: Clean) -> None: ...

    @handles(GiveUp)
    def give_up(self, _: GiveUp) -> None:
        self.stop()


async def test_an_actor_is_timed(probe: Probes) -> None:
    prices = await probe.alone(OfToday)
    assert [(each.delay, each.repeats) for each in prices.take() if isinstance(each, TimerSet)] == [
        (1.0, True),
        (60.0, True),
        (10.0, False),
    ]
    assert await prices.ask(GetPrice("tea")) == 3.5
    await prices.advance(11.0)
