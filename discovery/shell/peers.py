"""The peer manager as an actor: it dials, lets in and closes as its mind (`PeerManager`) decides.

Tasks: those of `Dialing` and of the finders. Connections are its children: they end before it does.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from ...actors.actor import Actor
from ...actors.base import get_logger, new_task, wall_clock
from ...actors.engine import Ending, Ref, handles
from ...actors.mailbox import Envelope
from ...actors.messages import ActorStarted, ActorTerminated, Capability, Directive, ShutdownStarted, Supervision
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ...transports.admission import NetworkGate
from ...transports.connection import (
    HEARTBEAT_INTERVAL,
    SHUTTING_DOWN,
    SUPERSEDED,
    CloseChannel,
    Disconnect,
    Greeted,
    OpenChannel,
)
from ...transports.rules import PeerRules
from ...transports.sending import PeerLink
from ...transports.streams import Endpoint, Transport
from ...transports.wire import Codecs
from ..book import BookKeeper
from ..facts import (
    AdvertisePeers,
    AnnounceMyself,
    Changes,
    FoundPeer,
    LostPeer,
    MakeFinder,
    Offer,
    PeerCertified,
    PeerRolesChanged,
    PeerWasUseful,
    Refuse,
    ReportPeer,
    Serve,
)
from ..mind import EVICTED_DRAIN, LEVERS, REMEMBERED, Lever, LeverResult, PeerManager, WallClock, drain_of, pull
from ..peer import PeerOptions
from ..records import Advert, Myself, SelfDescription, nearest_first
from .address_watch import AddressWatch
from .book_writer import BookWriter
from .calendar_watch import LOOK_AT_CLOCK, CalendarWatch
from .connections import Connections
from .dialing import Dialing
from .endings import judge_end
from .finders import Finders, MdnsOptions
from .looks import Looks
from .news import tell_news
from .peers_statistics import PeersStatistics
from .reminders import ConnectionOver, Flush, Moved, Renew

__all__ = ["Peers"]

log = get_logger("peerbus.discovery")

#: Seconds that the book may be behind what is so; bans that the operator makes are written at once.
FLUSH_AFTER = 1.0
#: Why peers say goodbye that leave everybody, and may take long.
LEAVING = frozenset({SHUTTING_DOWN, "draining"})
#: Seconds that a connection which another one replaced may take to finish what is under way.
SUPERSEDED_DRAIN = 5.0


class Peers(Actor):
    """See the module. Everything that changes who is connected is a message to it."""

    ends_in: ClassVar[Ending | None] = Ending.PEERS
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
        seeds: Sequence[Endpoint] = (),
        options: PeerOptions | None = None,
        mdns: MdnsOptions | None = None,
        finders: Mapping[str, MakeFinder] | None = None,
        book: Ref[BookKeeper] | None = None,
        heartbeat: float = HEARTBEAT_INTERVAL,
        gate: NetworkGate | None = None,
        rules: PeerRules | None = None,
        serving: bool = True,
    ) -> None:
        super().__init__()
        self._myself = myself
        self._wanted, self._persistent, self._seeds = tuple(listen), tuple(persistent), tuple(seeds)
        self._loop = self.bus.loop
        mailbox = self.actor_ref._cell.mailbox

        def moved(really: bool = True) -> None:
            mailbox.put(Envelope(Moved(really)))

        self._watch = AddressWatch(myself.name, self._loop, self.bus.context, moved)
        here = self._watch.here
        rules, options, wall = rules or PeerRules(), options or PeerOptions(), WallClock.of(self._loop)
        self._description = SelfDescription(
            myself, self.bus, codecs, tuple(offers), lambda: self.endpoints, here, rules, serving=serving
        )
        self._manager = PeerManager(myself.identity.node_id, options, self.bus.rng, wall=wall, rules=rules)
        self.mind: PeerManager = self._manager
        self._calendar = CalendarWatch(myself.name, self._manager)
        self._book = BookWriter(self, book, self._manager.bookkeeping(myself.network))
        #: A `Flush` is on its way.
        self._flushing = False
        self.dialing: Dialing = Dialing(
            myself.name,
            self.bus,
            transports,
            self._manager,
            hello=self._description.hello,
            here=here,
            rules=rules,
            opened=self._open,
            changed=self._settle,
            moved=moved,
            gate=gate,
        )
        self._connections = Connections(self, codecs, heartbeat=heartbeat, rules=rules, memory=options.peer_memory)
        self.connections: Connections = self._connections
        self.finders: Finders = Finders(
            myself,
            self._description,
            self.dialing,
            here=here,
            mdns=mdns,
            others=dict(finders or {}),
            transports=transports,
            found=lambda candidate: mailbox.put(Envelope(FoundPeer(candidate))),
            lost=lambda node_id, source: mailbox.put(Envelope(LostPeer(node_id, source))),
        )
        self._looks = Looks(self._loop, self.bus.context, self._dial_due)
        self._stopping = False
        #: The end of all that finds peers and lets them in, once it has begun.
        self._withdrawal: asyncio.Task[None] | None = None

    # Life.

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
        """Listen, look around, dial. Raises ConfigError for a channel whose messages cannot travel."""
        self._description.check_channels()
        self.bus.offer(self._description.offers)
        try:
            await self._listen()
        except BaseException:
            await self.on_stop()
            raise

    async def _listen(self) -> None:
        self._description.record.go_on_after(await self._book.restore(self._now()))
        await self.dialing.listen(self._wanted)
        links = LinkUp, LinkChanged, LinkDown, PeerCertified
        self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated, *links)
        if self.finders.multicast or any(endpoint.direct for endpoint in self.endpoints):
            self._watch.start()
        self._sign()
        await self.finders.start()
        self._follow(self._manager.levers.begin(self._persistent, self._seeds, self._now()))
        self._dial_due()

    @handles(ShutdownStarted)
    def _shutdown_started(self, _: ShutdownStarted) -> None:
        self._withdraw()  # nobody new; connections hear of it themselves, and stay until the work at hand is done

    def _withdraw(self) -> asyncio.Task[None]:
        """Dial, listen and advertise no more."""
        if self._withdrawal is None:
            self._stopping = self.dialing.closing = True
            self._watch.close()
            self._looks.end()
            name = f"peerbus {self._myself.name} withdraws"
            self._withdrawal = new_task(
                self._stop_dialing(), loop=self._loop, name=name, context=self.bus.context.copy()
            )
        return self._withdrawal

    async def _stop_dialing(self) -> None:
        await asyncio.gather(self.dialing.shut(), self.finders.aclose(), return_exceptions=True)

    async def on_stop(self) -> None:  # type: ignore[override]  # likewise
        """End what is half open, and leave what the book is to know; the connections have ended before."""
        await self._withdraw()
        await self.dialing.aclose()
        self._book.leave(self._now())

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where this node listens, with the real ports."""
        return self.dialing.endpoints

    # What it is told.

    @handles(FoundPeer)
    def _found(self, message: FoundPeer) -> None:
        said = message.candidate
        endpoints = filter(self.dialing.serves, said.endpoints)
        found = replace(said, endpoints=nearest_first(endpoints, self._watch.addresses))
        if self._manager.found(found, self._now()):
            who = found.node_id or ", ".join(map(str, found.endpoints))
            log.info("peer found", node=self._myself.name, peer=who, by=found.source)
        self._looks.found()

    @handles(LostPeer)
    def _lost(self, message: LostPeer) -> None:
        self._manager.lost(message.node_id, message.source, self._now())

    @handles(ReportPeer)
    def _report(self, report: ReportPeer) -> None:
        log.info("peer misbehaved", node=self._myself.name, peer=report.node_id, reason=report.reason.value)
        self._follow(self._manager.misbehaved(report.node_id, report.reason, self._now()), drain=EVICTED_DRAIN)
        self._dial_due()

    @handles(PeerWasUseful)
    def _was_useful(self, said: PeerWasUseful) -> None:
        self._manager.useful(said.node_id, self._now(), said.times)

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
        self._follow(verdict, drain=drain_of(lever))
        self._dial_due()
        if isinstance(lever, REMEMBERED) and (error := await self._book.save(self._now())):
            return LeverResult(True, "not_saved", f"it holds until this node stops, as the book has it not: {error}")
        return LeverResult(True)

    # The book.

    @handles(Flush, reentrant=True)
    async def _flush(self, _: Flush) -> None:
        self._flushing = False
        await self._book.save(self._now())

    @handles(Serve)
    def _serve(self, _: Serve) -> None:
        self._description.serving = True
        self._connections.tell_all(self._description.offer_roles())

    @handles(Offer)
    def _offer(self, command: Offer) -> None:
        self._description.offers = command.capabilities
        offers = tuple(map(str, command.capabilities))
        tell_news(self.bus, self._myself.name, PeerRolesChanged(self._myself.identity.node_id, offers))
        self.bus.offer(self._description.offers)
        self._sign_anew()
        self.finders.update()

    @handles(Moved)
    def _moved(self, message: Moved) -> None:
        if message.really:
            self._sign_anew()
        self.finders.follow(changed=message.really)

    @handles(Renew)
    def _renew(self, _: Renew) -> None:
        # Before that time it has been signed anew since.
        if self._calendar.was_set(self._now()) or wall_clock() >= self._description.record.renew_at:
            self._sign_anew()
        self._wait_to_renew()

    def _sign(self) -> None:
        first = self._description.record.record is None
        self._book.signed(self._description.sign())
        if first:
            self._wait_to_renew()

    def _wait_to_renew(self) -> None:
        self.after(min(max(self._description.record.renew_at - wall_clock(), 1.0), LOOK_AT_CLOCK), Renew())

    def _sign_anew(self) -> None:
        self._sign()
        self._connections.tell_all(self._description.offer_roles())

    @handles(ActorStarted)
    def _actor_started(self, event: ActorStarted) -> None:
        info = self._description.channel(event.actor)
        if info is not None:
            self._connections.tell_all(OpenChannel(info))

    @handles(ActorTerminated)
    def _actor_terminated(self, event: ActorTerminated) -> None:
        if event.actor in self.bus.channels and not self.bus.closing:  # else peers know that all of them end
            self._connections.tell_all(CloseChannel(event.actor, "stopped"))

    @handles(LinkUp, LinkChanged, PeerCertified)
    def _link_changed(self, event: LinkUp | LinkChanged | PeerCertified) -> None:
        if isinstance(event, PeerCertified):
            self._connections.judge_anew()
        elif isinstance(event.link, PeerLink):
            understood = event.link.lanes.understood
            if self._manager.offers(event.link.peer_id, event.link.offers, understood=understood):
                tell_news(self.bus, self._myself.name, PeerRolesChanged(event.link.peer_id, event.link.offers))
            self._dial_due()

    @handles(LinkDown)
    def _link_down(self, event: LinkDown) -> None:
        # Its connection may go on for long; those that count on the peer are to know now.
        if event.reason in LEAVING and not self.bus.closing:
            self._settle(self._manager.leaving(event.link.peer_id, f"peer_{event.reason}", self._now()))

    @handles(ConnectionOver)
    def _connection_ended(self, ended: ConnectionOver) -> None:
        if self._connections.forget(ended.key):
            event = ended.event
            changes = self._manager.disconnected(event.peer_id, ended.key, event.reason, self._now())
            self._follow(changes)
            self._follow(judge_end(self._myself.name, self._manager, event, changes, self._now()), drain=EVICTED_DRAIN)
        self._dial_due()

    # Dialing.

    def _dial_due(self) -> None:
        self._looks.begun()
        if self._stopping or self.bus.closing:
            return
        if self._book.kept and not self._flushing:
            self._flushing = True
            self.after(FLUSH_AFTER, Flush())
        now = self._now()
        self._follow(self._manager.expire(now))
        for dial in self._manager.dials(now):
            self.dialing.dial(dial)
        for news in self._manager.review(now):
            tell_news(self.bus, self._myself.name, news)
        next_dial = self._manager.next_due(now)
        self._looks.at(min(self._manager.next_expiry(), math.inf if next_dial is None else next_dial))

    # Connections.

    def _open(self, greeted: Greeted, key: int) -> None:
        peer_id = greeted.peer.node_id
        changes = self._manager.ready(peer_id, key, self._now())
        doom = self.dialing.doomed(key)
        self._connections.open(greeted, key, announce=changes.events, listed=doom is None)
        name, dialed, remote = greeted.peer.name, greeted.dialed, str(greeted.stream.remote)
        log.info("connected", node=self._myself.name, peer=peer_id, name=name, dialed=dialed, remote=remote)
        for news in self._description.news_since(greeted.own):
            self._connections.tell(key, news)
        for close in changes.close:  # whoever leaves for a newcomer that is here does not keep the next one waiting
            self._follow(Changes((), (close,)), SUPERSEDED_DRAIN if close.reason == SUPERSEDED else EVICTED_DRAIN)
        if doom is not None:
            self._connections.tell(key, Disconnect(doom, drain=SUPERSEDED_DRAIN))

    def _settle(self, changes: Changes) -> None:
        self._follow(changes)
        self._dial_due()

    def _follow(self, changes: Changes, drain: float = SUPERSEDED_DRAIN) -> None:
        for event in changes.events:
            self.bus.publish(event)
        for close in changes.close:
            assert isinstance(close.key, int)
            if not self._connections.tell(close.key, Disconnect(close.reason, drain=drain)):
                self.dialing.doom(close.key, close.reason)

    # Small things.

    def statistics(self, limit: int | None = None) -> PeersStatistics:
        """What goes on; of peers and of connections, which are theirs, at most `limit` are listed."""
        picture = self._manager.snapshot(self._now(), limit)
        connections = self._connections
        among = None if limit is None else {peer.node_id for peer in picture.peers}
        listed, totals, credit = connections.statistics(limit, among=among), connections.totals(), connections.credit()
        return PeersStatistics(picture, listed, totals, credit, self.finders.statistics(), self._book.view)

    def _now(self) -> float:
        return self._loop.time()
