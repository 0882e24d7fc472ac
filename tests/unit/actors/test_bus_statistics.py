"""The sums of a bus count every actor, also those that are not listed."""

from __future__ import annotations

from dataclasses import dataclass

from peerbus.actors import Actor, Bus, Channel, ChannelLoad, Reactor, handles


@dataclass(frozen=True)
class Job:
    number: int


class Jobs(Reactor):
    channel = Channel("jobs", messages=(Job,))

    @handles(Job)
    def do(self, job: Job) -> None:
        """Nothing."""


class Idle(Actor):
    @handles(int)
    def take(self, _: int) -> None:
        """Nothing."""


async def test_what_is_counted_is_of_all_and_what_is_listed_has_a_bound() -> None:
    async with Bus(reactors=[Jobs]) as bus:
        refs = [bus.spawn(Idle) for _ in range(20)]
        for ref in refs:
            await bus.tell(ref, 1)
        some, every = bus.statistics(5), bus.statistics()
        assert (len(some.actors), len(every.actors)) == (5, 23)
        assert some.channels == every.channels
        assert some.channels["jobs"] == ChannelLoad(1, 0, 0, 0)
        assert some.running == 23
        assert some.channels["-"].queued == sum(box.queued for box in every.actors.values()) >= 20
        assert some.ledger.local["-"].sent == sum(box.sent for box in every.actors.values())
        assert some.ledger.balanced
        assert some.restarts == 0
