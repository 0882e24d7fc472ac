"""`peerbus run`: real processes from configuration files find each other and part in order."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from services import PATIENCE

REACTORS = """
from dataclasses import dataclass
from peerbus.actors import Channel, EVERYONE, Reactor, handles

@dataclass(frozen=True)
class Greet: pass

@dataclass(frozen=True)
class Hi:
    name: str

class Greeter(Reactor):
    channel = Channel("greeter", messages=(Greet, Hi))

    def on_start(self) -> None:
        self.every(0.05, Greet())  # a peer may be up before its greeter, or ours, has started

    @handles(Greet)
    async def greet(self, greet: Greet) -> None:
        await self.tell(EVERYONE / "greeter", Hi(self.bus.name))

    @handles(Hi)
    def hi(self, hi: Hi) -> None:
        print(f"hello from {hi.name}", flush=True)
"""


class Process:
    """One `peerbus run`; its two streams are read by threads, so that nothing blocks it."""

    def __init__(self, config: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "peerbus", "run", str(config), "--json-logs"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: Queue[str] = Queue()
        self.logged: Queue[str] = Queue()
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        self._threads = [
            threading.Thread(target=_pump, args=(self.popen.stdout, self.said)),
            threading.Thread(target=_pump, args=(self.popen.stderr, self.logged)),
        ]
        for thread in self._threads:
            thread.start()

    def wait_for(self, event: str) -> dict[str, object]:
        """The next log line of that event."""
        while True:
            line = json.loads(self.logged.get(timeout=PATIENCE))
            if line["event"] == event:
                assert isinstance(line, dict)
                return line

    def rest(self) -> list[str]:
        """What it has logged and nobody has read, once it has ended."""
        self.popen.wait(PATIENCE)
        for thread in self._threads:
            thread.join()
        return list(self.logged.queue)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        for thread in self._threads:
            thread.join()
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        self.popen.stdout.close()
        self.popen.stderr.close()


def _pump(stream: Iterator[str], queue: Queue[str]) -> None:
    for line in stream:
        queue.put(line.rstrip("\n"))


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.close()


def _config(folder: Path, name: str, extra: str = "") -> Path:
    (folder / "greeting.py").write_text(REACTORS)
    path = folder / f"{name}.toml"
    path.write_text(
        f'name = "{name}"\nnetwork = "run-test"\nlisten = ["tcp://127.0.0.1:0"]\n'
        f'reactors = ["greeting:Greeter"]\n{extra}'
    )
    return path


def test_two_nodes_from_files_greet_each_other_and_say_goodbye(tmp_path: Path, processes: list[Process]) -> None:
    alice = Process(_config(tmp_path, "alice"))
    processes.append(alice)
    endpoint = alice.wait_for("listening")["endpoint"]
    bob = Process(_config(tmp_path, "bob", f'[peers]\npersistent = ["{endpoint}"]\n'))
    processes.append(bob)
    assert bob.said.get(timeout=PATIENCE) == "hello from alice"
    assert alice.said.get(timeout=PATIENCE) == "hello from bob"
    bob.popen.send_signal(signal.SIGTERM)
    assert bob.popen.wait(timeout=PATIENCE) == 0
    assert alice.wait_for("connection ended")["reason"] == "peer_shutting_down"
    alice.popen.send_signal(signal.SIGINT)
    assert alice.popen.wait(timeout=PATIENCE) == 130


ENDING = """
import sys
from dataclasses import dataclass
from peerbus.actors import Channel, Reactor, handles

@dataclass(frozen=True)
class Now: pass

class Ender(Reactor):
    channel = Channel("ender", messages=(Now,))

    def on_start(self) -> None:
        self.after(0, Now())

    @handles(Now)
    def end(self, now: Now) -> None:
        sys.exit(7)

class Other(Reactor):
    channel = Channel("other", messages=(Now,))

    @handles(Now)
    def hear(self, now: Now) -> None:
        pass

    def on_stop(self) -> None:
        print("stopped in order", flush=True)
"""


@pytest.mark.parametrize("dispatcher", ["loop", "thread"])
def test_what_an_actor_exits_with_is_the_status_of_the_process(
    tmp_path: Path, processes: list[Process], dispatcher: str
) -> None:
    (tmp_path / "ending.py").write_text(ENDING.replace("(Reactor):", f'(Reactor):\n    dispatcher = "{dispatcher}"'))
    config = tmp_path / "ending.toml"
    config.write_text('name = "ending"\nnetwork = "run-test"\nreactors = ["ending:Other", "ending:Ender"]\n')
    ending = Process(config)
    processes.append(ending)
    assert ending.said.get(timeout=PATIENCE) == "stopped in order"
    assert ending.popen.wait(timeout=PATIENCE) == 7
    assert ending.wait_for("an actor ends the program, the bus stops")["actor"] == "ender"


def test_a_second_node_on_a_taken_port_says_so_in_one_line(tmp_path: Path, processes: list[Process]) -> None:
    alice = Process(_config(tmp_path, "alice"))
    processes.append(alice)
    endpoint = str(alice.wait_for("listening")["endpoint"]).rpartition("@")[2].removeprefix("tcp://")
    config = _config(tmp_path, "bob")
    config.write_text(config.read_text().replace("127.0.0.1:0", endpoint))
    bob = Process(config)
    processes.append(bob)
    assert bob.popen.wait(timeout=PATIENCE) == 1
    (line,) = bob.rest()
    port = endpoint.rpartition(":")[2]
    assert line.startswith(f"peerbus run: tcp://{endpoint}: Address already in use; another program listens there")
    assert f"`ss -ltnp sport = :{port}`" in line
    assert line.endswith("(see peerbus explain ListenFailed)")


def test_a_second_signal_cuts_the_goodbye_short_without_a_traceback(tmp_path: Path, processes: list[Process]) -> None:
    alice = Process(_config(tmp_path, "alice"))
    processes.append(alice)
    alice.wait_for("node up")
    alice.popen.send_signal(signal.SIGINT)
    alice.popen.send_signal(signal.SIGTERM)
    assert alice.popen.wait(timeout=PATIENCE) in (130, 143)
    assert not any("exception" in json.loads(line) for line in alice.rest())
