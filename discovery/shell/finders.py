"""Everything that finds peers for one node: multicast DNS, and what the program brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...actors.base import get_logger
from ..facts import Candidate, Finder, MakeFinder
from ..mdns import Mdns, MdnsStatistics
from ..records import Myself, SelfDescription
from .dialing import Dialing

__all__ = ["Finders", "MdnsOptions"]

log = get_logger("peerbus.discovery")


@dataclass(frozen=True, slots=True, kw_only=True)
class MdnsOptions:
    """Where to look for peers by multicast DNS: IP addresses or names of interfaces, None for all."""

    interfaces: tuple[str, ...] | None = None


class Finders:
    """See the module. `found(candidate)` and `lost(node_id, source)` hear what they say, on the event loop."""

    def __init__(
        self,
        myself: Myself,
        description: SelfDescription,
        dialing: Dialing,
        *,
        mdns: MdnsOptions | None,
        others: Mapping[str, MakeFinder],
        found: Callable[[Candidate], None],
        lost: Callable[[str, str], None],
    ) -> None:
        self._myself = myself
        self._description = description
        self._dialing = dialing
        self._mdns_options = mdns
        self._make = others
        self._found = found
        self._lost = lost
        self._mdns: Mdns | None = None
        #: Whatever else finds peers, by the source that it names.
        self._others: dict[str, Finder] = {}

    async def start(self) -> None:
        """Advertise and look around, in every way."""
        await self._start_mdns()
        for source, make in self._make.items():
            finder = self._others[source] = make(
                self._myself.identity.node_id,
                self._myself.network,
                endpoints=self._dialing.endpoints,
                roles=self._description.roles,
                on_found=self._found,
                on_lost=lambda node_id, source=source: self._lost(node_id, source),  # type: ignore[misc]  # bound early
            )
            await finder.start()

    async def _start_mdns(self) -> None:
        options, myself = self._mdns_options, self._myself
        if options is None:
            return
        port = next((e.port for e in self._dialing.endpoints if e.scheme == "tcp" and e.port), None)
        if port is None:
            log.info("mdns only looks: no tcp endpoint to advertise", node=myself.name)
        self._mdns = Mdns(
            myself.identity.node_id,
            myself.network,
            port=port,
            roles=self._description.roles,
            interfaces=options.interfaces,
            name=myself.name,
            on_found=self._found,
            on_lost=lambda node_id: self._lost(node_id, "mdns"),
        )
        await self._mdns.start()

    def update(self) -> None:
        """Advertise the roles of now."""
        roles = self._description.roles
        if self._mdns is not None:
            self._dialing.run(self._mdns.update(roles), "mdns update")
        for source, finder in self._others.items():
            self._dialing.run(finder.update(roles), f"{source} update")

    def statistics(self) -> MdnsStatistics | None:
        """What multicast DNS has counted; None where it does not run."""
        return None if self._mdns is None else self._mdns.statistics()

    async def aclose(self) -> None:
        """Say goodbye in every way."""
        closing = [finder.aclose() for finder in self._others.values()]
        if self._mdns is not None:
            closing.append(self._mdns.aclose())
        await asyncio.gather(*closing, return_exceptions=True)
