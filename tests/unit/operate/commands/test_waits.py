"""`peerbus waits`: who stands in which send, and circles of them."""

from __future__ import annotations

import json

import pytest
from administered import Blocks, Place, Wait
from command_line import asked
from virtual_time import eventually

from peerbus.actors import LOCAL, Actor, handles
from peerbus.operate.commands.shown import ShownWait
from peerbus.operate.commands.waits import circles


class Asker(Actor):
    """Asks what is never answered."""

    @handles(str)
    async def go(self, _: str) -> None:
        await self.ask(LOCAL / Blocks, Wait(), timeout=600)


def wait(actor: str, to: str) -> ShownWait:
    here, there = f"bus://local/{actor}", f"bus://local/{to}"
    return ShownWait(actor=here, handling="Go", what="Get", to=there, sent="answer", seconds=1.0)


def names(found: list[tuple[str, ...]]) -> list[str]:
    return [" ".join(place.rpartition("/")[2] for place in circle) for circle in found]


def test_circles_are_found_once_each_from_their_first_name_on() -> None:
    assert names(circles([wait("b", "c"), wait("c", "a"), wait("a", "b"), wait("d", "a"), wait("e", "e")])) == [
        "a b c",
        "e",
    ]
    assert circles([wait("a", "b"), wait("b", "c"), wait("a", "c")]) == []
    assert circles([]) == []


async def test_nobody_waits(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "waits", capsys) == (0, "nobody waits\n", "")
    assert json.loads((await asked(place.socket, "waits --json", capsys))[1]) == []


async def test_a_send_that_a_handler_stands_in_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    await place.node.tell(place.node.bus.spawn(Asker, name="asker"), "go", timeout=30)
    await eventually(place.node.waits)
    status, out, err = await asked(place.socket, "waits", capsys)
    assert (status, err) == (0, "")
    head, line = out.splitlines()
    assert head.split() == ["FOR", "ACTOR", "IN", "WAITS", "FOR", "OF", "SENT"]
    assert line.split()[-5:] == ["asker", "str", "answer", "blocks", "Wait"]
    (said,) = json.loads((await asked(place.socket, "waits --json", capsys))[1])
    assert (said["actor"], said["what"]) == ("bus://local/asker", "answer")
