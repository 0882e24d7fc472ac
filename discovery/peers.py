"""The peer manager as an actor: it dials, listens and greets as its mind (`PeerManager`) decides.

Tasks: one for each listener (waits for: streams; feeds: greetings), one for each greeting and each dial (waits for:
the other side; feeds: a new connection actor), and those of the finders. Connections are its children: they end before
it does.
"""

# One file, long: listening, dialing, greeting and ending share one table of connections, which has one owner.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..actors.actor import Actor
from ..actors.capability import Capability
from ..actors.clock import wall_clock
from ..actors.envelope import Envelope
from ..actors.errors import (
    ActorStopped,
    ConfigError,
    DialFailed,
    HandshakeFailed,
    ProtocolError,
    StreamBroken,
    StreamClosed,
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
    OfferRoles,
    OpenChannel,
    PeerConnection,
)
from ..transports.endpoint import Endpoint
from ..transports.greeting import Greeted, greet
from ..transports.hello import ChannelInfo, Hello
from ..transports.identity import Identity
from ..transports.link import PeerLink
from ..transports.transport import MAX_PENDING_HANDSHAKES, Listener, Stream, Transport
from .advert import Advert
from .commands import Accept, Attempt, Changes, Dial
from .finder import Finder, MakeFinder
from .manager import PeerManager
from .mdns import Mdns, MdnsStatistics
from .messages import (
    AdvertisePeers,
    AnnounceMyself,
    ClosePeer,
    DialPeer,
    FoundPeer,
    LostPeer,
    Offer,
    PeerWasUseful,
    ReportPeer,
)
from .options import PeerOptions
from .own_endpoints import WILDCARDS, own_endpoints
from .own_record import OwnRecord
from .snapshot import PeersSnapshot
from .wall import WallClock

__all__ = ["MdnsOptions", "Myself", "Peers"]

log = get_logger("peerbus.discovery")

