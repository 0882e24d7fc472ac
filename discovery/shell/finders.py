"""Everything that finds peers for one node: multicast DNS, brokers that carry streams, and what the program brings."""

# Law 1. A finder only nominates: one that fails, or hangs, as it starts is said so, and the node goes on without it.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ...actors.base import get_logger, spelled
from ...transports.streams import Endpoint, Meeting, Transport
from ..facts import Candidate, Finder, MakeFinder
from ..mdns import Mdns, MdnsStatistics
from ..records import EVERYBODY, Hearers, LocalAddress, Myself, SelfDescription
from .dialing import Dialing

__all__ = ["NEARER_FIRST", "Finders", "MdnsOptions"]

log = get_logger("peerbus.discovery")

#: Seconds for which those who were met at a broker are kept back where multicast DNS looks around too: whoever is on
#: the same LAN is found there in milliseconds, and reached without the broker.
NEARER_FIRST = 2.0
#: Seconds that a finder has to start. One that looks around for longer does so in a task of its own.
START_TIMEOUT = 30.0


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class MdnsOptions:
    """Where to look for peers by multicast DNS: IP addresses or names of interfaces, None for all."""

    interfaces: tuple[str, ...] | None = None


class Finders:
    """See the module. `found(candidate)` and `lost(node_id, source)` hear what they say, on the event loop;
    `here` gives the machine's addresses."""

    def __init__(
        self,
        myself: Myself,
        description: SelfDescription,
        dialing: Dialing,
        *,
        here: Callable[[], tuple[LocalAddress, ...]],
        mdns: MdnsOptions | None,
        others: Mapping[str, MakeFinder],
        transports: Iterable[Transport],
        found: Callable[[Candidate], None],
        lost: Callable[[str, str], None],
    ) -> None:
        self._myself = myself
        self._description = description
        self._dialing = dialing
        self._here = here
        self._mdns_options = mdns
        self._make = others
        self._found = found
        self._lost = lost
        self._mdns: Mdns | None = None
        #: Whatever else finds peers, by the source that it names.
        self._others: dict[str, Finder] = {}
        #: Those who were met, by the source, that are kept back; and until when.
        self._kept: dict[str, tuple[Endpoint, ...]] = {}
        self._telling: dict[str, asyncio.TimerHandle] = {}
        for transport in transports:
            if isinstance(transport, Meeting):
                transport.meet(partial(self._met, transport.schemes[0]))

    def _met(self, source: str, places: tuple[Endpoint, ...]) -> None:
        if not self.multicast:
            self._found(Candidate(None, places, source=source))
            return
        self._kept[source] = places
        if source not in self._telling:
            self._telling[source] = asyncio.get_running_loop().call_later(NEARER_FIRST, self._tell, source)

    def _tell(self, source: str) -> None:
        del self._telling[source]
        self._found(Candidate(None, self._kept.pop(source), source=source))

    @property
    def multicast(self) -> bool:
        """Whether it is to speak multicast DNS."""
        return self._mdns_options is not None

    async def start(self) -> None:
        """Advertise and look around, in every way."""
        await self._start_mdns()
        await asyncio.gather(*(self._start(source, make) for source, make in self._make.items()))

    async def _start(self, source: str, make: MakeFinder) -> None:
        try:
            finder = self._others[source] = make(
                self._myself.identity.node_id,
                self._myself.network,
                endpoints=self._description.endpoints_for(EVERYBODY),
                roles=self._description.roles,
                on_found=self._found,
                on_lost=lambda node_id: self._lost(node_id, source),
            )
            async with asyncio.timeout(START_TIMEOUT):
                await finder.start()
        except Exception as error:  # see law 1
            text = f"{type(error).__name__}: {error}"
            log.error("finder failed", node=self._myself.name, finder=source, error=text, exc_info=error)
            started = self._others.pop(source, None)
            if started is not None:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(1.0):
                        await started.aclose()

    async def _start_mdns(self) -> None:
        options, myself = self._mdns_options, self._myself
        if options is None:
            return
        self._mdns = Mdns(
            myself.identity.node_id,
            myself.network,
            here=self._here,
            endpoints=self._multicast_at,
            roles=self._description.roles,
            interfaces=options.interfaces,
            name=myself.name,
            on_found=self._found,
            on_lost=lambda node_id: self._lost(node_id, "mdns"),
        )
        await self._mdns.start()

    def _multicast_at(self, addresses: Sequence[LocalAddress]) -> tuple[Endpoint, ...]:
        return self._description.endpoints_for(Hearers.on(addresses))

    def follow(self, *, changed: bool) -> None:
        """The machine's addresses were looked at, and have `changed` or not.

        Multicast DNS follows them; where it was unavailable, it is tried again in any case.
        """
        if self._mdns is not None and not self._dialing.closing and (changed or not self._mdns.running):
            self._dialing.run(self._mdns.follow(), "mdns follow")

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

    @property
    def other_networks(self) -> tuple[str, ...]:
        """Those that multicast DNS has heard of, a few; at no cost, as an error of each send may name them."""
        return () if self._mdns is None else self._mdns.other_networks.names

    async def aclose(self) -> None:
        """Say goodbye in every way."""
        for timer in self._telling.values():
            timer.cancel()
        closing = [finder.aclose() for finder in self._others.values()]
        if self._mdns is not None:
            closing.append(self._mdns.aclose())
        await asyncio.gather(*closing, return_exceptions=True)
