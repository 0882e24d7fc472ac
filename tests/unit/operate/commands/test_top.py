"""`peerbus top` where there is no terminal, and its flags."""

from __future__ import annotations

import json
import sys

import pytest
from administered import Place
from command_line import asked
from pairs import Pair


async def test_pictures_come_as_lines(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(pair.socket, "top --count 2 --interval 200ms --sort rtt", capsys)
    assert (status, err) == (0, "")
    first, second = out.rstrip("\n").split("\n\nalice ")
    for picture in (first.removeprefix("alice "), second):
        assert " in peerbus ready" in picture.splitlines()[0]
        assert "bob" in picture


async def test_as_json_each_picture_is_a_line(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = await asked(pair.socket, "top --json --count 2 --interval 200ms", capsys)
    assert status == 0
    assert [json.loads(line)["peers"][0]["PEER"] for line in out.splitlines()] == ["bob", "bob"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [("--sort beauty", "peers are sorted by"), ("--count 0", "--count 0"), ("--interval soon", "--interval is 'soon'")],
)
async def test_a_wrong_flag_is_told(place: Place, flags: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(place.socket, f"top {flags}", capsys)
    assert (status, out) == (2, "")
    assert err.startswith(f"peerbus top: {said}")


async def test_without_rich_the_extra_is_named_and_json_goes_on(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    status, _, err = await asked(place.socket, "top --count 1", capsys)
    assert status == 2
    assert 'pip install "peerbus[top]"' in err
    assert (await asked(place.socket, "top --count 1 --json --interval 200ms", capsys))[0] == 0
