"""The router: the actor that owns the table of peers. It publishes the table; no message passes through it.

The data path reads `bus.routes` and puts straight into the destination's mailbox, so nothing waits in the router
and nothing is dropped by it. What changes the table is a message to it, in the order in which it happened; of one link
at most one change waits, as how often there is one is for the peer to say. A send that waits until somebody answers to
its address is a message to it as well: that is a decision over time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast

from .base import NoRoute, ShuttingDown
from .engine import Body, Ending, Ref, handles
from .mailbox import Envelope
from .messages import Address, Capability, GroupAddress, ShutdownStarted
from .routing import AwaitReceivers, ForgetWait, Link, Purpose, RouterHost, Routes, not_sent, reaches

__all__ = [
    "MAX_WAITING",
    "ActorsChanged",
    "LinkChanged",
    "LinkDown",
    "LinkUp",
    "RolesChanged",
    "Router",
    "offer",
    "tell_router",
]

#: Sends that may wait for a peer at one time: each of them is looked at when a peer comes or changes. As many as a
#: mailbox holds, for the same reason: enough for a burst, few enough to mean "now".
MAX_WAITING = 1024


def _nobody() -> None:
    """Nobody waits for the router to look."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A peer's connection can carry messages. It takes the place of an older link to the same peer.

    Of two links to one peer the one with the higher `order` is the newer, whichever is told of first. `announce` are
    facts for subscribers, published once the link is in the table: a subscriber that hears of the peer can send to it.
    """

    link: Link
    announce: tuple[object, ...] = ()
    order: int = 0


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A peer's roles or reactors changed. `taken` is called before the router looks: a later change is another one.

    `announce`: as of `LinkUp`.
    """

    link: Link
    taken: Callable[[], None] = field(default=_nobody, compare=False, repr=False)
    announce: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkDown:
    """A connection ended. Ignored where a newer link to that peer has taken its place."""

    link: Link
    reason: str


@dataclass(frozen=True, slots=True)
class RolesChanged:
    """This node itself offers other roles."""


@dataclass(frozen=True, slots=True)
class ActorsChanged:
    """This node itself has one more actor. It can be sent to, though it may have yet to start."""


class HasRouter(Protocol):
    """A bus."""

    router: Ref[Router]
    #: What this node itself offers, by role.
    roles: Mapping[str, Capability]


def tell_router(bus: HasRouter, message: object) -> None:
    """Tell the router, before all that waits there. From any thread."""
    bus.router._cell.mailbox.put_system(Envelope(message))


def offer(bus: HasRouter, capabilities: Iterable[Capability]) -> None:
    """This node offers these from now on, and no others. On the loop's thread."""
    bus.roles = {capability.role: capability for capability in capabilities}
    tell_router(bus, RolesChanged())


class Router(Body):
    """Owns the links; publishes `Routes`. Knows the sends that wait for a peer.

    Links to processes of this node are in the same table, and no news to those who look at peers.
    """

    ends_in: ClassVar[Ending | None] = Ending.BUS

    def __init__(self) -> None:
        super().__init__()
        self._bus = cast("RouterHost", self._cell.bus)
        self._waiting: dict[asyncio.Future[None], AwaitReceivers] = {}
        self._links: dict[str, Link] = {}
        self._inside: dict[str, Link] = {}
        #: Of each of these links its `LinkUp.order`.
        self._orders: dict[str, int] = {}

    @handles(LinkUp)
    def _up(self, event: LinkUp) -> None:
        peer_id, links = event.link.peer_id, self._table(event.link)
        if peer_id not in links or event.order >= self._orders[peer_id]:
            before = links.get(peer_id)
            links[peer_id], self._orders[peer_id] = event.link, event.order
            if before is not None and before is not event.link:
                event.link.take_over(before)  # before anybody sends by the new one
            self._publish(event)
        for fact in event.announce:
            self._bus.publish(fact)

    @handles(LinkChanged)
    def _changed(self, event: LinkChanged) -> None:
        event.taken()
        if self._table(event.link).get(event.link.peer_id) is event.link:
            self._publish(event)
        for fact in event.announce:
            self._bus.publish(fact)

    @handles(LinkDown)
    def _down(self, event: LinkDown) -> None:
        links = self._table(event.link)
        if links.get(event.link.peer_id) is event.link:
            del links[event.link.peer_id], self._orders[event.link.peer_id]
            self._publish(event)

    def _table(self, link: Link) -> dict[str, Link]:
        return self._inside if link.inside else self._links

    def _publish(self, event: LinkUp | LinkChanged | LinkDown) -> None:
        self._bus.routes = Routes.of(self._links, self._inside)
        self._admit()
        if not event.link.inside:
            self._bus.publish(event)

    @handles(AwaitReceivers)
    def _await(self, wait: AwaitReceivers) -> None:
        if len(self._waiting) >= MAX_WAITING and not wait.there.done():
            sentence = not_sent(wait.to, wait.message)
            text = (
                f"{sentence}: nobody answers to it, and {MAX_WAITING} sends wait for a peer already; await those first"
            )
            wait.there.set_exception(NoRoute(text, message=wait.message))
            return
        self._waiting[wait.there] = wait
        self._bus.receivers_awaited = True
        self._admit()

    @handles(ForgetWait)
    def _forget(self, wait: ForgetWait) -> None:
        self._waiting.pop(wait.there, None)
        self._bus.receivers_awaited = bool(self._waiting)

    @handles(RolesChanged, ActorsChanged)
    def _changed_here(self, _: RolesChanged | ActorsChanged) -> None:
        self._admit()

    def _admit(self) -> None:
        if not self._waiting:
            return
        known: dict[tuple[Address[Any] | GroupAddress[Any], int, type, Purpose], bool] = {}
        for there, wait in tuple(self._waiting.items()):
            key = (wait.to, wait.need, type(wait.message), wait.purpose)
            if key not in known:
                known[key] = reaches(self._bus, wait.to, wait.need, wait.message, wait.purpose)
            if known[key] or there.done():
                del self._waiting[there]
                if not there.done():
                    there.set_result(None)
        self._bus.receivers_awaited = bool(self._waiting)

    def overlooked(self) -> str | None:
        """A send that waits for a receiver that is there; None at every rest. For tests, on the loop's thread."""
        for there, wait in self._waiting.items():
            if there.done() or reaches(self._bus, wait.to, wait.need, wait.message, wait.purpose):
                return f"a send to {wait.to} waits for {wait.need}, who are there"
        return None

    @handles(ShutdownStarted)
    def _shutdown_started(self, _: ShutdownStarted) -> None:
        self.on_stop()

    def on_stop(self) -> None:
        """No peer will come any more."""
        for there, wait in self._waiting.items():
            if not there.done():
                there.set_exception(ShuttingDown(f"{self._bus.name} is shutting down", message=wait.message))
        self._waiting.clear()
        self._bus.receivers_awaited = False
