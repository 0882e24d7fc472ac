"""Which process of this machine listens at a port, as far as Linux tells (proc(5)); elsewhere nobody knows."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import pwd
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PortHolder", "holder_of", "process_at"]

_PROC = Path("/proc")
#: The state LISTEN in /proc/net/tcp.
_LISTEN = "0A"
_NOT = 3

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class PortHolder:
    """A process that listens. `pid` None: it is another user's, and its files are not for us to see."""

    user: str
    pid: int | None = None
    program: str = ""

    def __str__(self) -> str:
        return f"a process of user {self.user}" if self.pid is None else f"{self.program} (pid {self.pid})"


def holder_of(host: str, port: int) -> PortHolder | None:
    """Whoever listens at that port and keeps others from this IP address; None where nobody is found."""
    wanted = ipaddress.ip_address(host.partition("%")[0])
    found = [(_nearness(address, wanted), uid, inode) for address, uid, inode in _listening(port)]
    near = min(found, default=(_NOT, 0, ""))
    if near[0] == _NOT:
        return None
    pid = _process_with(near[2])
    return PortHolder(_user(near[1])) if pid is None else PortHolder(_user(near[1]), pid, _program(pid))


def process_at(path: Path) -> int | None:
    """The process that listens at a Unix socket, also one that stands still (unix(7), SO_PEERCRED); None: not known."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    form = struct.Struct("3i")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            probe.connect(str(path))
            pid, _, _ = form.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, form.size))
    except OSError:
        return None
    return int(pid) or None


def _nearness(address: IpAddress, wanted: IpAddress) -> int:
    """How surely one keeps the other from being listened at: 0 is for certain, `_NOT` not at all."""
    if address == wanted:
        return 0
    if address.version == wanted.version:
        return 1 if address.is_unspecified or wanted.is_unspecified else _NOT
    return 2 if address.is_unspecified else _NOT  # [::] takes IPv4 too, unless it was told not to


def _listening(port: int) -> Iterator[tuple[IpAddress, int, str]]:
    """The address, the user and the inode of each socket that listens at that port."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in (_PROC / "self" / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, _, _, _, uid, _, inode, *_ = line.split()
                host, _, number = local.partition(":")
                if state == _LISTEN and int(number, 16) == port:
                    yield _address(host), int(uid), inode


def _address(text: str) -> IpAddress:
    """As it stands there: words of four bytes, each as the machine keeps it."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))


def _process_with(inode: str) -> int | None:
    wanted = f"socket:[{inode}]"
    for process in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor) == wanted:
                        return int(process.name)
    return None


def _program(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "a process that has ended"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
