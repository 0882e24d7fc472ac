"""The reactors of a miner: the gossip, which brings each transaction once, and the pool, which holds them."""

from __future__ import annotations

from peerbus.actors import LOCAL, Channel, Reactor, handles
from peerbus.patterns import Gossip, GossipOptions, gossip_channel

from .messages import Best, Entered, Transaction
from .pool import Pool

#: The role that miners offer.
MINER = "miner"


class Mempool(Gossip[Transaction]):
    """A transaction enters by `tell` or `ask`, at this node or from a peer that is no miner."""

    channel = gossip_channel("mempool", Transaction, priority=3, max_message=65_536)
    role = MINER
    options = GossipOptions(keep=10_000, keep_for=600)

    def valid(self, item: Transaction) -> bool:
        """One that is not goes no further, and a member that brings many of them is not listened to."""
        return item.valid()

    async def deliver(self, item: Transaction) -> None:
        """Once for each transaction. A pool that is slow slows the gossip down, and that its neighbours, by credit."""
        await self.tell(LOCAL / Held, item)


class Held(Reactor):
    """The pool of this node. Its channel is local: what no gossip has checked, nobody can put in here."""

    channel = Channel("held", messages=(Transaction, Best), local=True)

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        self._pool = Pool(most)

    @handles(Transaction)
    def add(self, transaction: Transaction) -> None:
        if self._pool.add(transaction):
            self.bus.publish(Entered(transaction, len(self._pool)))

    @handles(Best)
    def best(self, wanted: Best) -> list[Transaction]:
        return self._pool.best(wanted.most)
