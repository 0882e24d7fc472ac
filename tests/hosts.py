"""Some hosts on one bridge, each a network namespace of its own: real interfaces and multicast, heard by nobody else.

Needs root, and `ip` and `tc` of iproute2. All of it, the bridge too, is inside namespaces; `down` removes them with
whatever runs there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence

import pytest

__all__ = ["Hosts", "hosts_of"]

#: Seconds that one command may take; each takes milliseconds.
COMMAND = 10


class Hosts:
    """Hosts number 1 to `count`: host i is `10.99.0.i`, and its interface `eth0`."""

    def __init__(self, count: int) -> None:
        self.numbers = range(1, count + 1)
        # Names of namespaces are the machine's: two runs at once must not meet.
        self._prefix = f"pb{os.getpid():x}"
        self._switch = f"{self._prefix}sw"

    def name(self, number: int) -> str:
        """The namespace of a host."""
        return f"{self._prefix}h{number}"

    @staticmethod
    def address(number: int) -> str:
        """The IPv4 address of a host."""
        return f"10.99.0.{number}"

    def up(self) -> None:
        """Make them. Raises CalledProcessError where this machine does not let us."""
        _run("ip", "netns", "add", self._switch)
        # No snooping: without a querier on the bridge it forgets who listens to a multicast group.
        self._bridge("link", "add", "br0", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        self._bridge("link", "set", "br0", "up")
        for number in self.numbers:
            name = self.name(number)
            _run("ip", "netns", "add", name)
            self._bridge("link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            self._bridge("link", "set", f"v{number}", "master", "br0", "up")
            for command in (
                ("link", "set", "lo", "up"),
                ("link", "set", "eth0", "up"),
                ("addr", "add", f"{self.address(number)}/24", "dev", "eth0"),
                ("route", "add", "224.0.0.0/4", "dev", "eth0"),
            ):
                _run("ip", "-n", name, *command)

    def down(self) -> None:
        """Remove them, and end what still runs there. Never raises."""
        for name in (*map(self.name, self.numbers), self._switch):
            pids = subprocess.run(
                ("ip", "netns", "pids", name), check=False, capture_output=True, text=True, timeout=COMMAND
            )
            for pid in pids.stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(("ip", "netns", "del", name), check=False, capture_output=True, timeout=COMMAND)

    def cut(self, number: int) -> None:
        """Nothing reaches this host any more, or leaves it, and its interface does not notice."""
        self._bridge("link", "set", f"v{number}", "nomaster")

    def heal(self, number: int) -> None:
        """It is on the bridge again."""
        self._bridge("link", "set", f"v{number}", "master", "br0")

    def isolate(self, *numbers: int) -> None:
        """These reach the other hosts, and are reached by them, but not each other."""
        for number in numbers:
            self._bridge("link", "set", f"v{number}", "type", "bridge_slave", "isolated", "on")

    def rate(self, number: int, megabits: int) -> None:
        """What the host sends leaves it no faster than that, in Mbit/s."""
        shape = ("tbf", "rate", f"{megabits}mbit", "burst", "32kb", "latency", "400ms")
        _run("tc", "-n", self.name(number), "qdisc", "replace", "dev", "eth0", "root", *shape)

    def start(self, number: int, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program on a host; its process is the program itself. Its output can be read."""
        return subprocess.Popen(
            ("ip", "netns", "exec", self.name(number), *command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ip(self, number: int, *arguments: str) -> None:
        """Run `ip` on a host: `hosts.ip(1, "addr", "del", "10.99.0.1/24", "dev", "eth0")`."""
        _run("ip", "-n", self.name(number), *arguments)

    def _bridge(self, *arguments: str) -> None:
        _run("ip", "-n", self._switch, *arguments)


@contextlib.contextmanager
def hosts_of(count: int) -> Iterator[Hosts]:
    """Hosts for the time of a block. Skips the test, with the reason, where this machine cannot make them."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            pytest.skip(f"network namespaces need {tool!r} (apt install iproute2)")
    hosts = Hosts(count)
    try:
        try:
            hosts.up()
            for number in hosts.numbers:
                hosts.rate(number, 1000)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no network namespaces: {' '.join(error.cmd)}: {error.stderr.strip()}")
        yield hosts
    finally:
        hosts.down()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND)
