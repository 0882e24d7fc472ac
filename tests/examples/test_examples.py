"""Each example is run as a reader would run it, and says what it promises."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from virtual_time import in_virtual_time

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


def test_traced() -> None:
    assert (
        run("traced.py")
        == """\
BUS
ask front at alice
  wait front (outbox) at alice
  wait front (mailbox) at bob
  process front at bob
    ask shelf at bob
      wait shelf (outbox) at bob
      wait shelf (mailbox) at carol
      process shelf at carol
"""
    )


def test_hello() -> None:
    assert run("hello.py") == "Hello, Ada!\nHello, Grace!\nguests: ['Ada', 'Grace']\n"


def test_ping_pong() -> None:
    lines = run("ping_pong.py").splitlines()
    assert lines[:2] == ["bob to alice: Pong(number=2)", "to whoever offers a table: Pong(number=3)"]
    assert re.fullmatch(r"1000 rounds, \d+ µs each", lines[2])
    assert lines[3] == "encrypted, both sides proved their keys: True"


def test_mempool() -> None:
    assert run("mempool.py").splitlines() == [
        *(f"node-{node}: 20 transactions, each once" for node in range(6)),
        "late: 20 transactions, caught up",
    ]


def test_who_may() -> None:
    assert run("who_may.py").splitlines() == [
        "read 20 lines, the last one: line 19",
        "NotAllowed was never handled: True",
        "notes: ['20 lines']",
        "refused: {'not_allowed': 2}",
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


def test_jobs_are_done_though_a_worker_is_killed_and_one_is_cancelled() -> None:
    lines = run("jobs/jobs.py", "--frames", "12").splitlines()
    (killed,) = [line for line in lines if "is killed" in line]
    found = re.fullmatch(r"worker-1 is killed in the midst of frame (\d+)", killed)
    assert found is not None
    again = re.fullmatch(r"12 frames, an end for each; begun more than once: \[([0-9, ]*)\]", lines[-2])
    assert again is not None
    # On a busy machine it may have come to the end of its frame before the signal reached it.
    told = [line for line in lines if line.startswith(f"frame {found[1]}: 100 % by worker-1,")]
    assert found[1] in again[1].split(", ") or told
    by = re.fullmatch(r"frames by worker: \{(.*)\}", lines[-1])
    assert by is not None
    ends = {name.strip("'"): int(count) for name, count in (part.split(": ") for part in by[1].split(", "))}
    assert sum(ends.values()) == 12
    assert "failed" not in lines[-1]
    cancelled = [line for line in lines if line == "frame 11 is cancelled: True"]
    assert len(cancelled) == ends.get("cancelled", 0)
    given_up = [line for line in lines if line.endswith("gives up frame 11 at 50 %")]
    assert len(given_up) == len(cancelled) or "gives up" not in "".join(lines)


def test_jobs_of_which_nobody_is_killed_begin_nothing_twice_and_each_process_does_two_at_a_time() -> None:
    lines = run("jobs/jobs.py", "--frames", "6", "--workers", "2", "--no-kill").splitlines()
    assert lines[-2] == "6 frames, an end for each; begun more than once: []"
    for percent in (0, 50):
        assert len([line for line in lines if f": {percent} % by worker-" in line]) == 6
    members = {re.sub(".* by ", "", line) for line in lines if " by worker-" in line}
    assert members == {f"worker-{process}, worker.{member}" for process in (1, 2) for member in (1, 2)}


def test_jobs_say_what_cannot_be_done() -> None:
    command = [*PYTHON, str(EXAMPLES / "jobs" / "jobs.py"), "--workers", "1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("there must be a frame, and a worker that is not killed")


def test_plain_threads() -> None:
    lines = run("plain_threads.py").splitlines()
    assert lines[:-1] == [f"10 taken, {left} left" for left in range(90, -1, -10)]
    assert lines[-1] == f"the requests saw: {[0, 0, *range(0, 100, 10)]}"


def test_pykka_port() -> None:
    after, before = run("pykka_port.py"), run("pykka_port.py", "--before")
    assert after == before + "the library opens\nleft, asked on the bus: 1\nthe library closes\n"
    assert before.splitlines()[:3] == [
        "the library opens",
        "Ada takes Dune",
        "Bob waits: Dune is lent to Ada",
    ]


@contextlib.contextmanager
def serving(name: str, *arguments: str) -> Iterator[str]:
    """An example that serves HTTP: its address. It is ended as Ctrl-C ends it."""
    command = [*PYTHON, "-u", str(EXAMPLES / name), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    break
        finally:
            process.send_signal(signal.SIGINT)
            said.append(process.communicate(timeout=20)[0])
    assert process.returncode in (0, 130), "".join(said)
    assert "Traceback" not in "".join(said), "".join(said)


def test_plain_threads_serve_until_ctrl_c() -> None:
    with serving("plain_threads.py", "--serve") as url, urllib.request.urlopen(url) as answer:  # noqa: S310  # http
        assert answer.read() == b"90 left\n"


def fastapi_app() -> Any:
    """The example as a module. Skips where the extra `examples` is not installed."""
    pytest.importorskip("fastapi")
    spec = importlib.util.spec_from_file_location("fastapi_app", EXAMPLES / "fastapi_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fastapi_app"] = module  # what a message is annotated with is looked up there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules["fastapi_app"]
    return module


@in_virtual_time  # a turn with 300 requests in it may take a slow machine longer than the example gives an answer
async def test_fastapi_app() -> None:
    module = fastapi_app()
    httpx = pytest.importorskip("httpx")
    transport = httpx.ASGITransport(app=module.app)
    async with (
        module.app.router.lifespan_context(module.app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        answers = await asyncio.gather(*(client.post("/pages/home") for _ in range(20)))
        assert sorted(answer.json()["visits"] for answer in answers) == list(range(1, 21))
        assert (await client.get("/report")).json() == {"home": 20}
        refused = await client.post("/pages/not-a-page")
        assert (refused.status_code, refused.json()) == (400, {"detail": "'not-a-page' is not the name of a page"})
        late = await client.get("/report", params={"seconds": 60})
        assert late.status_code == 504
        crowd = await asyncio.gather(*(client.post("/pages/home") for _ in range(300)))
        statuses = Counter(answer.status_code for answer in crowd)
        assert statuses.keys() <= {200, 503}
        assert statuses[200] >= 100  # as many as the mailbox has room for, at least


def test_fastapi_app_on_a_real_socket() -> None:
    pytest.importorskip("fastapi")
    with serving("fastapi_app.py", "--port", "0") as url:
        request = urllib.request.Request(f"{url}/pages/home", method="POST")  # noqa: S310  # http
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # http
            assert json.loads(answer.read()) == {"visits": 1}


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


def test_the_test_of_a_reactor_runs_as_the_other_examples_do() -> None:
    for folder in (ROOT, EXAMPLES):  # in the checkout pytest would take its `__main__.py` for the one that runs
        command = [*PYTHON, str(EXAMPLES / "unit_test_a_reactor.py")]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_example_has_a_test() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_every_example_fits_on_a_page_or_two() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 130} == {}


def test_every_example_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f"examples/{path.name}" not in readme] == []


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
def test_a_configuration_is_a_right_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "original.bin").write_bytes(b"what the page tells to have there")
    command = [*PYTHON, "-m", "peerbus", "run", "--check", str(EXAMPLES / f"blocksync-{name}.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "network blocksync" in done.stdout
