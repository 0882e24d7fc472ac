"""The oldest message of a mailbox has been there at least as long as is said, and hardly longer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Channel, Outcome, Peer, Reactor, handles
from peerbus.node.oldest import NOTES, Fill, Oldest, OldestView, fills_of
from peerbus.testing import Simulation

BOX = ("mailbox", "jobs")


@dataclass(frozen=True)
class Job:
    """Is held."""


class Box:
    """A queue that knows when what came."""

    def __init__(self) -> None:
        self.came = 0
        self.times: list[float] = []

    def put(self, count: int, now: float) -> None:
        self.came += count
        self.times += [now] * count

    def take(self, count: int) -> None:
        del self.times[:count]

    def fills(self) -> list[Fill]:
        return [Fill(self, BOX, lambda: (self.came, len(self.times)))]


def test_an_empty_mailbox_has_no_age_and_one_that_nobody_has_seen_neither() -> None:
    box = Box()
    oldest = Oldest(box.fills)
    oldest.look(1.0)
    assert oldest.view(1.0) == OldestView({}, {})
    box.put(1, 1.5)
    assert oldest.view(2.0) == OldestView({}, {})
    oldest.look(2.0)
    assert oldest.view(5.0) == OldestView({"jobs": 3.0}, {})
    box.take(1)
    assert oldest.view(5.0) == OldestView({}, {})


def test_of_several_the_oldest_is_told_and_lanes_are_told_apart() -> None:
    fills = [Fill(1, BOX, lambda: (5, 1)), Fill(2, ("lane", "jobs"), lambda: (5, 1))]
    oldest = Oldest(lambda: fills)
    oldest.look(1.0)
    fills.append(Fill(3, BOX, lambda: (1, 1)))
    oldest.look(3.0)
    assert oldest.view(4.0) == OldestView({"jobs": 3.0}, {"jobs": 3.0})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=1, max_size=NOTES))
def test_it_is_a_lower_bound_that_is_too_low_by_less_than_the_time_between_two_looks(
    story: list[tuple[int, int]],
) -> None:
    box = Box()
    oldest = Oldest(box.fills)
    now = 0.0
    for put, take in story:
        now += 0.5
        box.put(put, now)
        box.take(take)
        now += 0.5
        oldest.look(now)
        told = oldest.view(now).mailboxes.get("jobs")
        true = now - box.times[0] if box.times else None
        if true is None:
            assert told is None
        else:
            assert told is not None
            assert true - 1.0 < told <= true


class Holds(Reactor):
    channel = Channel("holds", messages=(Job,))

    def __init__(self, opened: asyncio.Event) -> None:
        super().__init__()
        self.opened = opened

    @handles(Job)
    async def hold(self, _: Job) -> None:
        await self.opened.wait()


@pytest.mark.seeds(1)
async def test_what_lies_in_a_mailbox_and_what_is_under_way_to_a_peer_is_looked_at(sim: Simulation) -> None:
    opened = asyncio.Event()
    alice = await sim.node("alice", channels=[Holds.channel])
    bob = await sim.node("bob", reactors=[partial(Holds, opened)])
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    asks = [asyncio.ensure_future(asked(alice.ask(Peer(bob.node_id) / Holds, Job(), timeout=300.0))) for _ in range(3)]
    await sim.until(lambda: [fill for fill in fills_of(bob.bus) if fill.look() == (3, 2)], within=10)
    (box,) = fills_of(bob.bus)
    assert (box.group, box.look()) == (("mailbox", "holds"), (3, 2))
    (lane,) = fills_of(alice.bus)
    assert (lane.group, lane.look()) == (("lane", "holds"), (3, 3))
    assert bob.snapshot().oldest == OldestView({}, {})
    opened.set()
    await asyncio.gather(*asks)
    assert list(fills_of(bob.bus)) == []


async def asked(outcome: Outcome[object]) -> object:
    return await outcome
