"""How the process is, told to the service manager that started it: the protocol of systemd (sd_notify(3))."""

# Law 1. Whom to tell, and how often, stands in the environment. It is taken out of it, so no child speaks for us.
# Law 2. The watchdog is fed by a timer of the event loop: a loop that stands still feeds nobody, and is ended.
# Law 3. Nothing that goes wrong here hurts the node: it is logged once, and nobody is told any more.

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final, Self

from ...actors.base import get_logger

__all__ = ["Notifier"]

log = get_logger("peerbus.node")

_SOCKET, _WATCHDOG, _WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
#: A watchdog is fed twice in the time after which it ends the process: sd_watchdog_enabled(3) advises half.
_FEEDS: Final = 2
#: Seconds that the loop may stand still for a word that is told once, where the manager has much to read.
_PATIENCE: Final = 0.5


class Notifier:
    """Tells the service manager at `address` (a path, or `@name` of an abstract socket); without one nobody.

    `watchdog`: seconds after which it ends a process that it has not heard of; None: it does not. `status`: what people
    read of a process that does its work, one line.
    """

    def __init__(self, address: str = "", *, watchdog: float | None = None, status: str = "up") -> None:
        self._address = address
        self._watchdog = watchdog
        self._status = status
        self._feeding: asyncio.TimerHandle | None = None

    @classmethod
    def of_environment(cls, status: str, environment: MutableMapping[str, str] = os.environ) -> Self:
        """What the environment says, which is taken out of it."""
        address = environment.pop(_SOCKET, "")
        usec, pid = environment.pop(_WATCHDOG, ""), environment.pop(_WATCHED, "")
        watched = usec.isdecimal() and int(usec) > 0 and pid in {"", str(os.getpid())}
        if address and not address.startswith(("/", "@")):
            log.warning("the service manager cannot be told", socket=address, hint="a path or @name is understood")
            address = ""
        return cls(address, watchdog=int(usec) / 1e6 if watched else None, status=status)

    @property
    def feeds(self) -> bool:
        """Whether a watchdog is fed."""
        return self._feeding is not None

    def ready(self, loop: asyncio.AbstractEventLoop) -> None:
        """The process does its work, or does it again after `reloading`."""
        self._tell(f"READY=1\nSTATUS={self._status}")
        if self._address and self._watchdog is not None and self._feeding is None:
            self._feed(loop, self._watchdog / _FEEDS)

    def reloading(self) -> None:
        """The configuration is read anew; `ready` ends that."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The process ends in order; the watchdog is fed until `close`."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Feed the watchdog no longer. Idempotent."""
        if self._feeding is not None:
            self._feeding.cancel()
            self._feeding = None

    def _feed(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._tell("WATCHDOG=1", wait=0.0)
        self._feeding = loop.call_later(interval, self._feed, loop, interval)

    def _tell(self, state: str, wait: float = _PATIENCE) -> None:
        if not self._address:
            return
        place = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(wait)
                sock.sendto(state.encode(), place)
        except (BlockingIOError, TimeoutError):
            pass  # it reads nothing at the moment: that is its own affair, and the next may reach it
        except OSError as error:
            log.warning("the service manager cannot be told", socket=self._address, error=str(error))
            self._address = ""
