"""The sensor network: its reactors alone, shares with silent sensors on a simulated network, and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import DeadlineExceeded, NoRoute, Role, Share
from peerbus.node import Node
from peerbus.testing import Asked, Probes, Simulation

from .aggregator import AGGREGATOR, Aggregator
from .desk import summaries, told
from .messages import Measure, Summarize, Summary
from .nodes import LEAF
from .sensor import SENSOR, Sensor

#: The folder in which `python -m sensors` finds it.
HOME = Path(__file__).resolve().parents[1]


async def test_a_sensor_measures_about_its_level(probe: Probes) -> None:
    sensor = await probe.alone(partial(Sensor, 21.0))
    assert abs((await sensor.ask(Measure())).value - 21.0) <= 1.1


async def test_a_silent_sensor_takes_what_is_asked_until_nobody_waits(probe: Probes) -> None:
    sensor = await probe.alone(partial(Sensor, 21.0, silent=True))
    asked = sensor.ask(Measure(), timeout=0.01)
    with pytest.raises(DeadlineExceeded):
        await asked


async def test_an_aggregator_asks_a_share_of_its_own_region_and_kind(probe: Probes) -> None:
    aggregator = await probe.alone(partial(Aggregator, "north"), channels=[Sensor.channel])
    summary = aggregator.ask(Summarize("humidity", 0.5))
    await aggregator.settle()
    where = {"region": "north", "kind": "humidity"}
    assert aggregator.open_asks == [Asked(Role(SENSOR, Share(0.5), where=where) / Sensor, Measure())]
    await aggregator.fail(NoRoute("nobody"))
    assert await summary == Summary("north", "humidity", 0, 0, 0, None)


@pytest.mark.parametrize("share", [0.0, 1.5, -1.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="above 0, and 1 at most"):
        Summarize("humidity", share)


def test_a_line_names_the_silent() -> None:
    line = told(Summary("north", "temperature", 6, 4, 3, 20.5, ("ab" * 32,)))
    assert line == "north    temperature    20.50   3 of 4 asked answered, 6 are there; silent: abababab"
    assert "—   0 of 0" in told(Summary("south", "temperature", 0, 0, 0, None))


async def network_of(sim: Simulation, *, count: int, silent: int) -> Node:
    for number in range(count):
        sensor = partial(Sensor, float(number), silent=number < silent)
        offers = [f"{SENSOR}{{kind=temperature,region=north}}"]
        await sim.node(f"sensor-{number}", offers=offers, reactors=[sensor], options=LEAF)
    aggregator = partial(Aggregator, "north")
    offers = [f"{AGGREGATOR}{{region=north}}"]
    node = await sim.node("aggregator", offers=offers, reactors=[aggregator])
    desk = await sim.node("desk", channels=[Aggregator.channel])
    await sim.until(lambda: len(node.bus.routes.offering(SENSOR, "sensor")) == count, within=60)
    await sim.until(lambda: node.node_id in desk.peers, within=60)
    return desk


@pytest.mark.seeds(3)
async def test_a_silent_sensor_costs_its_patience_and_hides_nobody(sim: Simulation) -> None:
    desk = await network_of(sim, count=6, silent=1)
    began = sim.time
    (everybody,) = await summaries(desk, "temperature", 1.0)
    assert sim.time - began < 1.0
    assert (everybody.there, everybody.asked, everybody.answered) == (6, 6, 5)
    assert everybody.silent == (sim.nodes["sensor-0"].node_id,)
    assert everybody.mean == pytest.approx(3.0, abs=1.2)
    (share,) = await summaries(desk, "temperature", 0.5)
    assert share.asked == 3
    assert share.answered + len(share.silent) == 3
    assert await summaries(desk, "temperature", 0.5, region="south") == []
    (none,) = await summaries(desk, "humidity", 1.0)
    assert (none.there, none.asked, none.mean) == (0, 0, None)


@pytest.mark.seeds(3)
async def test_what_is_cut_off_is_silent_first_and_then_not_there(sim: Simulation) -> None:
    desk = await network_of(sim, count=4, silent=0)
    sim.network.silence("sensor-3", "aggregator")
    (cut,) = await summaries(desk, "temperature", 1.0)
    assert (cut.there, cut.answered, len(cut.silent)) == (4, 3, 1)
    aggregator = sim.nodes["aggregator"]
    await sim.until(lambda: len(aggregator.bus.routes.offering(SENSOR, "sensor")) == 3, within=120)
    (gone,) = await summaries(desk, "temperature", 1.0)
    assert (gone.there, gone.answered, gone.silent) == (3, 3, ())
    sim.network.heal()
    await sim.until(lambda: len(aggregator.bus.routes.offering(SENSOR, "sensor")) == 4, within=600)


def test_processes_find_each_other_and_a_desk_asks_them() -> None:
    there = ["--here", "--network", f"sensors-{os.getpid()}"]
    processes: list[subprocess.Popen[str]] = []
    with ExitStack() as running:
        for words in (["field", "north", "--count", "3", "--silent", "1"], ["aggregator", "north"]):
            command = [sys.executable, "-W", "error", "-m", "sensors", *words, *there]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME))
            running.enter_context(processes[-1])
            running.callback(processes[-1].terminate)
        said = processes[-1].stdout
        assert said is not None
        while not said.readline().endswith("; 3 peers\n"):
            pass
        command = [sys.executable, "-W", "error", "-m", "sensors", "ask", "--share", "1", *there]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HOME, timeout=40)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 3 asked answered, 3 are there; silent: " in done.stdout
