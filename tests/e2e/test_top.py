"""`peerbus top` at a real terminal, beside nodes in real processes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from services import Service
from terminal import AtTerminal, at_terminal

PEERBUS = (sys.executable, "-P", "-m", "peerbus")
TICKS = """
from dataclasses import dataclass
from peerbus.actors import Channel, Reactor, handles

@dataclass(frozen=True)
class Tick: pass

class Ticks(Reactor):
    channel = Channel("ticks", messages=(Tick,))

    def on_start(self) -> None:
        self.every(0.01, Tick())

    @handles(Tick)
    def tick(self, _: Tick) -> None:
        pass
"""


@contextmanager
def running(folder: Path, name: str, more: str = "") -> Iterator[Service]:
    """A node, with an admin API beside its configuration."""
    (folder / "ticks.py").write_text(TICKS)
    path = folder / f"{name}.toml"
    path.write_text(
        f'name = "{name}"\nnetwork = "top"\nreactors = ["ticks:Ticks"]\nlisten = ["unix://{folder}/{name}.place"]\n'
        f'{more}\n[discovery]\nmdns = false\n[admin]\nat = "{name}.sock"\n'
    )
    service = Service((*PEERBUS, "run", str(path), "--json-logs"), {}, folder)
    try:
        service.logged("node up")
        yield service
    finally:
        service.close()


def top(folder: Path, *words: str, columns: int = 80, lines: int = 24) -> tuple[str, ...]:
    return (*PEERBUS, "top", "--node", str(folder / "alice.sock"), "--interval", "200ms", *words)


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, "alice") as service:
        yield service


def ticking(lines: list[str]) -> bool:
    """The rate of the reactor's ticks is known."""
    rows = [line.split() for line in lines if line.startswith("ticks ")]
    return bool(rows) and len(rows[0]) > 2 and rows[0][2] not in ("0", "0.0")


@pytest.mark.usefixtures("alice")
def test_keys_lead_through_the_tables_and_q_gives_the_terminal_back(tmp_path: Path) -> None:
    peers = f'peers = {{ persistent = ["unix://{tmp_path}/alice.place"] }}'
    with running(tmp_path, "bob", peers), at_terminal(*top(tmp_path)) as program:
        lines = program.until(lambda lines: any(x.startswith("bob ") for x in lines) and lines[-1].endswith("q quit"))
        assert lines[0].startswith("alice ")
        assert lines[1].startswith("peers 1 up")
        assert lines[4].split() == ["PEER", "ID", "STATE↑", "OFFERS", "RTT", "IN/s", "OUT/s", "QUEUE", "SCORE"]
        program.type("c")
        program.until(ticking)
        program.type("a")
        program.until(lambda lines: lines[4].startswith("ACTOR ") and any(x.startswith("ticks ") for x in lines))
        program.type("/tick")
        program.until(lambda lines: lines[-1].startswith("filter: tick") and not lines[6])
        program.type("\x1b")
        program.until(lambda lines: any(line.startswith("peerbus.router") for line in lines))
        program.type("?")
        program.until(lambda lines: any("peers, channels, actors" in line for line in lines))
        program.type("?q")
        assert program.ends() == 0
        assert program.settings_now() == program.settings
        assert b"\x1b[?1049l" in program.raw  # the other screen, as it was
        assert b"\x1b[?25h" in program.raw  # and the cursor
        assert b"Traceback" not in program.raw


@pytest.mark.usefixtures("alice")
def test_ctrl_c_ends_it_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with at_terminal(*top(tmp_path, "--show", "channels")) as program:
        program.until(ticking)
        program.type("\x03")
        assert program.ends() == 130
        assert program.settings_now() == program.settings
        assert program.raw.rstrip().endswith(b"\x1b[?1049l")


def test_a_node_that_goes_is_waited_for_and_its_rates_begin_anew(tmp_path: Path) -> None:
    with at_terminal_beside_a_node(tmp_path) as (program, service):
        assert service.ends(signal.SIGKILL) == -signal.SIGKILL
        program.until(lambda lines: "has gone, and is waited for" in lines[0])
        with running(tmp_path, "alice"):
            program.until(lambda lines: " ready " in f"{lines[0]} " and ticking(lines))
            program.type("q")
            assert program.ends() == 0


@contextmanager
def at_terminal_beside_a_node(folder: Path, **variables: str) -> Iterator[tuple[AtTerminal, Service]]:
    """Both are there, and rates are shown."""
    with (
        running(folder, "alice") as service,
        at_terminal(*top(folder, "--show", "channels"), variables=variables) as program,
    ):
        program.until(ticking)
        yield program, service


def test_a_node_that_stands_still_is_told_of_and_keys_are_heard_meanwhile(tmp_path: Path) -> None:
    with at_terminal_beside_a_node(tmp_path) as (program, service):
        service.process.send_signal(signal.SIGSTOP)
        program.until(lambda lines: "no answer for" in lines[0])
        program.type("?")
        program.until(lambda lines: any("peers, channels, actors" in line for line in lines))
        program.type("q")
        assert program.ends() == 0
        service.process.send_signal(signal.SIGCONT)


def test_another_size_is_followed_whatever_the_shell_said(tmp_path: Path) -> None:
    with at_terminal_beside_a_node(tmp_path, COLUMNS="80", LINES="24") as (program, _):
        program.resize(120, 40)
        program.until(lambda lines: "TRAFFIC" in lines[4] and lines[39].endswith("q quit"))
        program.resize(60, 10)
        program.until(lambda lines: lines[9].startswith("3 channels"))
        program.type("q")
        assert program.ends() == 0


@pytest.mark.usefixtures("alice")
def test_it_is_stopped_and_goes_on_as_other_programs_do(tmp_path: Path) -> None:
    # A shell in between, as the system stops none that nobody could let go on.
    shell = ("sh", "-c", 'set -m; "$@"; fg >/dev/null', "sh")
    with at_terminal(*shell, *top(tmp_path, "--show", "channels")) as program:
        program.until(ticking)
        program.type("\x1a")  # Ctrl-Z
        program.until(lambda _: program.raw.count(b"\x1b[?1049l") == 1)
        program.until(lambda _: program.raw.count(b"\x1b[?1049h") == 2)
        program.until(ticking)
        program.type("q")
        assert program.ends() == 0
        assert program.raw.rstrip().endswith(b"\x1b[?1049l")


def test_a_terminal_that_goes_ends_it(tmp_path: Path) -> None:
    with at_terminal_beside_a_node(tmp_path) as (program, _):
        program.hang_up()
        assert program.process.wait(40) in (129, -signal.SIGHUP)
