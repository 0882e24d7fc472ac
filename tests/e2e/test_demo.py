"""The demonstration as a user starts it: real processes, real sockets, real multicast on 127.0.0.1, and a real kill."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_client import Browser

COMMAND = [sys.executable, "-W", "error", "-m", "peerbus", "demo"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Temporary files go where this test can look for what is left of them."""
    (tmp_path / "tmp").mkdir()
    return os.environ | {"TMPDIR": str(tmp_path / "tmp"), "NO_COLOR": "1"}


@contextlib.contextmanager
def started(*flags: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(*flags: str, environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    with started(*flags, environment=environment) as process:
        out, err = process.communicate(timeout=50)
    return process.returncode, out, err


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    """Read what the demonstration says until it says this."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if text in line:
            return
    pytest.fail(f"it never said {text!r}: {''.join(said)}")


def children(process: subprocess.Popen[str]) -> list[int]:
    """Its nodes."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def alive(processes: list[int]) -> list[int]:
    return [pid for pid in processes if Path(f"/proc/{pid}").exists()]


def test_every_copy_is_right_although_an_archive_is_killed(environment: dict[str, str], tmp_path: Path) -> None:
    content = os.urandom(16_000_001)
    (tmp_path / "film.bin").write_bytes(content)
    keep = tmp_path / "kept"
    flags = ("--file", str(tmp_path / "film.bin"), "--keep", str(keep), "--json")
    status, out, err = finished(*flags, environment=environment)
    assert status == 0, err
    assert "kill -9 archive-2" in err
    result: dict[str, Any] = json.loads(out)
    assert out.count("\n") == 1
    assert (result["ok"], result["killed"], result["size"]) == (True, "archive-2", len(content))
    assert result["sha256"] == hashlib.sha256(content).hexdigest()
    assert 0.5 <= result["killed_at"] <= result["killed_by"] <= 1
    rows = {row["name"]: row for row in result["nodes"]}
    assert list(rows) == ["archive-1", "archive-2", "want-1", "want-2"]
    assert len({row["id"] for row in rows.values()}) == 4
    assert [row["killed"] for row in rows.values()] == [False, True, False, False]
    for name in ("want-1", "want-2"):
        row = rows[name]
        assert (row["verified"], row["roles"], row["blocks_fetched"], row["bytes"]) == (True, [], 123, len(content))
        assert 0 <= row["ask_p50_ms"] <= row["ask_p99_ms"]
        assert row["mb_per_s"] > 0
        assert row["peers"] == 2
        assert (keep / name / "film.bin").read_bytes() == content
    for name in ("archive-1", "archive-2"):
        assert (rows[name]["roles"], rows[name]["verified"]) == (["archive"], None)
    # Of the one that was killed it is what it had last reported, which may be from before it served anything.
    assert rows["archive-1"]["blocks_served"] > 0
    for name in rows:
        assert (keep / name / "key.pem").stat().st_mode & 0o077 == 0
        assert rows[name]["id"][:12] in (keep / f"{name}.log").read_text()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_without_a_kill_two_nodes_do_and_the_table_is_for_people(environment: dict[str, str], tmp_path: Path) -> None:
    status, out, err = finished("--nodes", "2", "--no-kill", "--size", "2", environment=environment)
    assert status == 0, err
    assert [line.split()[0] for line in out.splitlines()[1:6] if line.strip()][::2] == ["node", "archive-1"]
    assert "1 of 1 copy verified" in out
    assert "killed" not in out
    assert "100%" in err
    assert "Traceback" not in err
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("size", "each", "nodes"), [(0, "0 bytes", "3"), (1, "1 byte", "4"), (131_072, "128.0 KiB", "3")]
)
def test_of_a_file_of_one_block_or_none_no_more_is_said_than_is_so(
    environment: dict[str, str], tmp_path: Path, size: int, each: str, nodes: str
) -> None:
    (tmp_path / "small").write_bytes(bytes(size))
    status, out, err = finished("--file", str(tmp_path / "small"), "--nodes", nodes, environment=environment)
    assert status == 0, err
    assert f"verified, {each} each" in out
    if nodes == "4" and "killed at 50%" in out:
        return  # on a slow machine one of the two copies may be whole before the other is begun
    assert "too late to matter" in out  # whether it was, or only may have been
    assert "killed at" not in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_node_and_removes_every_file(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with started("--size", "128", environment=environment) as process:
        wait_for(process, "they found each other")
        nodes = children(process)
        assert len(nodes) == 4
        process.send_signal(number)
        out, err = process.communicate(timeout=50)
    assert process.returncode == 128 + number
    assert out == ""
    assert err.splitlines()[-1] == f"{number.name}: every node was stopped, nothing is left behind"
    assert alive(nodes) == []
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_with_a_dashboard_the_nodes_run_on_and_are_shown_until_ctrl_c(
    environment: dict[str, str], tmp_path: Path
) -> None:
    flags = ("--dashboard", "--no-browser", "--size", "8", "--json")
    with started(*flags, environment=environment) as process:
        await asyncio.to_thread(wait_for, process, "the nodes run on")
        assert process.stderr is not None
        link = (await asyncio.to_thread(process.stderr.readline)).removeprefix("open once: ").strip()
        nodes = children(process)
        browser = Browser(link)
        begun = await browser.come_in(link)
        named = {node["name"]: node for node in begun.json["nodes"]}
        assert list(named) == ["archive-1", "archive-2", "want-1", "want-2"]
        assert (await browser.call("GET", f"{named['archive-2']['base']}/v1/node")).json["error"] == "node_lost"
        async with asyncio.timeout(20):
            while True:
                ready = (await browser.call("GET", f"{named['want-1']['base']}/v1/node")).json
                if not ready["ready"]["ready"]:
                    break
                await asyncio.sleep(0)
        assert "archive" in ready["ready"]["why_not"][0]["text"]
        actors = (await browser.call("GET", f"{named['want-1']['base']}/v1/actors")).json["actors"]
        assert "SpotChecks" in {actor["actor_class"] for actor in actors}
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.to_thread(process.communicate, timeout=50)
    assert process.returncode == 0, err
    assert json.loads(out)["ok"] is True
    assert alive(nodes) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_node_that_dies_unasked_is_named_with_the_end_of_its_log(environment: dict[str, str]) -> None:
    with started("--size", "128", environment=environment) as process:
        wait_for(process, "they found each other")
        nodes = children(process)
        os.kill(nodes[0], signal.SIGKILL)
        out, err = process.communicate(timeout=50)
    assert (process.returncode, out) == (1, "")
    assert "archive-1 was ended by signal 9, by itself. The end of its log:" in err
    assert "node=archive-1" in err
    assert "Traceback" not in err
    assert alive(nodes) == []


def test_time_that_is_over_is_said_with_how_far_everybody_was(environment: dict[str, str]) -> None:
    status, out, err = finished("--timeout", "0.05", environment=environment)
    assert (status, out) == (1, "")
    assert "not done within 0.05 s" in err
    assert "did not start" in err


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--nodes", "2"], "--nodes 2: write 3 to 32"),
        (["--nodes", "many"], "argument --nodes: 'many' is no whole number"),
        (["--file", "/nowhere"], "--file /nowhere does not exist"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(environment: dict[str, str], flags: list[str], complaint: str) -> None:
    status, out, err = finished(*flags, environment=environment)
    assert (status, out) == (2, "")
    assert err.startswith(f"peerbus demo: {complaint}")
    assert err.count("\n") == 1
