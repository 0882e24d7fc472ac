"""The hosts of three sites, on this machine: each is a network namespace, and no packet leaves them. Needs root."""

from __future__ import annotations

import os
import subprocess
from types import TracebackType
from typing import Self

#: By site: its network.
NETWORKS = {"berlin": "10.61.1", "lyon": "10.61.2"}


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
        for site, network in NETWORKS.items():
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
        ip("-n", self._prefix + "hub", "addr", "del", f"{NETWORKS[site]}.1/24", "dev", site)

    def heal(self, site: str) -> None:
        ip("-n", self._prefix + "hub", "addr", "add", f"{NETWORKS[site]}.1/24", "dev", site)
