"""`peerbus status`: ready or why not, for people, for programs, and as an exit status."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from pairs import Pair

from peerbus.operate.commands.shown import ShownBook
from peerbus.operate.commands.status import _book


async def test_it_tells_the_node_as_a_whole(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(pair.socket, "status", capsys)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "alice in network peerbus is ready"
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert rows["id"] == pair.node.node_id
    assert rows["offers"] == "archive"
    assert rows["peers"] == "1 connected (1 ready)"
    assert rows["opened"] == "1 dialed"
    assert rows["carriers"] == "1 unix"


async def test_why_it_is_not_ready_is_said_and_is_an_exit_status_where_that_is_asked_for(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asked(place.socket, "status --ready", capsys) == (0, "", "")
    assert await place.node.drain(within=0.01)
    status, out, _ = await asked(place.socket, "status", capsys)
    assert status == 0
    assert out.startswith("alice in network peerbus is NOT READY\n  why not    the operator has this node emptied")
    status, out, err = await asked(place.socket, "status --ready", capsys)
    assert (status, err) == (1, "")
    assert out == "draining: the operator has this node emptied: it lets nobody in\n"


async def test_as_json_it_is_what_the_api_says(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = await asked(place.socket, "status --json", capsys)
    said = json.loads(out)
    assert (said["name"], said["ready"]) == ("alice", {"ready": True, "why_not": []})


def test_a_book_that_cannot_be_written_has_a_line_and_one_that_can_has_none() -> None:
    assert _book(None) == _book(ShownBook(3, "")) == ""
    assert "CANNOT BE WRITTEN (No space left on device)" in _book(ShownBook(3, "No space left on device"))
