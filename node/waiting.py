"""What a program waits for before it sends: that the node has peers."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from math import inf, isnan
from typing import TYPE_CHECKING

from ..actors.base import DeadlineExceeded
from ..actors.messages import Role
from ..actors.routing import offered
from ..actors.sends import check_timeout, no_number
from ..discovery.facts import PeerRolesChanged, PeerUp

if TYPE_CHECKING:
    from ..actors import Bus

__all__ = ["NodeWaits"]


class NodeWaits:
    """Base of the node, which has the bus."""

    name: str
    bus: Bus

    @abstractmethod
    def _search(self) -> str: ...

    async def wait_for_peers(
        self, at_least: int = 1, *, role: str | None = None, timeout: float = 5.0
    ) -> tuple[str, ...]:
        """Wait until `at_least` peers can be sent to, or as many that offer `role`; returns their ids.

        On the node's event loop: `await node.wait_for_peers(2, role="archive")`. A single send waits for a receiver by
        itself with `wait_for_peer=True`; that this node offers the role itself counts for nothing here.
        Raises DeadlineExceeded after `timeout` seconds, whose text says how peers are looked for; ValueError for a
        malformed role, a number below 0 and a timeout that is NaN; PeerbusError where the node stops, or does not run.
        """
        count: object = at_least  # whatever a program without type checks gives
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise ValueError(f"at_least is {count!r}; write a number of peers, 0 or more")
        check_timeout(timeout)
        if isnan(timeout):
            raise no_number(timeout)
        if role is not None:
            Role(role)  # a malformed one would never be offered
        with self.bus.subscribe(PeerUp, PeerRolesChanged) as news:
            try:
                async with asyncio.timeout(None if timeout == inf else timeout):
                    while len(found := self._ready(role)) < at_least:
                        await news.get()
            except TimeoutError:
                offering = "" if role is None else f" that offer {role!r}"
                text = f"{self.name} has {len(self._ready(role))} of {at_least} peers{offering} after {timeout:g} s"
                raise DeadlineExceeded(f"{text}: {self._others(role)}{self._search()}", phase="route") from None
        return found

    def _ready(self, role: str | None) -> tuple[str, ...]:
        routes = self.bus.routes
        return tuple(routes.peers) if role is None else tuple(link.peer_id for link in routes.roles.get(role, ()))

    def _others(self, role: str | None) -> str:
        """What they offer who are connected, and not that."""
        links = [link for link in self.bus.routes.peers.values() if role is not None and role not in link.roles]
        return f"{len(links)} more connected, {offered(links)}; " if links else ""
