"""Three sites on this machine, each host a network namespace: one is cut off from the others, and comes back.

    sudo python examples/three_sites/play.py

It needs root, iproute2 and a nats-server. Hosts in Berlin and in Lyon see their own LAN and the hub, and nothing else.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from peerbus.actors import PeerbusError
from peerbus.operate.demo import nats_server_path

HERE = Path(__file__).resolve().parent
PEERBUS = (sys.executable, *(f"-W{each}" for each in sys.warnoptions), "-m", "peerbus")
#: By site: its network, and the bolts in its store.
SITES = {"berlin": ("10.61.1", 120), "lyon": ("10.61.2", 80)}
EVERYBODY = "700 bolts: berlin 120, hub 500, lyon 80"
#: Seconds for anything to happen: a silent cut is noticed where heartbeats are missed.
PATIENCE = 90.0


def ip(*words: str, check: bool = True) -> None:
    command = ["ip", *words]
    subprocess.run(command, check=check, capture_output=True, text=True)


class Sites:
    """The hub has a leg in each LAN, and passes nothing on from one to the other."""

    def __init__(self) -> None:
        self._prefix = f"pb{os.getpid():x}-"
        self._spaces: list[str] = []

    def __enter__(self) -> Self:
        hub = self._space("hub")
        for site, (network, _) in SITES.items():
            ip("-n", hub, "link", "add", site, "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
            ip("-n", hub, "link", "set", site, "up")
            self.heal(site)
            for number, what in enumerate(("store", "desk"), start=10):
                space, wire = self._space(f"{site}-{what}"), f"{site}-{what}"
                ip("-n", hub, "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space)
                ip("-n", hub, "link", "set", wire, "master", site, "up")
                ip("-n", space, "link", "set", "eth0", "up")
                ip("-n", space, "addr", "add", f"{network}.{number}/24", "dev", "eth0")
                ip("-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for space in self._spaces:
            ip("netns", "del", space, check=False)

    def _space(self, host: str) -> str:
        space = self.on(host)[3]
        ip("netns", "add", space)
        self._spaces.append(space)
        ip("-n", space, "link", "set", "lo", "up")
        return space

    def on(self, host: str) -> tuple[str, ...]:
        """What stands before a command that runs on that host."""
        return ("ip", "netns", "exec", f"{self._prefix}{host}")

    def cut(self, site: str) -> None:
        """The site and the hub do not reach each other any more, and nobody is told; its LAN goes on."""
        ip("-n", self._prefix + "hub", "addr", "del", f"{SITES[site][0]}.1/24", "dev", site)

    def heal(self, site: str) -> None:
        ip("-n", self._prefix + "hub", "addr", "add", f"{SITES[site][0]}.1/24", "dev", site)


class Play:
    """The processes of the nodes, and what the desks say."""

    def __init__(self, sites: Sites, folder: Path) -> None:
        self._sites, self._folder = sites, folder
        self._environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "PYTHONPATH": str(HERE)}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._said: queue.Queue[tuple[str, str]] = queue.Queue()
        self._latest: dict[str, str] = {}

    def start(self, name: str, host: str, *command: str) -> None:
        log = (self._folder / f"{name}.log").open("w")
        with log:
            process = subprocess.Popen(
                (*self._sites.on(host), *command),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment,
            )  # fmt: skip
        self._processes[name] = process
        threading.Thread(target=self._hear, args=(name, process), daemon=True).start()

    def node(self, name: str, host: str, file: str, **settings: str) -> None:
        values = {"name": f'"{name}"', **settings}
        flags = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        self.start(name, host, *PEERBUS, "run", str(HERE / file), *flags)

    def _hear(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._said.put((name, line.rstrip()))
        self._said.put((name, "has ended"))

    def until(self, **wanted: str) -> None:
        """Print what is said until each of these has said that last. Raises TimeoutError."""
        try:
            while any(self._latest.get(name.replace("_", "-")) != text for name, text in wanted.items()):
                name, line = self._said.get(timeout=PATIENCE)
                self._latest[name] = line
                print(f"  {name:<13} {line}", flush=True)
        except queue.Empty:
            raise TimeoutError(f"nobody has said {wanted} in {PATIENCE:.0f} s") from None

    def ask(self, *command: str) -> str:
        """What a command of peerbus says of a node."""
        done = subprocess.run((*PEERBUS, *command), capture_output=True, text=True, check=True, env=self._environment)
        return done.stdout

    def end(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> None:
    server = nats_server_path()
    with ExitStack() as stack:
        sites = stack.enter_context(Sites())
        play = Play(sites, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="three-sites-"))))
        stack.callback(play.end)
        print("the hub has a nats-server and a store; Berlin and Lyon a store and a desk each", flush=True)
        play.start("nats-server", "hub", server, "--port", "4222")
        play.node("hub-store", "hub", "hub.toml")
        for site, (network, bolts) in SITES.items():
            listen = f'["tcp://0.0.0.0:0", "nats://{network}.1:4222/stores"]'
            store = f'[{{path="stores:Store", args={{site="{site}", bolts={bolts}}}}}]'
            play.node(f"{site}-store", f"{site}-store", "store.toml", listen=listen, reactors=store)
            play.node(f"{site}-desk", f"{site}-desk", "desk.toml", listen=listen)
        play.until(berlin_desk=EVERYBODY, lyon_desk=EVERYBODY)
        print("\npeerbus peers --node berlin-desk\n" + play.ask("peers", "--node", "berlin-desk", "--connected"))
        print("Lyon is cut off", flush=True)
        sites.cut("lyon")
        play.until(berlin_desk="620 bolts: berlin 120, hub 500", lyon_desk="80 bolts: lyon 80")
        print("\nLyon is back", flush=True)
        sites.heal("lyon")
        play.until(berlin_desk=EVERYBODY, lyon_desk=EVERYBODY)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: {error.stderr.strip()}")
    except (PeerbusError, OSError) as error:
        sys.exit(str(error))
