"""Three hosts on one bridge: found by mDNS alone, cut off, back again, killed and restarted, while a file is synced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Queue

import pytest
from hosts import Hosts, hosts_of

#: One node of examples/blocksync that says what it hears. Beats come often, so that a cut is noticed within seconds.
PROGRAM = """
import asyncio, sys
from functools import partial
from peerbus.discovery import PeerDown, PeerUp
from peerbus.node import Node
from peerbus.node.blocks import Blocks
from peerbus.node.blocksync import Progress, Sync
from peerbus.transports import Identity

async def main(what, name, address, key, file):
    archive = what == "archive"
    async with Node(
        name,
        network="three-hosts",
        identity=Identity.load(key),
        listen=[f"tcp://{address}:0"],
        mdns=["eth0"],
        offers={"archive"} if archive else (),
        reactors=[partial(Blocks, file) if archive else partial(Sync, file, sources=2)],
        heartbeat=0.3,
    ) as node:
        print("node", node.node_id, flush=True)
        with node.subscribe(PeerUp, PeerDown, Progress) as events:
            async for event in events:
                match event:
                    case PeerUp():
                        print("up", event.node_id, flush=True)
                    case PeerDown():
                        print("down", event.node_id, flush=True)
                    case Progress():
                        print(event.state, event.blocks * 100 // max(event.blocks_in_all, 1), event.text, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""
SIZE = 8_000_000
#: Seconds that anything may take until the test has failed.
PATIENCE = 20.0


class Program:
    """A node on a host, and what it says."""

    def __init__(self, hosts: Hosts, number: int, what: str, folder: Path, file: Path) -> None:
        self._hosts, self._number = hosts, number
        self._arguments = (what, f"host-{number}", hosts.address(number), str(folder / f"{number}.pem"), str(file))
        self.started: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []
        self.said: list[str] = []
        self._lines: Queue[str] = Queue()
        self.start()

    def start(self) -> None:
        """Start it, again with the same key."""
        process = self._hosts.start(self._number, (sys.executable, "-P", "-c", PROGRAM, *self._arguments))
        assert process.stdout is not None
        thread = threading.Thread(target=_pump, args=(process.stdout, self._lines))
        thread.start()
        self.started.append(process)
        self._threads.append(thread)
        self.node_id = self.hear("node ").split()[1]

    def hear(self, *beginnings: str) -> str:
        """The next line that begins with one of these."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            self.said.append(line)
            if line.startswith(beginnings):
                return line

    def percent(self, least: int) -> int:
        """Wait until that much of the file is there; how much it is."""
        while True:
            state, done, *_ = self.hear("fetching ", "done ", "failed ").split()
            assert state == "fetching", self.said
            if int(done) >= least:
                return int(done)

    def kill(self) -> None:
        """As `kill -9`."""
        self.started[-1].send_signal(signal.SIGKILL)
        self.started[-1].wait()

    def close(self) -> None:
        """End it, whatever it does."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
        for thread in self._threads:
            thread.join()
        for process in self.started:
            assert process.stdout is not None
            process.stdout.close()


def _pump(stream: Iterator[str], lines: Queue[str]) -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))


@pytest.mark.timeout(90)
def test_a_sync_over_three_hosts_outlives_a_cut_and_a_kill(tmp_path: Path) -> None:
    from peerbus.transports import Identity

    original, copy = tmp_path / "original", tmp_path / "copy"
    original.write_bytes(os.urandom(SIZE))
    for number in (1, 2, 3):
        Identity.generate().save(tmp_path / f"{number}.pem")
    with hosts_of(3) as hosts, ExitStack() as running:
        for number in (1, 2):
            hosts.rate(number, 4)  # half a megabyte a second each, until all has happened
        one, two = (Program(hosts, number, "archive", tmp_path, original) for number in (1, 2))
        running.callback(one.close)
        running.callback(two.close)
        want = Program(hosts, 3, "want", tmp_path, copy)
        running.callback(want.close)
        # Nobody was told an address: that it fetches from two sources is mDNS's work, across the bridge.
        want.percent(5)

        hosts.cut(1)
        want.hear(f"down {one.node_id}")
        before = want.percent(0)
        assert want.percent(before + 2) < 100  # it goes on with the other one
        hosts.heal(1)
        want.hear(f"up {one.node_id}")

        two.kill()
        want.hear(f"down {two.node_id}")
        assert want.percent(0) < 100
        two.start()
        want.hear(f"up {two.node_id}")
        assert want.percent(0) < 100

        for number in (1, 2):
            hosts.rate(number, 1000)
        assert want.hear("done ", "failed ").startswith("done 100"), want.said
        assert copy.read_bytes() == original.read_bytes()


def test_hosts_leave_nothing_behind() -> None:
    with hosts_of(2) as hosts:
        process = hosts.start(1, (sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"))
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        names = [hosts.name(number) for number in hosts.numbers]
        there = subprocess.run(("ip", "netns", "list"), check=True, capture_output=True, text=True).stdout
        assert all(name in there for name in names)
    assert process.wait(timeout=PATIENCE) == -signal.SIGKILL
    process.stdout.close()
    there = subprocess.run(("ip", "netns", "list"), check=True, capture_output=True, text=True).stdout
    assert not any(name in there for name in names)