#: Seconds that a dial may take until it has a stream, TLS included.
DIAL_TIMEOUT = 5.0
#: Seconds that a connection which another one replaced may take to finish what is under way.
SUPERSEDED_DRAIN = 5.0
#: The same for a peer that is parted with.
EVICTED_DRAIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Myself:
    """What this node says of itself in every handshake. `incarnation` is drawn anew at each start.

    `private`: peers are to tell nobody of it. `advertise`: where it can be reached, in place of where it listens.
    """

    identity: Identity
    network: str
    name: str
    agent: str
    incarnation: int
    private: bool = False
    advertise: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MdnsOptions:
    """Where to look for peers by multicast DNS: IP addresses or names of interfaces, None for all."""

    interfaces: tuple[str, ...] | None = None


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
        self._transports = {scheme: transport for transport in transports for scheme in transport.schemes}
        self._codecs = codecs
        self._wanted = tuple(listen)
        self._offers = tuple(offers)
        self._persistent = tuple(persistent)
        self._mdns_options = mdns
        self._make_finders = dict(finders or {})
        self._heartbeat = heartbeat
        self._record = OwnRecord(myself.identity, myself.network, self.bus.rng, private=myself.private)
        self._loop = self.bus.loop
        self._manager = PeerManager(
            myself.identity.node_id, options or PeerOptions(), self.bus.rng, wall=WallClock.of(self._loop)
        )
        self._listeners: list[Listener] = []
        self._mdns: Mdns | None = None
        #: Whatever else finds peers, by the source that it names.
        self._finders: dict[str, Finder] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._greetings = 0
        self._timer: asyncio.TimerHandle | None = None
        self._keys = 0
        #: Connections that have opened so far: of two to one peer the later one counts.
        self._opened = 0
        self._connections: dict[int, Ref[PeerConnection]] = {}
        #: Handshakes under way; a reason: their connection shall end as soon as it is open.
        self._pending: dict[int, str | None] = {}
        #: Channels of reactors started later whose messages cannot travel.
        self._local: set[str] = set()
        self._stopping = False

    # Life.

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Listen, look around, dial. Raises ConfigError for a channel whose messages cannot travel."""
        self._check_channels()
        self._set_roles()
        try:
            await self._open_doors()
        except BaseException:
            await self.on_stop()
            raise

    def _check_channels(self) -> None:
        for name in self.bus.channels:
            try:
                self._codecs.get(name)
            except TypeError as error:
                raise ConfigError(str(error)) from error

    async def _open_doors(self) -> None:
        for endpoint in self._wanted:
            listener = await self._transport(endpoint).listen(endpoint, on_refused=self._refused)
            self._listeners.append(listener)
            log.info("listening", node=self._myself.name, endpoint=str(listener.endpoint))
            self._run(self._accept(listener), f"accept {listener.endpoint}")
        self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated, LinkChanged, LinkDown)
        self._sign()
        await self._start_mdns()
        for source, make in self._make_finders.items():
            await self._start_finder(source, make)
        for endpoint in self._persistent:
            self._manager.add_persistent(endpoint, self._now())
        self._dial_due()

    async def _start_mdns(self) -> None:
        options = self._mdns_options
        if options is None:
            return
        port = next((e.port for e in self.endpoints if e.scheme == "tcp" and e.port), None)
        if port is None:
            log.warning(
                "mdns needs a tcp endpoint to advertise", node=self._myself.name, still_works="configured peers"
            )
            return
        me = self.actor_ref
        self._mdns = Mdns(
            self._myself.identity.node_id,
            self._myself.network,
            port=port,
            roles=[offer.role for offer in self._offers],
            interfaces=options.interfaces,
            on_found=lambda candidate: me._cell.mailbox.put(Envelope(FoundPeer(candidate))),
            on_lost=lambda node_id: me._cell.mailbox.put(Envelope(LostPeer(node_id, "mdns"))),
        )
        await self._mdns.start()

    async def _start_finder(self, source: str, make: MakeFinder) -> None:
        me = self.actor_ref
        finder = self._finders[source] = make(
            self._myself.identity.node_id,
            self._myself.network,
            endpoints=self.endpoints,
            roles=[offer.role for offer in self._offers],
            on_found=lambda candidate: me._cell.mailbox.put(Envelope(FoundPeer(candidate))),
            on_lost=lambda node_id: me._cell.mailbox.put(Envelope(LostPeer(node_id, source))),
        )
        await finder.start()

    async def on_stop(self) -> None:  # type: ignore[override]  # likewise
        """Close what listens and what is half open; the connections have ended before."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        closing = [listener.aclose() for listener in self._listeners]
        if self._mdns is not None:
            closing.append(self._mdns.aclose())
        closing.extend(finder.aclose() for finder in self._finders.values())
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*closing, *tasks, return_exceptions=True)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where this node listens, with the real ports."""
        return tuple(listener.endpoint for listener in self._listeners)

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

    @handles(DialPeer)
    def _dial_peer(self, command: DialPeer) -> None:
        self._manager.add_persistent(command.endpoint, self._now())
        self._dial_due()

    @handles(ClosePeer)
    def _close_peer(self, command: ClosePeer) -> None:
        self._follow(self._manager.evict(command.node_id, command.reason, self._now()), drain=EVICTED_DRAIN)

    @handles(Offer)
    def _offer(self, command: Offer) -> None:
        self._offers = command.capabilities
        self._set_roles()
        self._sign()
        self._say_offers()
        if self._mdns is not None:
            self._run(self._mdns.update([offer.role for offer in self._offers]), "mdns update")
        for source, finder in self._finders.items():
            self._run(finder.update([offer.role for offer in self._offers]), f"{source} update")

    @handles(_Renew)
    def _renew(self, _: _Renew) -> None:
        if wall_clock() >= self._record.renew_at:  # else it has been signed anew since
            self._sign()
            self._say_offers()
        self._wait_to_renew()

    def _sign(self) -> None:
        first = self._record.record is None
        self._record.sign(own_endpoints(self.endpoints, self._myself.advertise), self._offers, wall_clock())
        if first:
            self._wait_to_renew()

    def _wait_to_renew(self) -> None:
        self.after(max(self._record.renew_at - wall_clock(), 1.0), _Renew())

    def _say_offers(self) -> None:
        command = OfferRoles(tuple(str(offer) for offer in self._offers), self._record.data)
        for connection in self._connections.values():
            _command(connection, command)

    @handles(ActorStarted)
    def _actor_started(self, event: ActorStarted) -> None:
        info = self._channel(event.actor)
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
            self._stopping = True
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
        for dial in self._manager.dials(now):
            self._run(self._dial(dial), f"dial {dial.endpoint}")
        due = self._manager.next_due(now)
        if due is not None:
            self._timer = self._loop.call_at(due, self._dial_due, context=self.bus.context.copy())

    async def _dial(self, dial: Dial) -> None:
        judged = _Judged()
        try:
            transport = self._transport(dial.endpoint)
            stream = await transport.dial(dial.endpoint, expect=dial.node_id, timeout=DIAL_TIMEOUT)
            await self._greet(stream, judged, dial)
        except (DialFailed, HandshakeFailed, ProtocolError, StreamBroken, StreamClosed, ValueError) as error:
            reason = getattr(error, "reason", "unreachable")
            by_peer = isinstance(error, HandshakeFailed) and error.by_peer
            log.info(
                "dial failed", node=self._myself.name, endpoint=str(dial.endpoint), reason=reason, error=str(error)
            )
            if not judged.done:
                self._manager.dial_failed(dial, reason, self._now(), by_peer=by_peer)
        except BaseException:
            if not judged.done:
                self._manager.dial_failed(dial, "cancelled", self._now())
            raise
        finally:
            self._dial_due()

    # Accepting.

    async def _accept(self, listener: Listener) -> None:
        while True:
            try:
                stream = await listener.accept()
            except StreamClosed:
                return
            if self._greetings >= MAX_PENDING_HANDSHAKES:
                log.warning("too many handshakes at once, refused", node=self._myself.name, remote=str(stream.remote))
                stream.abort()
                continue
            self._run(self._welcome(stream), f"greet {stream.remote}")

    async def _welcome(self, stream: Stream) -> None:
        self._greetings += 1
        try:
            await self._greet(stream, _Judged(), None)
        except (HandshakeFailed, ProtocolError, StreamBroken, StreamClosed) as error:
            self._refused(stream.remote, error)
        finally:
            self._greetings -= 1
            self._dial_due()  # one that was let in and broke off may be wanted

    def _refused(self, remote: Endpoint | None, error: Exception) -> None:
        log.info(
            "connection refused",
            node=self._myself.name,
            remote=None if remote is None else str(remote),
            reason=getattr(error, "reason", type(error).__name__),
            error=str(error),
        )

    # Greeting, either way.

    async def _greet(self, stream: Stream, judged: _Judged, dial: Dial | None) -> None:
        self._keys += 1
        key = self._keys
        self._pending[key] = None

        def judge(peer: Hello) -> tuple[str, str] | None:
            if self._stopping or self.bus.closing:
                return "shutting_down", f"{self._myself.name} is shutting down"
            judged.done = True
            host = stream.remote.host or None
            attempt = Attempt(peer.node_id, peer.incarnation, key, dial, peer.offers, host)
            verdict = self._manager.authenticated(attempt, self._now())
            if isinstance(verdict, Accept):
                judged.accepted = peer.node_id
                return None
            return verdict.reason, verdict.text

        try:
            greeted = await greet(
                stream,
                self._hello(),
                judge,
                dialed=dial is not None,
                expected_id=None if dial is None else dial.node_id,
            )
            self._open(greeted, key)
        except BaseException as error:
            stream.abort()
            if judged.accepted is not None:
                reason = getattr(error, "reason", "broken")
                self._follow(self._manager.disconnected(judged.accepted, key, reason, self._now()))
            raise
        finally:
            self._pending.pop(key, None)

    def _open(self, greeted: Greeted, key: int) -> None:
        peer_id = greeted.peer.node_id
        changes = self._manager.ready(peer_id, key, self._now())
        me = self.actor_ref
        doom = self._pending[key]
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
        self._catch_up(connection, greeted.own)
        self._follow(Changes((), changes.close))
        if doom is not None:
            _command(connection, Disconnect(doom, drain=SUPERSEDED_DRAIN))

    def _catch_up(self, connection: Ref[PeerConnection], said: Hello) -> None:
        """Tell a new connection what has changed since its HELLO was made."""
        before = {channel.name for channel in said.channels}
        now = {channel.name: channel for channel in self._channels()}
        for name in sorted(before - now.keys()):
            _command(connection, CloseChannel(name, "stopped"))
        for name in sorted(now.keys() - before):
            _command(connection, OpenChannel(now[name]))
        offers = tuple(str(offer) for offer in self._offers)
        if offers != said.offers or self._record.data != said.record:
            _command(connection, OfferRoles(offers, self._record.data))

    def _follow(self, changes: Changes, drain: float = SUPERSEDED_DRAIN) -> None:
        for event in changes.events:
            self.bus.publish(event)
        for close in changes.close:
            assert isinstance(close.key, int)
            connection = self._connections.get(close.key)
            if connection is None:
                if close.key in self._pending:
                    self._pending[close.key] = close.reason
            else:
                _command(connection, Disconnect(close.reason, drain=drain))

    def _hello(self) -> Hello:
        me = self._myself
        return Hello(
            node_id=me.identity.node_id,
            network=me.network,
            name=me.name,
            incarnation=me.incarnation,
            listen=tuple(str(e.without_peer()) for e in self.endpoints if e.host not in WILDCARDS)[:8],
            offers=tuple(str(offer) for offer in self._offers),
            channels=tuple(self._channels()),
            agent=me.agent,
            nonce=self.bus.rng.randbytes(16),
            record=self._record.data,
        )

    def _channels(self) -> list[ChannelInfo]:
        found = (self._channel(name) for name in sorted(self.bus.channels))
        return [info for info in found if info is not None]

    def _channel(self, name: str) -> ChannelInfo | None:
        cell = self.bus.cell(name)
        if cell is None or cell.actor_class.__channel__ is None:
            return None
        try:
            codec = self._codecs.get(name)
        except TypeError as error:
            if name not in self._local:
                self._local.add(name)
                log.error("a channel stays on this node", node=self._myself.name, channel=name, why=str(error))
            return None
        return None if codec is None else codec.info

    # Small things.

    def statistics(self) -> tuple[PeersSnapshot, Mapping[str, ConnectionStatistics], MdnsStatistics | None]:
        """The manager's view, each connection by its actor's name, and mDNS's counters."""
        connections: dict[str, ConnectionStatistics] = {}
        for ref in self._connections.values():
            actor = ref._cell.actor
            if isinstance(actor, PeerConnection):
                connections[str(ref._cell)] = actor.statistics()
        return self._manager.snapshot(self._now()), connections, None if self._mdns is None else self._mdns.statistics()

    def _transport(self, endpoint: Endpoint) -> Transport:
        transport = self._transports.get(endpoint.scheme)
        if transport is None:
            raise DialFailed(f"no transport for {endpoint}: this node has {', '.join(sorted(self._transports))}")
        return transport

    def _set_roles(self) -> None:
        self.bus.offer(self._offers)

    def _now(self) -> float:
        return self._loop.time()

    def _run(self, work: Coroutine[object, object, None], name: str) -> None:
        task = self._loop.create_task(work, name=f"peerbus {name}", context=self.bus.context.copy())
        self._tasks[task] = None
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task failed", node=self._myself.name, task=task.get_name(), exc_info=error)


def _command(connection: Ref[PeerConnection], command: object) -> None:
    """Tell a connection, unless it is ending by itself: then it has no use for a command, and others still do."""
    with contextlib.suppress(ActorStopped):
        if connection._cell.mailbox.closed is None:
            connection.tell(command)


class _Judged:
    """What became of one attempt: whether the manager was asked, and whom it accepted."""

    def __init__(self) -> None:
        self.done = False
        self.accepted: str | None = None
