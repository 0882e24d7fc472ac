"""Each example is run as a reader would run it, and says what it promises."""

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

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PYTHON = [sys.executable, "-W", "error"]


def run(name: str, *arguments: str) -> str:
    """What the example prints to standard output. It must end well."""
    done = subprocess.run(
        [*PYTHON, EXAMPLES / name, *arguments], check=False, capture_output=True, text=True, cwd=EXAMPLES, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_hello() -> None:
    assert run("hello.py") == "Hello, Ada!\nHello, Grace!\nguests: ['Ada', 'Grace']\n"


def test_ping_pong() -> None:
    lines = run("ping_pong.py").splitlines()
    assert lines[:2] == ["bob to alice: Pong(number=2)", "to whoever offers a table: Pong(number=3)"]
    assert re.fullmatch(r"1000 rounds, \d+ µs each", lines[2])
    assert lines[3] == "encrypted, both sides proved their keys: True"


def test_mempool() -> None:
    repeats = (24, 24, 23, 23, 23, 23)
    assert run("mempool.py").splitlines() == [
        f"node-{node}: 20 transactions, each once; {count} repeats ended here" for node, count in enumerate(repeats)
    ]


def test_quorum() -> None:
    assert run("quorum.py").splitlines() == [
        "written to 3",
        "read: hello again",
        "one of them: hello again",
        "too few are left: True",
    ]


def test_blocksync() -> None:
    lines = run("blocksync.py").splitlines()
    assert re.fullmatch(r"done: 77 blocks, 10000000 bytes, \d+ retries", lines[0])
    assert lines[1] == "the copy is the original, byte for byte: True"


def test_the_node_of_an_example_ends_by_ctrl_c_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    command = [*PYTHON, str(EXAMPLES / "blocksync.py"), "archive", str(tmp_path / "file")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving ")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 130


def test_an_example_says_which_file_it_cannot_serve(tmp_path: Path) -> None:
    command = [*PYTHON, str(EXAMPLES / "blocksync.py"), "archive", str(tmp_path / "none")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"{tmp_path / 'none'} cannot be served: No such file or directory"
    assert "Traceback" not in done.stderr


def test_unit_test_a_reactor() -> None:
    # As a reader runs a test file. By itself it imports the package before pytest does, which pytest warns about.
    done = subprocess.run(
        [*PYTHON, "-m", "pytest", "-q", "unit_test_a_reactor.py"],
        check=False,
        capture_output=True,
        text=True,
        cwd=EXAMPLES,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_every_example_has_a_test() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_every_example_fits_on_a_page_or_two() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 80} == {}


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
        text = (EXAMPLES / f"blocksync-{name}.toml").read_text(encoding="utf-8")
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
def test_a_configuration_is_a_right_one(name: str) -> None:
    command = [*PYTHON, "-m", "peerbus", "run", "--check", str(EXAMPLES / f"blocksync-{name}.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert "network blocksync" in done.stdout
