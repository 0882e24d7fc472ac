"""A switch between hosts in network namespaces, every way with a delay, loss, rate and size of packets of its own.

Each host has a TAP device. The switch is in user space, as the kernel may lack sch_netem. It needs root, `/dev/net/tun`
and `ip` of iproute2; nothing of it touches the machine's own network but the names of namespaces, which carry the
number of this process. Commands come on standard input, one a line (`Ways.order` says which); its end ends the switch,
and all that runs on the hosts.

A frame on a way of `rate` leaves when those before it have, waits there for `queue` seconds at most, and arrives a
`delay` later, give or take `jitter`: with some of it frames overtake each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import heapq
import os
import random
import signal
import struct
import subprocess
import sys
from dataclasses import dataclass, field

__all__ = ["HOST_NETWORK", "STRAIGHT", "Way", "Ways", "run"]

#: The settings of a way that does nothing to what goes over it.
STRAIGHT = {"delay": 0.0, "jitter": 0.0, "loss": 0.0, "rate": 0.0, "mtu": 0}
_TUNSETIFF, _TAP, _NO_HEAD = 0x400454CA, 2, 0x1000
#: Host i has the address HOST_NETWORK.i.
HOST_NETWORK = "10.98.0"
#: Frames that are read from one device in one turn.
_BURST = 64
_LARGEST_FRAME = 1 << 16
_COMMAND_SECONDS = 10


@dataclass
class Way:
    """One direction between two hosts. Times are seconds, `rate` bytes a second, 0 for no limit."""

    delay: float = 0.0
    jitter: float = 0.0
    #: Of all frames, 0 to 1.
    loss: float = 0.0
    rate: float = 0.0
    queue: float = 0.4
    #: Larger packets vanish without a word; 0: none do.
    mtu: int = 0
    dropped: int = 0
    _free_at: float = 0.0
    _waiting: list[tuple[float, int, bytes]] = field(default_factory=list)
    _count: int = 0

    def take(self, frame: bytes, now: float, rng: random.Random) -> float | None:
        """A frame goes; returns when the next one arrives, None where this one is dropped."""
        if (self.mtu and len(frame) - 14 > self.mtu) or (self.loss and rng.random() < self.loss):
            self.dropped += 1
            return None
        leaves = now
        if self.rate:
            leaves = max(now, self._free_at)
            if leaves - now > self.queue:
                self.dropped += 1
                return None
            leaves = self._free_at = leaves + len(frame) / self.rate
        at = leaves + self.delay + (rng.uniform(-self.jitter, self.jitter) if self.jitter else 0.0)
        self._count += 1
        heapq.heappush(self._waiting, (max(at, now), self._count, frame))
        return self._waiting[0][0]

    def arrived(self, now: float) -> list[bytes]:
        """The frames that are there by now."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    @property
    def next(self) -> float | None:
        """When the next frame arrives."""
        return self._waiting[0][0] if self._waiting else None


class Ways:
    """All ways between some hosts, by pair of numbers."""

    def __init__(self, hosts: int) -> None:
        self.by_pair = {(a, b): Way() for a in range(1, hosts + 1) for b in range(1, hosts + 1) if a != b}

    def order(self, line: str) -> None:
        """`way A B delay=0.05 rate=125000 …` sets those fields of the way from A to B. Raises ValueError."""
        word, a, b, *settings = line.split()
        way = self.by_pair[int(a), int(b)]
        if word != "way":
            raise ValueError(f"{word!r} is no command of the switch")
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in ("delay", "jitter", "loss", "rate", "queue", "mtu"):
                raise ValueError(f"a way has no {name!r}")
            setattr(way, name, int(value) if name == "mtu" else float(value))


class _Switch:
    def __init__(self, hosts: int, prefix: str, mtu: int) -> None:
        self._ways = Ways(hosts)
        self._prefix = prefix
        self._loop = asyncio.get_running_loop()
        self._devices: dict[int, int] = {}
        self._owners: dict[bytes, int] = {}
        self._timers: dict[tuple[int, int], asyncio.TimerHandle] = {}
        self._rng = random.Random(1)
        for number in range(1, hosts + 1):
            self._plug(number, mtu)

    def namespace(self, number: int) -> str:
        return f"{self._prefix}h{number}"

    def _plug(self, number: int, mtu: int) -> None:
        device, space = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK), self.namespace(number)
        self._devices[number] = device
        name = f"{self._prefix}t{number}"
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP | _NO_HEAD))
        _ip("netns", "add", space)
        _ip("link", "set", name, "netns", space)
        inside = ("-n", space)
        _ip(*inside, "link", "set", name, "name", "eth0", "mtu", str(mtu))
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", "eth0", "up", "txqueuelen", "2000")
        _ip(*inside, "addr", "add", f"{HOST_NETWORK}.{number}/24", "dev", "eth0")
        self._loop.add_reader(device, self._read, number)

    def _read(self, number: int) -> None:
        device, now = self._devices[number], self._loop.time()
        for _ in range(_BURST):
            try:
                frame = os.read(device, _LARGEST_FRAME)
            except BlockingIOError:
                return
            self._owners[frame[6:12]] = number
            owner = None if frame[0] & 1 else self._owners.get(frame[:6])
            for other in self._devices if owner is None else (owner,):
                if other != number:
                    self._take(number, other, frame, now)

    def _take(self, number: int, other: int, frame: bytes, now: float) -> None:
        pair = number, other
        way = self._ways.by_pair[pair]
        if not (way.delay or way.rate or way.jitter or way.loss or way.mtu):
            self._write(other, frame)
            return
        at = way.take(frame, now, self._rng)
        if at is None:
            return
        timer = self._timers.get(pair)
        if timer is None or timer.when() > at:
            if timer is not None:
                timer.cancel()
            self._timers[pair] = self._loop.call_at(at, self._due, pair)

    def _due(self, pair: tuple[int, int]) -> None:
        del self._timers[pair]
        way = self._ways.by_pair[pair]
        for frame in way.arrived(self._loop.time() + 0.0002):
            self._write(pair[1], frame)
        at = way.next
        if at is not None:
            self._timers[pair] = self._loop.call_at(at, self._due, pair)

    def _write(self, number: int, frame: bytes) -> None:
        with contextlib.suppress(OSError):  # its queue is full, as that of any device may be
            os.write(self._devices[number], frame)

    def order(self, line: str) -> None:
        self._ways.order(line)

    def unplug(self) -> None:
        for number, device in self._devices.items():
            space = self.namespace(number)
            for pid in _ip("netns", "pids", space, check=False).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _ip("netns", "del", space, check=False)
            os.close(device)


def run(hosts: int, prefix: str, mtu: int) -> None:
    """Be the switch until standard input ends; says `ready`, and `done` after each command."""
    # Signals that reach the whole group end its owner, and by that its standard input: then it takes its hosts away.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(_run(hosts, prefix, mtu))


async def _run(hosts: int, prefix: str, mtu: int) -> None:
    switch = None
    try:
        switch = _Switch(hosts, prefix, mtu)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            switch.order(line)
            print("done", flush=True)
    finally:
        if switch is not None:
            switch.unplug()


def _ip(*arguments: str, check: bool = True) -> str:
    command = ["ip", *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=_COMMAND_SECONDS).stdout
