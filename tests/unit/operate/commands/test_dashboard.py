"""`peerbus dashboard` shows the nodes that are named, or all that run here, says its link, and ends when told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from admin_client import PATIENCE
from command_line import run
from page_client import Browser

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminTarget
from peerbus.operate.commands.dashboard import DashboardRun
from peerbus.operate.dashboard import Dashboard
from peerbus.operate.serving.places import SocketPlace


@pytest.mark.parametrize(
    ("flags", "status", "why"),
    [
        (["none.sock"], 1, "none"),
        (["./none.sock"], 1, "no such socket"),
        ([], 1, "no node runs here"),
        (["--port", "70000", "x"], 2, "0 to 65535"),
        (["--port", "x"], 2, "--port"),
        (["http://127.0.0.1:7401"], 2, "token"),
    ],
)
def test_what_is_not_there_and_wrong_flags_are_said_in_one_line(
    flags: list[str],
    status: int,
    why: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("peerbus.operate.serving.places.TEMPORARY", tmp_path)
    monkeypatch.setattr("peerbus.operate.client.finding.SERVICES", tmp_path)
    ended, out, err = run(["dashboard", "--no-browser", *flags], capsys)
    assert (ended, out) == (status, "")
    assert why in err
    assert err.count("\n") == 1


async def test_as_a_program_it_says_its_link_and_ends_on_a_signal(tmp_path: Path) -> None:
    async with Node("alice", extensions=[Admin(str(tmp_path / "alice.sock"))]):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "peerbus", "dashboard", "--no-browser", "--port", "0", tmp_path / "alice.sock",
            stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = (await process.stdout.readline()).decode()
                link = line.removeprefix("open once: ").strip()
                assert link.startswith("http://127.0.0.1:")
                browser = Browser(link)
                begun = await browser.come_in(link)
                assert [node["name"] for node in begun.json["nodes"]] == ["alice"]
                assert (await browser.call("GET", "/nodes/0/v1/node")).json["name"] == "alice"
                process.send_signal(signal.SIGINT)
                assert await process.wait() == 130
                assert await process.stdout.read() == b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_enter_makes_another_link_and_the_end_of_the_keyboard_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = os.openpty()
    target = AdminTarget(SocketPlace(tmp_path / "alice.sock"))
    with os.fdopen(here) as keyboard:
        monkeypatch.setattr(sys, "stdin", keyboard)
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        async with DashboardRun(Dashboard([("alice", target)], port=0), browser=False):
            os.write(there, b"\n")
            said = ""
            async with asyncio.timeout(PATIENCE):
                while said.count("open once: ") < 2:
                    await asyncio.sleep(0)
                    said += capsys.readouterr().out
    os.close(there)
    links = [line for line in said.splitlines() if line.startswith("open once: ")]
    assert len(set(links)) == 2
