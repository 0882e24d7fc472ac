"""What this node says of itself to its peers: who it is, what it offers, which channels it has, its signed record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ...actors.base import ConfigError, get_logger, wall_clock
from ...actors.bus import Bus
from ...actors.messages import Capability, Unresolved
from ...transports.connection import CloseChannel, OfferRoles, OpenChannel
from ...transports.rules import PeerRules
from ...transports.streams import Endpoint, Identity
from ...transports.wire import FEATURES, INSIDE_CHANNELS, ChannelInfo, Codecs, Hello
from .interfaces import LocalAddress
from .own_endpoints import EVERYBODY, Advertised, Hearers, own_endpoints
from .own_record import OwnRecord, that_fit

__all__ = ["Myself", "SelfDescription"]

log = get_logger("peerbus.discovery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Myself:
    """What this node says of itself in every handshake. `incarnation` is drawn anew at each start.

    `private`: peers are to tell nobody of it. `advertise`: where it can be reached, in place of where it listens; or
    which addresses of this machine are told.
    """

    identity: Identity
    network: str
    name: str
    agent: str
    incarnation: int
    private: bool = False
    advertise: tuple[Advertised, ...] = ()


class SelfDescription:
    """See the module. `listening` gives where the node listens, with the real ports, `here` the machine's addresses,
    `rules` how much peers may send."""

    def __init__(
        self,
        myself: Myself,
        bus: Bus,
        codecs: Codecs,
        offers: tuple[Capability, ...],
        listening: Callable[[], tuple[Endpoint, ...]],
        here: Callable[[], tuple[LocalAddress, ...]] = tuple,
        rules: PeerRules | None = None,
        *,
        serving: bool = True,
    ) -> None:
        self._myself = myself
        self._bus = bus
        self._codecs = codecs
        self._listening = listening
        self._here = here
        self._rules = rules or PeerRules()
        #: What the node offers; sign anew after a change.
        self.offers = offers
        #: Its reactors run. Until then its peers are told of no role: whoever hears of one can send to it.
        self.serving = serving
        #: What it has signed.
        self.record = OwnRecord(myself.identity, myself.network, bus.rng, private=myself.private)
        #: Channels of reactors started later whose messages cannot travel.
        self._local: set[str] = set()

    @property
    def roles(self) -> list[str]:
        """The names of what it offers."""
        return [offer.role for offer in self.offers]

    def sign(self) -> int:
        """Make a new record of what is so now; returns its number."""
        return self.record.sign(self.endpoints_for(EVERYBODY), self.offers, wall_clock()).sequence

    def endpoints_for(self, hearers: Hearers) -> tuple[Endpoint, ...]:
        """Where those that hear can reach this node, the best first, as many as one is told."""
        return tuple(that_fit(own_endpoints(self._listening(), self._here(), self._myself.advertise, hearers)))

    def offer_roles(self) -> OfferRoles:
        """To a connection: what is offered now, with the record that says so."""
        return OfferRoles(self._offered, self.record.data)

    @property
    def _offered(self) -> tuple[str, ...]:
        return tuple(map(str, self.offers)) if self.serving else ()

    def hello(self, remote: Endpoint | None = None) -> Hello:
        """What a handshake says to whoever is there."""
        me, hearers = self._myself, Hearers.at(remote, self._here())
        return Hello(
            node_id=me.identity.node_id,
            network=me.network,
            name=me.name,
            incarnation=me.incarnation,
            listen=tuple(map(str, self.endpoints_for(hearers))),
            offers=self._offered,
            channels=tuple(self._announced(info, remote) for info in self.channels()),
            agent=me.agent,
            nonce=self._bus.rng.randbytes(16),
            record=self.record.data,
            features=FEATURES,
            clock=max(0, int(wall_clock() * 1000)),
        )

    def _announced(self, info: ChannelInfo, remote: Endpoint | None) -> ChannelInfo:
        own = self._bus.channels[info.name].rate
        return self._rules.announced(info, own, None if remote is None else remote.peer_id)

    def news_since(self, said: Hello) -> list[object]:
        """To a new connection: what has changed since its HELLO was made."""
        before = {channel.name for channel in said.channels}
        now = {channel.name: channel for channel in self.channels()}
        news: list[object] = [CloseChannel(name, "stopped") for name in sorted(before - now.keys())]
        news += [OpenChannel(now[name]) for name in sorted(now.keys() - before)]
        offers = self.offer_roles()
        if offers.offers != said.offers or self.record.data != said.record:
            news.append(offers)
        return news

    def check_channels(self) -> None:
        """Raises ConfigError for a channel whose messages cannot travel, as far as that is known already."""
        for name in self._bus.channels:
            with contextlib.suppress(Unresolved):
                try:
                    self._codecs.make(name)
                except TypeError as error:
                    raise ConfigError(str(error)) from error

    def channels(self) -> list[ChannelInfo]:
        """The channels of this node's reactors that peers can send to."""
        found = (self.channel(name) for name in sorted(self._bus.channels))
        return [info for info in found if info is not None]

    def channel(self, name: str) -> ChannelInfo | None:
        """One of them; None where no reactor has it, or its messages cannot travel."""
        if name in INSIDE_CHANNELS:
            return None
        cell = self._bus.cell(name)
        if name not in self._bus.routes.inside and (cell is None or cell.actor_class.__channel__ is None):
            return None
        try:
            codec = self._codecs.make(name)
        except (TypeError, Unresolved) as error:
            if name not in self._local:
                self._local.add(name)
                log.error("a channel stays on this node", node=self._myself.name, channel=name, why=str(error))
            return None
        return None if codec is None else codec.info
