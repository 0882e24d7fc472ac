"""The job queue: its reactors alone, a worker that crashes on a simulated network, and real processes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import LOCAL, Peer, Pool
from peerbus.node import Node
from peerbus.testing import Probes, Published, Simulation, Told

from .messages import Cancel, Film, GivenUp, Progress, Render
from .office import Office
from .worker import ROLE, Worker

#: The folder in which `python -m jobs` finds it.
HOME = Path(__file__).resolve().parents[1]
OFFICE = Peer("0f" * 32) / Office


async def test_a_worker_tells_who_asked_how_far_it_is_and_answers_with_its_name(probe: Probes) -> None:
    worker = await probe.alone(partial(Worker, 0))
    assert await worker.ask(Render(7), sender=OFFICE) == "alone"
    told = [each for each in worker.sent if isinstance(each, Told)]
    assert told == [Told(OFFICE, Progress(7, percent, "alone")) for percent in (0, 25, 50, 75, 100)]


async def test_a_job_that_is_cancelled_says_what_it_gives_up(probe: Probes) -> None:
    worker = await probe.alone(partial(Worker, 3600))
    asked = worker.ask(Render(7), sender=OFFICE)
    await worker.settle()
    asked.cancel()
    await worker.settle()
    assert Published(GivenUp(7, 0)) in worker.effects


async def test_without_a_worker_nothing_is_asked_and_cancelling_cancels_nothing(probe: Probes) -> None:
    office = await probe.alone(Office, channels=[Worker.channel])
    film = office.ask(Film(3))
    await office.settle()
    assert office.open_asks == []
    assert await office.ask(Cancel(0)) is False
    film.cancel()


async def started(sim: Simulation, workers: int) -> Node:
    office = await sim.node("office", reactors=[Office])
    for number in range(1, workers + 1):
        pool = Pool(partial(Worker, 4.0), members=2, prefetch=0)
        offers = [f"{ROLE}{{slots=2}}"]
        await sim.node(f"worker-{number}", offers=offers, reactors=[pool], channels=[Office.channel])
    await sim.until(lambda: len(office.bus.routes.offering(ROLE, "worker")) == workers, within=30)
    return office


@pytest.mark.seeds(3)
async def test_every_frame_has_an_end_though_a_worker_crashes_in_the_midst_of_its_own(sim: Simulation) -> None:
    office = await started(sim, 3)
    news = office.subscribe(Progress)
    film = office.ask(LOCAL / Office, Film(12))
    seen: list[Progress] = []

    def halfway() -> bool:
        while (event := news.get_nowait()) is not None:
            seen.append(event)
        return any(each.worker == "worker-1" and each.percent == 50 for each in seen)

    await sim.until(halfway, within=60)
    assert Counter(each.worker for each in seen if each.percent == 0) == {f"worker-{n}": 2 for n in (1, 2, 3)}
    sim.crash("worker-1")
    ends = await film
    assert len(ends) == 12
    assert set(ends) == {"worker-2", "worker-3"}
    news.close()


@pytest.mark.seeds(3)
async def test_a_worker_that_comes_late_gets_work_and_a_cancelled_frame_is_no_ones(sim: Simulation) -> None:
    office = await sim.node("office", reactors=[Office])
    film = office.ask(LOCAL / Office, Film(6))
    await sim.run_for(10)
    for name in ("early", "late"):
        pool = Pool(partial(Worker, 4.0), members=1, prefetch=0)
        await sim.node(name, offers=[ROLE], reactors=[pool], channels=[Office.channel])
        await sim.run_for(2)
    assert await office.ask(LOCAL / Office, Cancel(0)) is True
    ends = await film
    assert ends[0] == "cancelled"
    assert set(ends[1:]) == {"early", "late"}


async def test_when_nobody_wants_the_film_nobody_renders_it(sim: Simulation) -> None:
    office = await started(sim, 2)
    given_up = [sim.nodes[f"worker-{number}"].subscribe(GivenUp) for number in (1, 2)]
    film = office.ask(LOCAL / Office, Film(12))
    await sim.run_for(2.5)
    film.cancel()
    await sim.run_for(1)
    for news in given_up:
        assert {(await news.get()).percent, (await news.get()).percent} == {50}
        news.close()
    assert await office.ask(LOCAL / Office, Film(1)) in (["worker-1"], ["worker-2"]), "they are free again"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "jobs", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=HOME, timeout=50)


def test_the_demo_kills_a_worker_cancels_a_frame_and_every_frame_has_an_end() -> None:
    done = run("demo", "--frames", "6", "--seconds", "0.4")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    (killed,) = [line for line in lines if line.startswith("worker-1 is killed")]
    assert re.fullmatch(r"worker-1 is killed, in the midst of frame \d", killed)
    ends = dict(part.rsplit(" ", 1) for part in lines[-1].removeprefix("frames by worker: ").split(", "))
    assert sum(map(int, ends.values())) == 6
    assert not [name for name in ends if name.startswith("failed")]
    assert ("cancelled" in ends) == any(line.endswith("is not wanted any more: cancelled") for line in lines)
