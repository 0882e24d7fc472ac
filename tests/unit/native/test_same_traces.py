"""Both builds do the same: a simulation of whole nodes has the same trace, event by event."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from peerbus.native import build_name

#: Nodes that find each other, talk, are cut off and come back; printed is what happened, as one digest.
PROGRAM = """
import asyncio, sys
from dataclasses import dataclass
from peerbus.actors import EVERYONE, LOCAL, Channel, PeerbusError, Reactor, Request, Message, Role, handles
from peerbus.native import build_name
from peerbus.testing import Simulation, Uniform

class Note(Message):
    text: str

class Ask(Message, Request[str]):
    text: str

class Notes(Reactor):
    channel = Channel("notes", messages=(Note, Ask))
    def __init__(self):
        super().__init__()
        self.heard = []
    @handles(Note)
    def note(self, note: Note) -> None:
        self.heard.append(note.text)
    @handles(Ask)
    async def ask_of(self, ask: Ask) -> str:
        await asyncio.sleep(0.01)
        return f"{ask.text}, {len(self.heard)}"

async def scenario(sim):
    sim.network.shape(latency=Uniform(0.001, 0.05), jitter=0.01)
    names = ("alice", "bob", "carol")
    nodes = [await sim.node(name, offers={f"role-{name}", "all"}, reactors=[Notes]) for name in names]
    await sim.until(lambda: all(len(node.peers) == 2 for node in nodes), within=20)
    said = []
    for number in range(200):
        await nodes[0].tell(Role("role-bob") / Notes, Note(f"{number}"))
        if not number % 20:
            said.append(await nodes[1].ask(Role("role-carol") / Notes, Ask(f"{number}"), timeout=5))
    sim.network.partition({"alice"}, {"bob", "carol"})
    for number in range(5):
        try:
            said.append(await nodes[0].ask(Role("role-bob") / Notes, Ask(f"{number}"), timeout=0.5))
        except PeerbusError as error:
            said.append(f"{type(error).__name__}: {error}")
    await sim.run_for(20)
    sim.network.heal()
    sim.crash("bob")
    await sim.run_for(5)
    await sim.restart("bob", keep_key=False)
    sim.network.break_streams("carol")
    await sim.run_for(10)
    await nodes[0].tell(EVERYONE / Notes, Note("the end"))
    await sim.run_for(1)
    return said

sim = Simulation(seed=int(sys.argv[1]))
said = sim.run(scenario(sim))
print(build_name(), sim.trace.digest(), sim.trace.count, sim.loop.events, said)
"""


@pytest.mark.skipif(build_name() == "pure", reason="there is nothing to compare the pure build with")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_simulation_of_the_compiled_build_is_that_of_the_pure_one(seed: int) -> None:
    native, pure = _run(seed), _run(seed, PEERBUS_PURE="1")
    assert (native.pop(0), pure.pop(0)) == ("native", "pure")
    assert native == pure


def test_a_simulation_repeats_itself() -> None:
    assert _run(4) == _run(4)


def _run(seed: int, **variables: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(seed)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **variables},
    )
    return done.stdout.split(" ", 4)
