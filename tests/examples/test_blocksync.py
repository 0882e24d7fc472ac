"""examples/blocksync, as a reader runs it: the program, the configurations, and its own tests."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "blocksync"
PYTHON = [sys.executable, "-W", "error"]


def test_blocksync() -> None:
    done = subprocess.run(
        [*PYTHON, "-m", "blocksync", "demo"], check=False, capture_output=True, text=True, cwd=FOLDER.parent, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"done: 77 blocks, 10000000 bytes, \d+ retries", lines[0])
    assert lines[1] == "the copy is the original, byte for byte: True"


def test_the_node_of_an_example_ends_by_ctrl_c_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    command = [*PYTHON, "-m", "blocksync", "archive", str(tmp_path / "file")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=FOLDER.parent
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving ")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 130


def test_an_example_says_which_file_it_cannot_serve(tmp_path: Path) -> None:
    command = [*PYTHON, "-m", "blocksync", "archive", str(tmp_path / "none")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, cwd=FOLDER.parent)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"{tmp_path / 'none'} cannot be served: No such file or directory"
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[str]]:
    """`peerbus run`, ended as Ctrl-C ends it."""
    with subprocess.Popen(
        [*PYTHON, "-m", "peerbus", "run", config],
        stderr=subprocess.PIPE,
        text=True,
        cwd=config.parent,
        env=os.environ | {"NO_COLOR": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
    assert process.returncode == 130


def test_the_configurations_make_a_cluster_that_copies_a_file(tmp_path: Path) -> None:
    for name in ("archive", "want"):
        text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        network = f'network = "blocksync-{os.getpid()}"'  # two runs of the tests do not meet
        (tmp_path / f"{name}.toml").write_text(text.replace('network = "blocksync"', network))
        assert network in (tmp_path / f"{name}.toml").read_text()
    content = os.urandom(1_000_000)
    (tmp_path / "original.bin").write_bytes(content)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(running(tmp_path / "archive.toml"))
        wanting = stack.enter_context(running(tmp_path / "want.toml"))
        assert wanting.stderr is not None
        log = []
        for line in wanting.stderr:
            log.append(line)
            if "synced" in line or "sync failed" in line:
                break
        assert "synced" in "".join(log), "".join(log)
    assert (tmp_path / "copy.bin").read_bytes() == content


@pytest.mark.parametrize("name", ["archive", "want"])
def test_a_configuration_is_a_right_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "original.bin").write_bytes(b"what the page tells to have there")
    command = [*PYTHON, "-m", "peerbus", "run", "--check", str(FOLDER / f"{name}.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "network blocksync" in done.stdout
