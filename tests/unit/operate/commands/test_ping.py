"""`peerbus ping`: what it says of who answers, and of a place where nobody does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from command_line import run

from peerbus.node import Node


async def test_a_node_that_answers_is_told_with_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    async with Node("alice", listen=["tcp://127.0.0.1:0"]) as node:
        place = node.endpoints[0]
        status, out, err = await asyncio.to_thread(run, ["ping", place, "--timeout", "30"], capsys)
    assert (status, err) == (0, "")
    assert f"{node.node_id} answered in " in out


def test_where_nobody_answers_it_fails_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["ping", f"unix://{tmp_path}/none.sock"], capsys)
    assert (status, out) == (1, "")
    assert err.startswith("peerbus ping: ")
    assert err.count("\n") == 1


def test_no_endpoint_and_no_time_are_wrong_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ping", "nowhere"], capsys)[0] == 2
    for span in ("0", "soon", "nan"):
        status, _, err = run(["ping", "tcp://127.0.0.1:1", "--timeout", span], capsys)
        assert status == 2
        assert f"--timeout is '{span}'; write a span of time" in err
