"""Three sites: reactors alone, a site cut off on a simulated network, the configurations, and processes on one LAN.

That the play does what the README shows, over namespaces and a nats-server, is tested by `make brokers`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import NoRoute, Role
from peerbus.node.config import parse_config
from peerbus.testing import Asked, Probes, Simulation, TimerSet

from .stores.desk import EVERY, Desk, told
from .stores.messages import Count, Counted, Look
from .stores.store import Store

HERE = Path(__file__).resolve().parent
BERLIN, LYON = Counted("berlin", 120), Counted("lyon", 80)


def test_what_a_desk_says() -> None:
    assert told([LYON, BERLIN]) == "200 bolts: berlin 120, lyon 80"
    assert told([]) == "0 bolts: nobody"


async def test_a_store_counts(probe: Probes) -> None:
    store = await probe.alone(partial(Store, "berlin", 120))
    assert await store.ask(Count()) == BERLIN


async def test_a_desk_asks_all_stores_twice_a_second_and_says_when_nobody_is_there(
    probe: Probes, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = await probe.alone(Desk, channels=[Store.channel])
    assert desk.timers == [TimerSet(EVERY, Look(), repeats=True)]
    for _ in range(2):
        await desk.advance(EVERY)
        assert desk.open_asks == [Asked(Role("store", "all") / Store, Count())]
        await desk.fail(NoRoute("nobody"))
    assert capsys.readouterr().out == "0 bolts: nobody\n", "once, as it stays so"


@pytest.mark.seeds(3)
async def test_a_site_that_is_cut_off_goes_on_with_what_it_has(
    sim: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    for site, bolts in (("berlin", 120), ("lyon", 80)):
        await sim.node(f"{site}-store", offers=["store"], reactors=[partial(Store, site, bolts)])
        await sim.node(f"{site}-desk", reactors=[Desk], channels=[Store.channel])
    await sim.node("hub-store", offers=["store"], reactors=[partial(Store, "hub", 500)])
    heard: list[str] = []

    def said(line: str, times: int = 1) -> bool:
        heard.extend(capsys.readouterr().out.splitlines())
        return heard.count(line) == times

    everybody, alone = "700 bolts: berlin 120, hub 500, lyon 80", "80 bolts: lyon 80"
    others = "620 bolts: berlin 120, hub 500"
    await sim.until(lambda: said(everybody, 2), within=120)  # both desks
    heard.clear()
    sim.network.partition({"lyon-store", "lyon-desk"}, {"berlin-store", "berlin-desk", "hub-store"})
    await sim.until(lambda: said(alone) and said(others), within=120)
    heard.clear()
    sim.network.heal()
    await sim.until(lambda: said(everybody, 2), within=600)


@pytest.mark.parametrize("name", ["store", "desk", "hub"])
def test_a_configuration_is_a_right_one(name: str) -> None:
    path = HERE / f"{name}.toml"
    config = parse_config(path.read_text(encoding="utf-8"), name=path.name, folder=HERE)
    assert config.network.name == "stores"
    assert any(endpoint.scheme == "nats" for endpoint in config.listen)


def test_a_store_and_a_desk_of_one_lan_meet_without_a_server() -> None:
    processes: list[subprocess.Popen[str]] = []
    with ExitStack() as running:
        for name in ("store", "desk"):
            settings = {
                "network": f'"stores-{os.getpid()}"',
                "listen": '["tcp://127.0.0.1:0"]',
                "discovery": '{interfaces=["127.0.0.1"]}',
                "admin": "{enabled=false}",
            }
            flags = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
            command = [sys.executable, "-m", "peerbus", "run", str(HERE / f"{name}.toml"), *flags]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
            running.enter_context(processes[-1])
            running.callback(processes[-1].terminate)
        said = processes[-1].stdout
        assert said is not None
        while (line := said.readline()) != "120 bolts: berlin 120\n":
            assert line, "it has ended"
