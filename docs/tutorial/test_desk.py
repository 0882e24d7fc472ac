"""Step 5: tests. Nothing here sleeps, or opens a socket."""

from functools import partial

import pytest
from desk import Desk, Translate
from words import Lookup, Words

from peerbus.actors import LOCAL, RemoteError, Role
from peerbus.testing import Asked, FaultyNetwork, Probes, Simulation


async def test_an_unknown_word_stays_as_it_is(probe: Probes) -> None:
    desk = await probe.alone(Desk)  # the desk, and no dictionary
    asked = desk.ask(Translate("a teapot", "de"))
    await desk.settle()
    german = Role("words", where="lang=de") / Words
    assert desk.open_asks == [Asked(german, Lookup("a")), Asked(german, Lookup("teapot"))]
    await desk.reply("ein")
    await desk.fail(RemoteError("unknown_word", "teapot"))
    assert await asked == "ein [teapot]"


@pytest.mark.seeds(20)
async def test_a_dictionary_that_falls_silent_costs_no_text(sim: Simulation, network: FaultyNetwork) -> None:
    for name in ("berlin", "vienna"):
        await sim.node(name, offers={"words{lang=de}"}, reactors=[partial(Words, "de")])
    desk = await sim.node("desk", reactors=[Desk], channels=[Words.channel])
    await sim.until(lambda: len(desk.peers) == 2, within=10)
    network.silence("desk", "berlin")  # nobody is told: packets are lost, and the connection stands
    await sim.until(lambda: len(desk.peers) == 1, within=60)  # virtual seconds: heartbeats are missed
    assert await desk.ask(LOCAL / Desk, Translate("good world", "de")) == "gut Welt"
    network.heal()
    await sim.until(lambda: len(desk.peers) == 2, within=600)
