"""Each example is run as a reader would run it, and says what it promises."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

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


def test_who_may() -> None:
    assert run("who_may.py").splitlines() == [
        "read 20 lines, the last one: line 19",
        "NotAllowed at once, nothing was sent: True",
        "NotAllowed was never handled: True",
        "notes: ['20 lines']",
    ]


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


def test_every_example_has_a_test() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_every_example_fits_on_a_page_or_two() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 130} == {}


def test_every_example_is_named_in_the_readme_of_examples() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f"({path.name})" not in readme] == []
