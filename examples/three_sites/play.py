"""The play: the nodes of three sites start, one site is cut off from the others, and comes back."""

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

from peerbus.operate.demo import nats_server_path

from .hosts import NETWORKS, Sites

HERE = Path(__file__).resolve().parent
PEERBUS = (sys.executable, *(f"-W{each}" for each in sys.warnoptions), "-m", "peerbus")
#: By site: the bolts in its store.
BOLTS = {"berlin": 120, "lyon": 80}
EVERYBODY = "700 bolts: berlin 120, hub 500, lyon 80"
#: Seconds for anything to happen: a silent cut is noticed where heartbeats are missed.
PATIENCE = 90.0


class Play:
    """The processes of the nodes, and what the desks say."""

    def __init__(self, sites: Sites, folder: Path) -> None:
        self._sites, self._folder = sites, folder
        self._environment = os.environ | {"XDG_RUNTIME_DIR": str(folder)}
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


def play() -> None:
    """Raises PeerbusError, OSError, CalledProcessError."""
    server = nats_server_path()
    with ExitStack() as stack:
        sites = stack.enter_context(Sites())
        scene = Play(sites, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="three-sites-"))))
        stack.callback(scene.end)
        print("the hub has a nats-server and a store; Berlin and Lyon a store and a desk each", flush=True)
        scene.start("nats-server", "hub", server, "--port", "4222")
        scene.node("hub-store", "hub", "hub.toml")
        for site, network in NETWORKS.items():
            listen = f'["tcp://0.0.0.0:0", "nats://{network}.1:4222/stores"]'
            store = f'[{{path="stores.store:Store", args={{site="{site}", bolts={BOLTS[site]}}}}}]'
            scene.node(f"{site}-store", f"{site}-store", "store.toml", listen=listen, reactors=store)
            scene.node(f"{site}-desk", f"{site}-desk", "desk.toml", listen=listen)
        scene.until(berlin_desk=EVERYBODY, lyon_desk=EVERYBODY)
        print("\npeerbus peers --node berlin-desk\n" + scene.ask("peers", "--node", "berlin-desk", "--connected"))
        print("Lyon is cut off", flush=True)
        sites.cut("lyon")
        scene.until(berlin_desk="620 bolts: berlin 120, hub 500", lyon_desk="80 bolts: lyon 80")
        print("\nLyon is back", flush=True)
        sites.heal("lyon")
        scene.until(berlin_desk=EVERYBODY, lyon_desk=EVERYBODY)
