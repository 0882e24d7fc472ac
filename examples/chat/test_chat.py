"""The chat: its reactor alone, rooms on a network that breaks, and real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import NoRoute, Peer, Role
from peerbus.discovery import PeerDown, PeerRolesChanged, PeerUp
from peerbus.discovery.facts import Direction
from peerbus.node import Node
from peerbus.testing import Alone, Asked, FaultyNetwork, Probes, Simulation, Told

from .messages import AreYouThere, Hello, Line, LookAround, Say, SayTo, Shown, Whisper
from .people import People
from .talk import ROOM, Talk

#: The folder in which `python -m chat` finds the chat.
HOME = Path(__file__).resolve().parents[1]
BOB, EVE = "b0" * 32, "e5" * 32


def test_two_of_one_name_are_told_apart_and_each_can_be_meant() -> None:
    people = People()
    assert people.add(BOB, "bob")
    assert not people.add(BOB, "bob"), "that is known"
    people.add(EVE, "bob")
    assert (people.label(BOB), people.label(EVE)) == ("bob#b0b0", "bob#e5e5")
    assert people.find("bob") == [BOB, EVE]
    assert people.find("bob#e5e5") == [EVE]
    assert people.remove(EVE) == "bob#e5e5"
    assert people.label(BOB) == "bob"
    assert people.remove(EVE) is None


@pytest.mark.parametrize("text", ["\x1b[2J", "", "a" * 1001, "a\nb", "\u202ereversed"])
def test_what_would_spoil_a_terminal_is_no_message(text: str) -> None:
    for make in (partial(Line, "lobby"), Whisper, Hello):
        with pytest.raises(ValueError, match="printable characters"):
            make(text)


async def happens(talk: Alone[Talk], *facts: object) -> None:
    """Facts of the node, and what is typed: they reach the reactor over its own bus."""
    for fact in facts:
        talk.bus.publish(fact)
        await talk.settle()


def shown(talk: Alone[Talk]) -> list[str]:
    return [event.text for event in talk.published if isinstance(event, Shown)]


async def test_who_comes_is_told_my_name_and_shown_by_his(probe: Probes) -> None:
    talk = await probe.alone(partial(Talk, "ada"))
    await happens(talk, PeerUp(BOB, 1, Direction.DIALED))
    assert talk.sent == [Told(Peer(BOB) / Talk, Hello("ada"))]
    await talk.tell(Hello("bob"), sender=Peer(BOB) / Talk)
    await talk.tell(Line("lobby", "hi"), sender=Peer(BOB) / Talk)
    await happens(talk, PeerRolesChanged(BOB, ("room.lobby", "room.garden", "archive")), PeerDown(BOB, "silent"))
    assert shown(talk) == ["bob is here", "[lobby] bob: hi", "bob is in lobby, garden", "bob is lost (silent)"]


async def test_a_line_goes_to_everybody_in_the_room_and_a_whisper_to_one(probe: Probes) -> None:
    talk = await probe.alone(partial(Talk, "ada"))
    await talk.tell(Hello("bob"), sender=Peer(BOB) / Talk)
    await happens(talk, Say("lobby", "hi"), SayTo("bob", "psst"), SayTo("eve", "psst"))
    assert talk.sent == [
        Told(Role(ROOM + "lobby", "all") / Talk, Line("lobby", "hi")),
        Told(Peer(BOB) / Talk, Whisper("psst")),
    ]
    assert shown(talk)[1:] == ["to bob: psst", "there is no eve here"]


async def test_looking_around_asks_everybody_in_the_room(probe: Probes) -> None:
    talk = await probe.alone(partial(Talk, "ada"))
    await happens(talk, LookAround("lobby"))
    assert talk.open_asks == [Asked(Role(ROOM + "lobby", "all") / Talk, AreYouThere())]
    await talk.fail(NoRoute("nobody offers it"))
    assert shown(talk) == ["nobody is in lobby"]


@pytest.mark.seeds(3)
async def test_who_is_cut_off_is_lost_and_found_and_rooms_are_kept_apart(
    sim: Simulation, network: FaultyNetwork
) -> None:
    async def person(name: str, *rooms: str) -> tuple[Node, list[str]]:
        offers = [ROOM + room for room in rooms]
        node = await sim.node(name, offers=offers, reactors=[partial(Talk, name)], heartbeat=1)
        shown: list[str] = []
        events = node.subscribe(Shown)
        events_of.append((events.get_nowait, shown))
        return node, shown

    def read() -> bool:
        for get, shown in events_of:
            while (event := get()) is not None:
                shown.append(event.text)
        return True

    events_of: list[tuple[Callable[[], Shown | None], list[str]]] = []
    ada, ada_sees = await person("ada", "lobby")
    bob, bob_sees = await person("bob", "lobby", "garden")
    _, eve_sees = await person("eve", "garden")
    await sim.until(lambda: read() and "bob is here" in ada_sees and "eve is here" in ada_sees, within=30)
    ada.bus.publish(Say("lobby", "hello"))
    await sim.until(lambda: read() and "[lobby] ada: hello" in bob_sees, within=10)
    await sim.run_for(5)
    assert read()
    assert not [line for line in eve_sees if "hello" in line]

    network.silence("ada", "bob")
    await sim.until(lambda: read() and any("bob is lost" in line for line in ada_sees), within=60)
    ada.bus.publish(Say("lobby", "anybody?"))
    await sim.until(lambda: read() and "nobody else is in lobby" in ada_sees, within=10)
    network.heal()
    await sim.until(lambda: read() and ada_sees.count("bob is here") == 2, within=600)
    bob.bus.publish(SayTo("ada", "back again"))
    await sim.until(lambda: read() and "bob whispers: back again" in ada_sees, within=10)


def test_two_processes_find_each_other_talk_and_notice_a_kill() -> None:
    with ExitStack() as running:

        def start(name: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "chat", name, "--here", "--network", f"chat-{os.getpid()}"]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HOME
            )
            running.enter_context(process)
            running.callback(process.kill)
            return process

        ada, bob = start("ada"), start("bob")
        assert ada.stdout is not None
        assert bob.stdin is not None
        read_until(ada, "* bob is here")
        bob.stdin.write("hello ada\n/to ada psst\n/who\n")
        bob.stdin.flush()
        read_until(ada, "[lobby] bob: hello ada")
        read_until(ada, "bob whispers: psst")
        read_until(bob, "* in lobby: ada, you")
        bob.kill()
        read_until(ada, "* bob is lost")
        ada.send_signal(signal.SIGINT)
        rest = ada.communicate(timeout=20)
        assert (ada.returncode, rest) == (130, ("", ""))


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    pytest.fail(f"it has ended without {text!r}: {said}")
