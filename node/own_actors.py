"""The actors that make a node of a bus: the keeper of its book, the peer manager, and the exchange of peers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..actors.base import ConfigError
from ..actors.bus import Bus
from ..actors.engine import Ref
from ..discovery.book import BOOK_ACTOR, Book, BookKeeper, keeper_of
from ..discovery.facts import PEERS_ACTOR, Serve
from ..discovery.pex import PeerExchange, PexStatistics
from ..discovery.shell import Peers

__all__ = ["OwnActors", "declare_channels_of"]


class OwnActors:
    """Those of one node; none of them before it starts."""

    __slots__ = ("_exchange", "peers", "serving")

    def __init__(self) -> None:
        #: The peer manager's.
        self.peers: Ref[Peers] | None = None
        self._exchange: Ref[PeerExchange] | None = None
        #: The node's reactors run.
        self.serving = False

    async def start(
        self,
        bus: Bus,
        book: Book,
        make_peers: Callable[[Ref[BookKeeper]], Peers],
        make_exchange: Callable[[], PeerExchange] | None,
    ) -> None:
        """Start them before the reactors. Raises what starting them raises."""
        # The book opens before the peer manager starts and closes after it stops.
        keeper = bus.spawn(keeper_of(book), book, name=BOOK_ACTOR)
        await bus.started(keeper)
        # The peer manager starts before the reactors, so that it stops after them; it tells peers of each.
        self.peers = bus.spawn(make_peers, keeper, name=PEERS_ACTOR)
        await bus.started(self.peers)
        if make_exchange is not None:
            self._exchange = bus.spawn(make_exchange)
            await bus.started(self._exchange)

    def serve(self, node: str) -> None:
        """The node's reactors run: peers are told what it offers. Raises ConfigError where that node does not run."""
        self.serving = True
        self.running(node).tell(Serve())

    def running(self, node: str) -> Ref[Peers]:
        """The peer manager's. Raises ConfigError where that node does not run yet."""
        if self.peers is None:
            raise ConfigError(f"{node} does not run yet")
        return self.peers

    @property
    def manager(self) -> Peers | None:
        """The peer manager itself, while it runs."""
        actor = None if self.peers is None else self.peers._cell.actor
        return actor if isinstance(actor, Peers) else None

    def exchanged(self) -> PexStatistics | None:
        """What the exchange of peers has done; None without one."""
        actor = None if self._exchange is None else self._exchange._cell.actor
        return actor.statistics() if isinstance(actor, PeerExchange) else None


def declare_channels_of(bus: Bus, factories: Iterable[Callable[[], object]]) -> None:
    """Have the bus know the channels of reactors before they start. Raises ValueError as `Bus.declare`."""
    for factory in factories:
        channel = getattr(factory, "__channel__", None)
        if channel is not None:
            bus.declare(channel)
