"""Erlang distribution: two nodes on 127.0.0.1; this process only passes orders to the sending one (see bench.erl)."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..client import Offered, SyncClient
from ..processes import Served
from ..run import Run
from ..timing import BATCH, Until

__all__ = ["connected", "serve"]

_SOURCES = [Path(__file__).with_name(name) for name in ("bench.erl", "bench_epmd.erl")]
#: Seconds between two looks at whether the sender shall stop early.
_LOOK = 0.05


class _Client(SyncClient):
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The sending node."""
        return self._process.pid

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        self._order(f"tell {len(payload)} {until.left() * 1000:.0f}")
        assert self._process.stdout is not None
        stopped = False
        while not select.select([self._process.stdout], [], [], _LOOK)[0]:
            if until.end == 0.0 and not stopped:
                stopped = True
                self._order("stop")
        return Offered(int(self.answer()))

    def ask(self, payload: bytes, until: Until) -> list[float]:
        self._order(f"ask {len(payload)} {until.left() * 1000:.0f}")
        return [int(time) / 1e9 for time in self.answer().split()]

    def in_flight(self, payload: bytes, until: Until) -> float:
        self._order(f"flight {len(payload)} {until.left() * 1000:.0f}")
        number, nanoseconds = self.answer().split()
        return int(number) * 1e9 / int(nanoseconds)

    def count(self) -> int:
        self._order("count")
        return int(self.answer())

    def _order(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sending node died")
        return line


def _command(folder: str, cookie: str, *arguments: str) -> list[str]:
    return [
        "erl", "+Bi", "-noshell", "-pa", folder, "-setcookie", cookie,
        "-start_epmd", "false", "-epmd_module", "bench_epmd", "-kernel",
        "inet_dist_use_interface", "{127,0,0,1}", *arguments,
    ]  # fmt: skip


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A second node, connected to the receiver's."""
    node, port, cookie, folder = server.line.split()
    command = _command(folder, cookie, "-name", f"sender-{os.getpid()}@127.0.0.1", "-s", "bench", "sender", node)
    environment = os.environ | {"BENCH_PORT": port}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        client = _Client(process)
        try:
            if client.answer().strip() != "ready":
                raise RuntimeError("the sending node found no receiver")
            yield client
        finally:
            process.kill()  # it keeps nothing, and reads no order while it measures
            shutil.rmtree(folder, ignore_errors=True)


def serve(run: Run, product: str) -> None:
    """Compile, then become the receiving node: what steers this process steers that one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    folder = tempfile.mkdtemp(prefix="peerbus-benchmarks-")  # the sender removes it: this process becomes another
    subprocess.run(["erlc", "-o", folder, *map(str, _SOURCES)], check=True)  # noqa: S607  # as the path has it
    cookie, name = secrets.token_hex(8), f"receiver-{os.getpid()}@127.0.0.1"
    command = _command(
        folder, cookie, "-name", name, "-s", "bench", "receiver",
        "-kernel", "inet_dist_listen_min", port, "inet_dist_listen_max", port,
    )  # fmt: skip
    # The node prints that line, for the sender, when it listens.
    os.execvpe(  # noqa: S606  # a shell would have another process id
        command[0], command, os.environ | {"BENCH_LINE": f"{name} {port} {cookie} {folder}"}
    )
