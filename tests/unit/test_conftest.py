"""The watch over every test: each kind of thing that a test can leave behind fails it, by name."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
#: What watches every test, and what it needs.
WATCH = (TESTS / "conftest.py", TESTS / "closed_core.py")
PROJECT = TESTS.parent / "pyproject.toml"
LEAKS = """
import asyncio, socket, subprocess, threading
import pykka, pytest

KEPT = []

def test_leaves_nothing(): ...

async def test_ends_its_task():
    task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    task.cancel()

async def test_uses_the_executor():
    await asyncio.to_thread(int)

@pytest.fixture
async def background():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()

async def test_has_a_fixture_that_ends_its_task(background): ...

def test_leaves_a_socket(): KEPT.append(socket.socket())

def test_leaves_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True, name="forgotten").start()

async def test_leaves_a_task():
    KEPT.append(asyncio.create_task(asyncio.Event().wait(), name="forgotten"))

def test_leaves_an_actor(): pykka.ThreadingActor.start()

def test_leaves_a_process():
    KEPT.append(subprocess.Popen(["sleep", "60"]))

def test_forgets_a_file(): open(__file__)

def test_is_unharmed_by_the_others(): KEPT[-1].kill(); KEPT[-1].wait()
"""

EAGER = """
import asyncio, {loop}

def test_a_task_runs_while_it_is_made():
    async def main():
        begun = []
        async def begin():
            begun.append(1)
            await asyncio.sleep(0)
            begun.append(2)
        task = asyncio.create_task(begin())
        assert begun == [1]
        await task
    with asyncio.Runner(loop_factory={loop}.new_event_loop) as runner:
        runner.run(main())
"""


def watch(tests: Path) -> None:
    for file in WATCH:
        shutil.copy(file, tests)


def test_what_a_test_leaves_behind_fails_it_and_no_other(tmp_path: Path) -> None:
    watch(tmp_path)
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", PROJECT, "--rootdir", ".", "-p", "no:cacheprovider", "test_leaks.py"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    told = dict(re.findall(r"^(?:ERROR|FAILED) test_leaks\.py::(\w+) - (.*)$", done.stdout, re.MULTILINE))
    assert sorted(told) == [
        "test_forgets_a_file",
        "test_leaves_a_process",
        "test_leaves_a_socket",
        "test_leaves_a_task",
        "test_leaves_a_thread",
        "test_leaves_an_actor",
    ], done.stdout
    for kind in ("file ", "thread forgotten", "forgotten (", "actor ThreadingActor", "a child process"):
        assert kind in done.stdout


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio.eager_task_factory came with Python 3.12")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_tests_run_with_eager_tasks_where_that_is_asked_for(tmp_path: Path, loop: str) -> None:
    watch(tmp_path)
    (tmp_path / "test_eager.py").write_text(EAGER.format(loop=loop))
    command = [sys.executable, "-m", "pytest", "-c", str(PROJECT), "--rootdir", ".", "-p", "no:cacheprovider"]
    for options, result in ((["--eager-tasks"], "1 passed"), ([], "1 failed")):
        done = subprocess.run(
            [*command, *options, "test_eager.py"], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60
        )
        assert result in done.stdout, done.stdout
