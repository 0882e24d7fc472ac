"""`peerbus bans`: who is banned, why, and for how long."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked


async def test_bans_are_lines_with_what_is_left_of_them(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "bans", capsys) == (0, "nobody is banned\n", "")
    assert await place.node.ban("10.1.0.0/16", seconds=86_400 * 2 + 7_200, reason="loud, and often")
    assert await place.node.ban("10.2.0.1", reason="ever")
    status, out, err = await asked(place.socket, "bans", capsys)
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[1][:3] == ["10.1.0.0/16", "2", "d"]
    assert lines[1][-3:] == ["loud,", "and", "often"]
    assert lines[2][1:] == ["ever", "ever"]
    said = json.loads((await asked(place.socket, "bans --json", capsys))[1])
    assert [ban["reason"] for ban in said] == ["loud, and often", "ever"]
