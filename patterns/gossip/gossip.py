"""Gossip as a reactor: an item that enters at one node comes to every node that offers the role, once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

from ...actors.base import MessageTooLarge, RemoteError, SendError, get_logger, spelled
from ...actors.engine import Here, Timer, handles
from ...actors.messages import LOCAL, Channel, Peer, encoder_at, encoding_of
from ...actors.reactor import Reactor
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ...actors.sends import DELIVERED, FailedOutcome, Outcome
from ...discovery.facts import PEERS_ACTOR, ReportPeer, ScoreReason
from .core import GossipCore
from .messages import BUCKETS, GOSSIP_MESSAGES, ID_SIZE, Digest, GetGossip, GossipView, Have, Prune, Push, Want
from .options import GossipOptions
from .store import HeldItem

__all__ = ["Gossip", "NodeGossip"]

T = TypeVar("T")

log = get_logger("peerbus.patterns")

#: Bytes of a message beside the one item in it.
AROUND = 512
#: Bytes that a channel must carry: a digest.
SMALLEST = BUCKETS * (ID_SIZE + 2) + AROUND
#: Seconds of sending, and of taking items, at a time.
SPAN = 0.0005


@dataclass(frozen=True, slots=True)
class NodeGossip:
    """One gossip: the name of its actor, the role that its members offer, and its own figures."""

    name: str
    role: str
    figures: GossipView


@dataclass(frozen=True, slots=True)
class _Tick:
    """Something is due."""


@spelled
class Gossip(Reactor, Generic[T]):
    """Spreads items of `T` among all nodes that offer `role`, connected or not, as long as members lead to members.

    ```python
    class Mempool(Gossip[Transaction]):
        channel = gossip_channel("mempool", Transaction)
        role = "miner"

        def deliver(self, item: Transaction) -> None: ...
    ```

    `tell(LOCAL / Mempool, item)` lets one enter, as does a tell to any member; an `ask` answers whether it is new.
    `deliver` gets each item once, at each member, that where it entered too; what it raises is logged. Override `valid`
    to refuse items: these go no further. See `GossipOptions` for what is held, and docs/long-work.md.
    Tasks: one for each neighbour that is slow to take messages (waits for room there; feeds: the connection).
    """

    role: ClassVar[str] = ""
    options: ClassVar[GossipOptions] = GossipOptions()
    __items__: ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls) -> None:
        channel = getattr(cls, "channel", None)
        if isinstance(channel, Channel):
            items = [each for each in channel.messages if each not in GOSSIP_MESSAGES]
            if not items or not set(GOSSIP_MESSAGES) <= set(channel.messages):
                raise TypeError(f'{cls.__name__}.channel is made by gossip_channel("{channel.name}", Item)')
            if channel.max_message < SMALLEST:
                text = (
                    f"max_message={channel.max_message} is too small for a gossip, whose digests take {SMALLEST} bytes"
                )
                raise TypeError(f"{cls.__name__}.channel: {text}")
            if not cls.role:
                raise TypeError(f'{cls.__name__} says no role: role = "…", which its members offer')
            cls.__items__ = {each.__name__: each for each in items}
            cast("Any", cls)._enter = handles(*items)(_enter)
        super().__init_subclass__()

    def __init__(self) -> None:
        super().__init__()
        self._encode = encoder_at(Here(self.bus))
        self._name = self.declared_channel().name
        self._largest = self.declared_channel().max_message - AROUND
        self._core = GossipCore(self.options, self.bus.rng, self._largest)
        self._waiting: set[str] = set()
        self._timer: Timer | None = None
        self._timer_at = 0.0
        #: There was more to send than there was time; a tick goes on with it.
        self._unfinished = False

    # For its users.

    def deliver(self, item: T) -> Awaitable[None] | None:
        """An item, for the first time. `def` or `async def`; while it runs this gossip takes no further messages."""
        raise NotImplementedError

    def valid(self, item: T) -> bool:
        """Whether it may go on. One that may not is not delivered, and told to nobody."""
        del item
        return True

    # Its life.

    def on_start(self) -> None:
        """Look who is there, from now on."""
        self.bus.subscribe_actor(self.actor_ref, LinkUp, LinkChanged, LinkDown)
        self.bus.actors.views[str(self)] = self.view
        self._look()

    def view(self) -> NodeGossip:
        """As whoever runs the node sees it. On the loop's thread."""
        return NodeGossip(str(self), self.role, self._core.view(self._now))

    @handles(LinkUp, LinkChanged, LinkDown)
    def _links_changed(self, _event: LinkUp | LinkChanged | LinkDown) -> None:
        self._look()

    def _look(self) -> None:
        links = self.bus.routes.offering(self.role, self._name)
        self._core.members([link.peer_id for link in links], self._now)
        self._flush()

    def _from_peer(self) -> str | None:
        """The peer that has sent the message at hand, which its connection has proven; None for this node."""
        envelope = self._cell.handling()
        return envelope.source if envelope is not None and isinstance(envelope.source, str) else None

    @property
    def _now(self) -> float:
        return self.bus.loop.time()

    # Items.

    async def _entered(self, item: T) -> bool:
        source = self._from_peer() or ""
        kind = type(item)
        payload = encoding_of(kind).encode(item, self._encode)
        if len(payload) > self._largest:
            text = f"{kind.__name__} takes {len(payload)} bytes, the gossip {self._name!r} carries {self._largest}"
            raise MessageTooLarge(text, message=item)
        if not self.valid(item):
            self._core.refused += 1
            raise RemoteError("invalid", f"the gossip {self._name!r} refuses this {kind.__name__}")
        new = self._core.publish(kind.__name__, payload, self._now, source)
        if new:
            self._flush()
            await self._hand_over(item)
        return new

    @handles(Push)
    async def _pushed(self, push: Push) -> None:
        peer = self._from_peer()
        if peer is None:
            return
        # What came together goes on together, before it is handed over here: `deliver` may take as long as it likes.
        new: list[T] = []
        until = self._now + SPAN
        for held in self._core.pushed(peer, push, self._now):
            if self._now >= until:
                await asyncio.sleep(0)
                until = self._now + SPAN
            item = self._read(held)
            if item is None:
                if self._core.refuse(held, self._now):
                    self._report(peer)
            elif self._core.accept(held, self._now):
                new.append(item)
        self._flush()
        for item in new:
            await self._hand_over(item)

    def _read(self, held: HeldItem) -> T | None:
        """The item; None for one that is of no type that is known here, malformed, or not valid."""
        kind = self.__items__.get(held.kind)
        if kind is None or len(held.payload) > self._largest:
            return None
        try:
            item = cast("T", encoding_of(kind).decode(held.payload))
            return item if self.valid(item) else None
        except Exception as error:  # noqa: BLE001  # of bytes that a peer makes up, anything
            log.debug("an item is refused", node=self.bus.name, gossip=self._name, error=str(error))
            return None

    async def _hand_over(self, item: T) -> None:
        try:
            waits = self.deliver(item)
            if inspect.isawaitable(waits):
                await waits
        except Exception:
            log.exception("an item was not handled", node=self.bus.name, gossip=self._name, item=type(item).__name__)

    def _report(self, peer: str) -> None:
        log.warning("a peer gossips what is not valid", node=self.bus.name, gossip=self._name, peer=peer)
        self.bus.tell(LOCAL / PEERS_ACTOR, ReportPeer(peer, ScoreReason.USELESS))

    # What neighbours say.

    @handles(Have)
    def _has(self, have: Have) -> None:
        self._heard(lambda peer: self._core.has(peer, have, self._now))

    @handles(Want)
    def _wants(self, want: Want) -> None:
        self._heard(lambda peer: self._core.wants(peer, want, self._now))

    @handles(Prune)
    def _pruned(self, _: Prune) -> None:
        self._heard(self._core.pruned)

    @handles(Digest)
    def _digested(self, digest: Digest) -> None:
        self._heard(lambda peer: self._core.digested(peer, digest, self._now))

    def _heard(self, take: Callable[[str], None]) -> None:
        peer = self._from_peer()
        if peer is not None:
            take(peer)
            self._flush()

    @handles(GetGossip)
    def _get(self, _: GetGossip) -> GossipView:
        if self._from_peer() is not None:
            raise RemoteError("local", "how a gossip is, its own node asks")
        return self._core.view(self._now)

    @handles(GossipView)
    def _view(self, _: GossipView) -> None:
        """It is an answer."""

    @handles(_Tick)
    def _tick(self, _: _Tick) -> None:
        self._timer = None
        self._unfinished = False
        self._core.tick(self._now)
        self._flush()

    # Sending.

    def _flush(self) -> None:
        """Send what there is to send, to each neighbour as fast as it takes it, and see to what is due next.

        For SPAN at most, then others have their turn: how much there is, neighbours say.
        """
        if not self._unfinished:
            until = self._now + SPAN
            for peer in self._core.in_turn():
                if peer not in self._waiting and not self._serve(peer, until):
                    break
        self._set_timer()

    def _serve(self, peer: str, until: float) -> bool:
        """Send to one neighbour, and go on beside where that has no room. False: the time is over."""
        outcome = self._send_to(peer, until)
        if outcome is not None:
            self._waiting.add(peer)
            self.create_task(self._go_on(peer, outcome))
        return not self._unfinished

    def _set_timer(self) -> None:
        due = self._now if self._unfinished else self._core.due()
        if due is not None and (self._timer is None or due < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self.after(max(0.0, due - self._now), _Tick())

    def _send_to(self, peer: str, until: float) -> Outcome[None] | None:
        """Send to one neighbour until it has all, or the time is over, or it has no room: then what waits for that."""
        while (message := self._core.next_for(peer, self._now)) is not None:
            outcome: Outcome[None] = self.tell(Peer(peer) / self._name, message)
            if isinstance(outcome, FailedOutcome):
                self._core.failed(peer)
                return None
            if outcome is not DELIVERED:
                return outcome
            if self._now >= until:
                self._unfinished = True
                return None
        return None

    async def _go_on(self, peer: str, outcome: Outcome[None]) -> None:
        waits: Outcome[None] | None = outcome
        try:
            while waits is not None:
                await waits
                waits = None if self._unfinished else self._send_to(peer, self._now + SPAN)
        except SendError:
            self._core.failed(peer)
        finally:
            self._waiting.discard(peer)
        if self._unfinished:
            self._set_timer()


async def _enter(self: Gossip[Any], item: Any) -> bool:
    """The handler of a gossip's items, whose types its class says."""
    return await self._entered(item)
