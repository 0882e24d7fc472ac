"""How asks of a role are spread over nodes that are equals, and over those that are not."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import Address, Channel, DeadlineExceeded, Peer, Reactor, Role, Several, handles
from peerbus.node import Node
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Job:
    number: int


class Worker(Reactor):
    """Does one job at a time, and answers with its node's name."""

    channel = Channel("worker", messages=(Job,), idempotent=(Job,), timeout=60.0)
    seconds = 0.2

    @handles(Job)
    async def work(self, _job: Job) -> str:
        await asyncio.sleep(self.seconds)
        return self.bus.name


class Slow(Worker):
    """As Worker, and takes ten times as long."""

    channel = Worker.channel
    seconds = 2.0


PICKS: list[Address[Any]] = [Role("worker") / Worker, Role("worker", "least") / Worker]


async def workers(sim: Simulation, *reactors: type[Worker], here: bool = False) -> Node:
    """A node that asks, connected to one node for each of these; `here`: it is a worker itself."""
    for number, reactor in enumerate(reactors):
        await sim.node(f"worker-{number}", offers={"worker"}, reactors=[reactor])
    if here:
        asker = await sim.node("asker", offers={"worker"}, reactors=[Worker])
    else:
        asker = await sim.node("asker", channels=[Worker.channel])
    await sim.until(lambda: len(asker.peers) == len(reactors), within=30)
    return asker


async def at_once(asker: Node, to: Address[Any], count: int) -> Counter[str]:
    outcomes = [asker.ask(to, Job(number), reply=str) for number in range(count)]
    return Counter([await outcome for outcome in outcomes])


@pytest.mark.seeds(6)
@pytest.mark.parametrize("to", PICKS, ids=["one", "least"])
@pytest.mark.parametrize("here", [False, True], ids=["elsewhere", "and here"])
async def test_the_one_that_was_measured_gets_its_part_of_the_next_asks(
    sim: Simulation, to: Address[Any], here: bool
) -> None:
    asker = await workers(sim, *([Worker] * (2 if here else 3)), here=here)
    first = await asker.ask(to, Job(0), reply=str)  # now the latency of one is known
    for pause in (0, 5, 300):  # and it is of all, of long ago, and as good as forgotten
        await asyncio.sleep(pause)
        got = await at_once(asker, to, 12)
        assert len(got) == 3, (first, got)
        assert min(got.values()) >= (2 if to is PICKS[0] else 4)


@pytest.mark.seeds(6)
async def test_no_equal_starves_when_it_is_asked_one_at_a_time(sim: Simulation) -> None:
    sim.network.shape(latency=0.001, jitter=0.01)  # one is always the quickest by a hair
    asker = await workers(sim, Worker, Worker, here=True)
    for to in PICKS:
        got: Counter[str] = Counter()
        for number in range(90):
            got[await asker.ask(to, Job(number), reply=str)] += 1
        assert len(got) == 3
        assert min(got.values()) >= 12


@pytest.mark.seeds(6)
async def test_of_many_at_once_a_slow_one_gets_less_and_never_nothing(sim: Simulation) -> None:
    asker = await workers(sim, Worker, Worker, Slow)
    got: Counter[str] = Counter()

    async def ask_often() -> None:
        for number in range(60):
            got[await asker.ask(Role("worker") / Worker, Job(number), reply=str)] += 1

    await asyncio.gather(*(ask_often() for _ in range(4)))
    assert 1 <= got["worker-2"] <= 40
    assert min(got["worker-0"], got["worker-1"]) >= 80


@pytest.mark.seeds(6)
async def test_asks_that_are_given_up_at_once_do_not_make_a_peer_look_quick(sim: Simulation) -> None:
    asker = await workers(sim, Worker, Worker, Worker)
    for number in range(6):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_awaited(asker.ask(PICKS[0], Job(number))), 0.002)
    await asyncio.sleep(5)
    await asker.ask(PICKS[0], Job(0))
    assert min((await at_once(asker, PICKS[0], 12)).values()) >= 2


@pytest.mark.seeds(6)
async def test_several_are_not_always_the_same(sim: Simulation) -> None:
    asker = await workers(sim, Worker, Worker, Worker, here=True)
    got: Counter[str] = Counter()
    for number in range(40):
        results = await asker.ask(Role("worker", Several(2)) / Worker, Job(number), reply=str)
        got.update(results.answers.values())
    assert len(got) == 4
    assert min(got.values()) >= 8


@pytest.mark.seeds(6)
async def test_an_ask_elsewhere_of_the_same_peer_is_no_load_of_this_reactor(sim: Simulation) -> None:
    class Bell(Reactor):
        """Answers when it is rung, which nobody does."""

        channel = Channel("bell", messages=(Job,))

        @handles(Job)
        async def wait(self, _job: Job) -> None:
            await asyncio.Event().wait()

    for name in ("plain", "ringing"):
        await sim.node(name, offers={"worker"}, reactors=[Worker, Bell] if name == "ringing" else [Worker])
    asker = await sim.node("asker", channels=[Worker.channel, Bell.channel])
    await sim.until(lambda: len(asker.peers) == 2, within=30)
    (there,) = asker.bus.routes.with_reactor("bell")
    waiting = asyncio.ensure_future(_awaited(asker.ask(Peer(there.peer_id) / Bell, Job(0), timeout=60)))
    await asyncio.sleep(0.1)
    for to in PICKS:
        got = Counter([await asker.ask(to, Job(number), reply=str) for number in range(30)])
        assert min(got["plain"], got["ringing"]) >= 5
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.seeds(4)
async def test_this_node_is_no_quicker_than_its_mailbox_is_long(sim: Simulation) -> None:
    asker = await workers(sim, Worker, here=True)
    here: Any = asker.bus.cell("worker")
    for number in range(20):
        await asker.tell(here.ref, Job(number))  # 4 s of work
    got = [await asker.ask(Role("worker") / Worker, Job(number), reply=str) for number in range(5)]
    assert got == ["worker-0"] * 5
    with pytest.raises(DeadlineExceeded):
        await asker.ask(here.ref, Job(0), timeout=0.1)


async def _awaited(outcome: Any) -> Any:
    return await outcome
