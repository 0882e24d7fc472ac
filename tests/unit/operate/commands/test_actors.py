"""`peerbus actors`: what runs, in an order that one asks for, and all about one."""

from __future__ import annotations

import json

import pytest
from administered import Blocks, Place, Wait
from command_line import asked

from peerbus.actors import LOCAL


async def test_each_actor_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(place.socket, "actors", capsys)
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["ACTOR", "CLASS", "CHANNEL", "STATE", "QUEUED", "DELIVERED", "RESTARTS"]
    assert ["blocks", "Blocks", "blocks", "running", "0", "0", "0"] in lines
    assert [line[0] for line in lines[1:]] == sorted(line[0] for line in lines[1:])


async def test_they_are_sorted_and_limited_as_one_likes(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(100):
        await place.node.tell(LOCAL / Blocks, Wait())
    _, out, _ = await asked(place.socket, "actors --sort delivered --limit 1 --json", capsys)
    assert [actor["name"] for actor in json.loads(out)] == ["blocks"]
    assert (await asked(place.socket, "actors --limit 0", capsys))[0] == 2


async def test_one_actor_is_told_of_in_full(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(place.socket, "actors blocks", capsys)
    assert (status, err) == (0, "")
    assert out.startswith("actor blocks\n  class     Blocks\n  channel   blocks\n  state     running\n")
    assert json.loads((await asked(place.socket, "actors blocks --json", capsys))[1])["mailbox"]["queued"] == 0
    status, out, err = await asked(place.socket, "actors nobody", capsys)
    assert (status, out, err) == (1, "", "peerbus actors: no actor is called 'nobody' here\n")
