"""The peer manager as an actor: it dials, lets in and closes as its mind (`PeerManager`) decides.

Tasks: those of its doors (`Doors`) and of the finders. Connections are its children: they end before it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..actors.actor import Actor
from ..actors.capability import Capability
from ..actors.clock import wall_clock
from ..actors.envelope import Envelope
from ..actors.errors import (
    ActorStopped,
    ConfigError,
)
from ..actors.events import ActorStarted, ActorTerminated
from ..actors.handlers import handles
from ..actors.log import get_logger
from ..actors.ref import Ref
from ..actors.router import LinkChanged, LinkDown
from ..actors.supervision import Directive, Supervision
from ..transports.codecs import Codecs
from ..transports.connection import (
    HEARTBEAT_INTERVAL,
    SHUTDOWN_SHARE,
    CloseChannel,
    ConnectionEnded,
    ConnectionStatistics,
    Disconnect,
    OpenChannel,
    PeerConnection,
)
from ..transports.endpoint import Endpoint
from ..transports.greeting import Greeted
from ..transports.link import PeerLink
from ..transports.transport import Transport
from .advert import Advert
from .commands import Changes, Refuse
from .doors import Doors
from .finder import MakeFinder
from .finders import Finders, MdnsOptions
from .lever_messages import LEVERS, Drain, Lever, LeverResult, pull
from .manager import PeerManager
from .mdns import MdnsStatistics
from .messages import (
    AdvertisePeers,
    AnnounceMyself,
    FoundPeer,
    LostPeer,
    Offer,
    PeerWasUseful,
    ReportPeer,
)
from .options import PeerOptions
from .presence import Myself, Presence
from .snapshot import PeersSnapshot
from .wall import WallClock

__all__ = ["Peers"]

log = get_logger("peerbus.discovery")

#: Seconds that a connection which another one replaced may take to finish what is under way.
SUPERSEDED_DRAIN = 5.0
#: The same for a peer that is parted with.
EVICTED_DRAIN = 1.0


@dataclass(frozen=True, slots=True)
class _Renew:
    """Time for a new record."""


@dataclass(frozen=True, slots=True)
class _Ended:
    key: int
    event: ConnectionEnded


class Peers(Actor):
    """See the module. Everything that changes who is connected is a message to it."""

    #: Its handlers only feed the mind, which stays whole; a failure of one must not end the connections of all.
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    def __init__(
        self,
        myself: Myself,
        transports: Sequence[Transport],
        codecs: Codecs,
        *,
        listen: Sequence[Endpoint] = (),
        offers: Iterable[Capability] = (),
        persistent: Sequence[Endpoint] = (),
        options: PeerOptions | None = None,
        mdns: MdnsOptions | None = None,
        finders: Mapping[str, MakeFinder] | None = None,
        heartbeat: float = HEARTBEAT_INTERVAL,
    ) -> None:
        super().__init__()
        self._myself = myself
        self._codecs = codecs
        self._wanted = tuple(listen)
        self._persistent = tuple(persistent)
        self._heartbeat = heartbeat
        self._presence = Presence(myself, self.bus, codecs, tuple(offers), lambda: self.endpoints)
        self._loop = self.bus.loop
        self._manager = PeerManager(
            myself.identity.node_id, options or PeerOptions(), self.bus.rng, wall=WallClock.of(self._loop)
        )
        self._doors = Doors(
            myself.name,
            self.bus,
            transports,
            self._manager,
            hello=self._presence.hello,
            opened=self._open,
            changed=self._settle,
        )
        mailbox = self.actor_ref._cell.mailbox
        self._finders = Finders(
            myself,
            self._presence,
            self._doors,
            mdns=mdns,
            others=dict(finders or {}),
            found=lambda candidate: mailbox.put(Envelope(FoundPeer(candidate))),
            lost=lambda node_id, source: mailbox.put(Envelope(LostPeer(node_id, source))),
        )
        self._timer: asyncio.TimerHandle | None = None
        #: Connections that have opened so far: of two to one peer the later one counts.
        self._opened = 0
        self._connections: dict[int, Ref[PeerConnection]] = {}
        self._stopping = False

    # Life.

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Listen, look around, dial. Raises ConfigError for a channel whose messages cannot travel."""
        self._presence.check_channels()
        self._set_roles()
        try:
            await self._open_doors()
        except BaseException:
            await self.on_stop()
            raise

    async def _open_doors(self) -> None:
        await self._doors.listen(self._wanted)
        self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated, LinkChanged, LinkDown)
        self._sign()
        await self._finders.start()
        for endpoint in self._persistent:
            verdict = self._manager.levers.add_persistent(endpoint, self._now())
            if not isinstance(verdict, Refuse):
                self._follow(verdict)
            elif verdict.reason == "full":
                raise ConfigError(verdict.text)
        self._dial_due()

    async def on_stop(self) -> None:  # type: ignore[override]  # likewise
        """Close what listens and what is half open; the connections have ended before."""
        self._stopping = self._doors.closing = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(self._doors.aclose(), self._finders.aclose(), return_exceptions=True)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where this node listens, with the real ports."""
        return self._doors.endpoints

    # What it is told.

    @handles(FoundPeer)
    def _found(self, message: FoundPeer) -> None:
        if self._manager.found(message.candidate, self._now()):
            candidate = message.candidate
            log.info("peer found", node=self._myself.name, peer=candidate.node_id, by=candidate.source)
        self._dial_due()

    @handles(LostPeer)
    def _lost(self, message: LostPeer) -> None:
        self._manager.lost(message.node_id, message.source, self._now())

    @handles(ReportPeer)
    def _report(self, report: ReportPeer) -> None:
        log.info("peer misbehaved", node=self._myself.name, peer=report.node_id, reason=report.reason.value)
        self._follow(self._manager.misbehaved(report.node_id, report.reason, self._now()), drain=EVICTED_DRAIN)
        self._dial_due()

    @handles(PeerWasUseful)
    def _was_useful(self, message: PeerWasUseful) -> None:
        self._manager.useful(message.node_id, self._now(), message.times)

    @handles(AdvertisePeers)
    def _advertise(self, request: AdvertisePeers) -> tuple[Advert, ...]:
        return self._manager.advertise(request.to, request.limit, self._now(), request.role)

    @handles(AnnounceMyself)
    def _announce(self, message: AnnounceMyself) -> None:
        self._manager.myself = message.advert

    @handles(*LEVERS, reentrant=True)
    async def _pull(self, lever: Lever) -> LeverResult:
        verdict = pull(self._manager.levers, lever, self._now())
        name = type(lever).__name__
        if isinstance(verdict, Refuse):
            log.info("lever refused", node=self._myself.name, lever=name, reason=verdict.reason, text=verdict.text)
            return LeverResult(False, verdict.reason, verdict.text)
        log.info("lever pulled", node=self._myself.name, lever=name)
        self._follow(verdict, drain=lever.within if isinstance(lever, Drain) else EVICTED_DRAIN)
        self._dial_due()
        return LeverResult(True)

    @handles(Offer)
    def _offer(self, command: Offer) -> None:
        self._presence.offers = command.capabilities
        self._set_roles()
        self._sign()
        self._say_offers()
        self._finders.update()

    @handles(_Renew)
    def _renew(self, _: _Renew) -> None:
        if wall_clock() >= self._presence.record.renew_at:  # else it has been signed anew since
            self._sign()
            self._say_offers()
        self._wait_to_renew()

    def _sign(self) -> None:
        first = self._presence.record.record is None
        self._presence.sign()
        if first:
            self._wait_to_renew()

    def _wait_to_renew(self) -> None:
        self.after(max(self._presence.record.renew_at - wall_clock(), 1.0), _Renew())

    def _say_offers(self) -> None:
        command = self._presence.offer_roles()
        for connection in self._connections.values():
            _command(connection, command)

    @handles(ActorStarted)
    def _actor_started(self, event: ActorStarted) -> None:
        info = self._presence.channel(event.actor)
        if info is not None:
            for connection in self._connections.values():
                _command(connection, OpenChannel(info))

    @handles(ActorTerminated)
    def _actor_terminated(self, event: ActorTerminated) -> None:
        if event.actor in self.bus.channels:
            for connection in self._connections.values():
                _command(connection, CloseChannel(event.actor, "stopped"))

    @handles(LinkChanged)
    def _link_changed(self, event: LinkChanged) -> None:
        if isinstance(event.link, PeerLink):
            self._manager.offers(event.link.peer_id, event.link.offers)

    @handles(LinkDown)
    def _link_down(self, event: LinkDown) -> None:
        # The bus stops one actor after the other; that the first connection ends means that all shall, side by side.
        if self.bus.closing and not self._stopping:
            self._stopping = self._doors.closing = True
            drain = self.bus.shutdown_timeout * SHUTDOWN_SHARE
            for connection in self._connections.values():
                _command(connection, Disconnect("shutting_down", drain=drain))

    @handles(_Ended)
    def _connection_ended(self, ended: _Ended) -> None:
        if self._connections.pop(ended.key, None) is not None:
            event = ended.event
            changes = self._manager.disconnected(event.connection.peer_id, ended.key, event.reason, self._now())
            self._follow(changes)
        self._dial_due()

    # Dialing.

    def _dial_due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopping or self.bus.closing:
            return
        now = self._now()
        self._follow(self._manager.expire(now))
        for dial in self._manager.dials(now):
            self._doors.dial(dial)
        due = self._manager.next_due(now)
        due = min(self._manager.next_expiry(), math.inf if due is None else due)
        if due < math.inf:
            self._timer = self._loop.call_at(due, self._dial_due, context=self.bus.context.copy())

    # Connections.

    def _open(self, greeted: Greeted, key: int) -> None:
        peer_id = greeted.peer.node_id
        changes = self._manager.ready(peer_id, key, self._now())
        me = self.actor_ref
        doom = self._doors.doomed(key)
        self._opened += 1
        order = self._opened
        connection = self.spawn(
            lambda: PeerConnection(
                greeted,
                self._codecs,
                lambda event: me._cell.mailbox.put(Envelope(_Ended(key, event))),
                announce=changes.events,
                listed=doom is None,
                order=order,
                heartbeat=self._heartbeat,
            ),
            name=f"peer-{peer_id[:8]}-{key}",
        )
        self._connections[key] = connection
        log.info(
            "connected",
            node=self._myself.name,
            peer=peer_id,
            name=greeted.peer.name,
            dialed=greeted.dialed,
            remote=str(greeted.stream.remote),
        )
        for news in self._presence.news_since(greeted.own):
            _command(connection, news)
        self._follow(Changes((), changes.close))
        if doom is not None:
            _command(connection, Disconnect(doom, drain=SUPERSEDED_DRAIN))

    def _settle(self, changes: Changes) -> None:
        self._follow(changes)
        self._dial_due()

    def _follow(self, changes: Changes, drain: float = SUPERSEDED_DRAIN) -> None:
        for event in changes.events:
            self.bus.publish(event)
        for close in changes.close:
            assert isinstance(close.key, int)
            connection = self._connections.get(close.key)
            if connection is None:
                self._doors.doom(close.key, close.reason)
            else:
                _command(connection, Disconnect(close.reason, drain=drain))

    # Small things.

    def statistics(self) -> tuple[PeersSnapshot, Mapping[str, ConnectionStatistics], MdnsStatistics | None]:
        """The manager's view, each connection by its actor's name, and mDNS's counters."""
        connections: dict[str, ConnectionStatistics] = {}
        for ref in self._connections.values():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection):
                connections[str(ref._cell)] = actor.statistics()
        return self._manager.snapshot(self._now()), connections, self._finders.statistics()

    def _set_roles(self) -> None:
        self.bus.offer(self._presence.offers)

    def _now(self) -> float:
        return self._loop.time()


def _command(connection: Ref[PeerConnection], command: object) -> None:
    """Tell a connection, unless it is ending by itself: then it has no use for a command, and others still do."""
    with contextlib.suppress(ActorStopped):
        if connection._cell.mailbox.closed is None:
            connection.tell(command)
