"""Watches the addresses of this machine: what has changed is told once it has settled, and never often.

No tasks. One netlink socket where the system has that (rtnetlink(7)), and one timer: for the next look.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from contextvars import Context

from ...actors.base import get_logger
from ..records import LocalAddress, local_addresses

__all__ = ["AddressWatch", "Damper"]

log = get_logger("peerbus.discovery")

#: Seconds between two looks where nothing says that something changed, and where netlink does.
POLL, SELDOM = 10.0, 60.0
#: Seconds that changes have to come together: an interface comes up in several steps.
SETTLE = 0.2
#: Seconds between two changes that are told: at first, and at most, for an interface that goes up and down for ever.
LEAST_GAP, MOST_GAP = 1.0, 60.0
#: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR.
_GROUPS = 0x1 | 0x10 | 0x100


class Damper:
    """When the next look may be: each change makes the pause after it twice as long, a quiet time short again."""

    def __init__(self) -> None:
        self._gap = LEAST_GAP
        self._free_at = 0.0

    def pause(self, now: float) -> float:
        """Seconds to wait from now on before looking, as something may have changed."""
        return max(SETTLE, self._free_at - now)

    def changed(self, now: float) -> None:
        """A look has shown a change."""
        quiet = now - self._free_at > 2 * self._gap
        self._gap = LEAST_GAP if quiet else min(2 * self._gap, MOST_GAP)
        self._free_at = now + self._gap


class AddressWatch:
    """See the module. `looked` is called on the loop after each look but the first: with True where there was a change.

    `addresses` are those of the last look. `name` is the node's, for logs.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        looked: Callable[[bool], None],
        *,
        read: Callable[[], tuple[LocalAddress, ...]] = local_addresses,
    ) -> None:
        self._name = name
        self._loop = loop
        self._context = context
        self._looked = looked
        self._read = read
        self._damper = Damper()
        self._netlink: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False
        self._blind = False
        self.addresses: tuple[LocalAddress, ...] = ()

    def start(self) -> None:
        """Look for the first time, and from now on."""
        self._open()  # before the look, so that nothing comes between
        self.addresses = self._seen()
        self._arm(self._interval)

    def here(self) -> tuple[LocalAddress, ...]:
        """As `addresses`, for those that ask each time."""
        return self.addresses

    def close(self) -> None:
        """Look no more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        if self._netlink is not None:
            self._loop.remove_reader(self._netlink)
            self._netlink.close()
            self._netlink = None

    @property
    def _interval(self) -> float:
        return POLL if self._netlink is None else SELDOM

    def _open(self) -> None:
        if sys.platform != "linux":
            return
        try:
            netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        except OSError:  # a sandbox may forbid it
            return
        try:
            netlink.setblocking(False)
            netlink.bind((0, _GROUPS))
            self._loop.add_reader(netlink, self._heard)
        except (OSError, NotImplementedError):
            netlink.close()
            return
        self._netlink = netlink

    def _heard(self) -> None:
        # What it says is not read: a look shows what is so now, also where the kernel had to drop some of it (ENOBUFS).
        assert self._netlink is not None
        with contextlib.suppress(OSError):
            for _ in range(64):
                self._netlink.recv(65_536)
        if not self._soon:
            self._soon = True
            self._arm(self._damper.pause(self._loop.time()))

    def _arm(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._look, context=self._context.copy())

    def _look(self) -> None:
        now, before = self._loop.time(), self.addresses
        if not self._soon and self._damper.pause(now) > SETTLE:
            self._arm(self._damper.pause(now))
            return
        self._soon = False
        self.addresses = self._seen()
        self._arm(self._interval)
        changed = set(self.addresses) != set(before)
        if changed:
            self._damper.changed(now)
            log.info(
                "addresses of this machine changed",
                node=self._name,
                new=[str(one) for one in self.addresses if one not in before],
                gone=[str(one) for one in before if one not in self.addresses],
            )
        self._looked(changed)

    def _seen(self) -> tuple[LocalAddress, ...]:
        try:
            found = self._read()
        except Exception as error:  # noqa: BLE001  # whatever the system says of its interfaces, it is asked again
            if not self._blind:
                log.warning(
                    "the addresses of this machine cannot be read",
                    node=self._name,
                    error=str(error),
                    hint="write where others reach it: advertise",
                )
            self._blind = True
            return self.addresses
        self._blind = False
        return found
