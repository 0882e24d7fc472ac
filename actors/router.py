"""The router: the actor that owns the table of peers. It publishes the table; no message passes through it.

The data path reads `bus.routes` and puts straight into the destination's mailbox, so nothing waits in the router
and nothing is dropped by it. What changes the table is a message to it, in the order in which it happened.
"""

from __future__ import annotations

from dataclasses import dataclass

from .actor import Actor
from .carrier import Link
from .handlers import handles
from .routes import Routes

__all__ = ["LinkChanged", "LinkDown", "LinkUp", "Router"]


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A peer's connection can carry messages. It takes the place of an older link to the same peer.

    Of two links to one peer the one with the higher `order` is the newer, whichever is told of first. `announce` are
    facts for subscribers, published once the link is in the table: who hears of the peer can send to it.
    """

    link: Link
    announce: tuple[object, ...] = ()
    order: int = 0


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A peer's roles or reactors changed."""

    link: Link


@dataclass(frozen=True, slots=True)
class LinkDown:
    """A connection ended. Ignored where a newer link to that peer has taken its place."""

    link: Link
    reason: str


class Router(Actor):
    """Owns the links; publishes `Routes`."""

    def __init__(self) -> None:
        super().__init__()
        self._links: dict[str, Link] = {}
        #: Of each of these links its `LinkUp.order`.
        self._orders: dict[str, int] = {}

    @handles(LinkUp)
    def _up(self, event: LinkUp) -> None:
        peer_id = event.link.peer_id
        if peer_id not in self._links or event.order >= self._orders[peer_id]:
            self._links[peer_id], self._orders[peer_id] = event.link, event.order
            self._publish()
            self.bus.publish(event)
        for fact in event.announce:
            self.bus.publish(fact)

    @handles(LinkChanged)
    def _changed(self, event: LinkChanged) -> None:
        if self._links.get(event.link.peer_id) is event.link:
            self._publish()
            self.bus.publish(event)

    @handles(LinkDown)
    def _down(self, event: LinkDown) -> None:
        if self._links.get(event.link.peer_id) is event.link:
            del self._links[event.link.peer_id], self._orders[event.link.peer_id]
            self._publish()
            self.bus.publish(event)

    def _publish(self) -> None:
        self.bus.routes = Routes.of(self._links)
