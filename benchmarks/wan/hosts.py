"""Two hosts and the switch between them, for the time of a block; and why this machine cannot have them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from .switch import HOST_NETWORK

__all__ = ["COMMAND", "Hosts", "NoHosts", "figures", "hosts"]

#: The command of these measurements.
COMMAND = (sys.executable, "-P", str(Path(__file__).resolve().parents[1]), "wan")
#: Seconds that a process may take to end when its standard input has.
_GRACE = 10.0
#: A packet of Ethernet. Larger ones would spare the switch most of its work, and are what no long line has.
MTU = 1500


class NoHosts(RuntimeError):
    """This machine makes no hosts, for that reason."""


class Program:
    """A process that says lines, and lives until it is closed."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def hear(self) -> str:
        """The next line that it says; empty when it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def say(self, line: str) -> None:
        """Tell it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


class Hosts:
    """Hosts 1 and 2, with the address `address(number)`."""

    def __init__(self, switch: Program, prefix: str) -> None:
        self._switch = switch
        self._prefix = prefix

    @staticmethod
    def address(number: int) -> str:
        """The IPv4 address of a host."""
        return f"{HOST_NETWORK}.{number}"

    def both_ways(self, **settings: float) -> None:
        """Set fields of `Way` in both directions."""
        self.way(1, 2, **settings)
        self.way(2, 1, **settings)

    def way(self, source: int, target: int, **settings: float) -> None:
        """The same in one direction."""
        words = " ".join(f"{name}={value}" for name, value in settings.items())
        self._switch.say(f"way {source} {target} {words}")
        if self._switch.hear() != "done":
            raise RuntimeError(f"the switch did not take {words!r}")

    def on(self, number: int, *command: str) -> tuple[str, ...]:
        """A command as it runs on a host."""
        return ("ip", "netns", "exec", f"{self._prefix}h{number}", *command)

    def start(self, number: int, *arguments: str) -> Program:
        """Start a role of this command on a host."""
        return Program(self.on(number, *COMMAND, *arguments))


@contextlib.contextmanager
def hosts() -> Iterator[Hosts]:
    """Raises: NoHosts, with the reason."""
    if os.geteuid() != 0:
        raise NoHosts("network namespaces need root")
    if shutil.which("ip") is None:
        raise NoHosts("network namespaces need 'ip' (apt install iproute2)")
    if not os.path.exists("/dev/net/tun"):
        raise NoHosts("the switch needs /dev/net/tun")
    prefix = f"pw{os.getpid():x}"
    with Program((*COMMAND, "--role", "switch", "--prefix", prefix)) as switch:
        if switch.hear() != "ready":
            raise NoHosts("this machine makes no TAP devices, or no network namespaces")
        yield Hosts(switch, prefix)


def figures(
    net: Hosts,
    what: str,
    size: int,
    warm: float,
    seconds: float,
    *,
    heartbeat: float = 5.0,
    meanwhile: Callable[[], None] | None = None,
) -> list[float]:
    """What a sender on host 1 measures to a receiver on host 2, both new: see `sender.measure`.

    `meanwhile` is called when it has begun.
    """
    with net.start(2, "--role", "receiver", net.address(2), str(heartbeat), str(size)) as receiver:
        endpoint, port = receiver.hear().split()
        numbers = map(str, (size, warm, seconds, heartbeat))
        with net.start(1, "--role", "sender", what, endpoint, port, *numbers) as sender:
            if sender.hear() != "begun":
                raise RuntimeError(f"{what} did not begin")
            if meanwhile is not None:
                meanwhile()
            return [float(value) for value in json.loads(sender.hear())]
