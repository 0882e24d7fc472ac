"""What `Bus.statistics()` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .actor_table import ActorTable
from .engine import HistogramView, Timings
from .mailbox import Books, DeadLetters, Ledger, MailboxStatistics
from .pool_view import PoolView

__all__ = ["BusStatistics", "ChannelLoad", "HasBooks", "ledger_of", "statistics_of"]


@dataclass(frozen=True, slots=True)
class ChannelLoad:
    """What lies in the mailboxes of the actors of one channel, and the senders that wait for room there."""

    actors: int
    queued: int
    queued_bytes: int
    waiting: int


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """The bus at one instant. Each mailbox keeps its own ledger; `failed` counts sends that found no mailbox."""

    #: Those that were asked for, the oldest first; `channels` counts all.
    actors: dict[str, MailboxStatistics]
    failed: dict[str, int]
    dead_letters: dict[str, int]
    #: What became of every send, by channel; also to actors and peers that are gone.
    ledger: Ledger
    #: The mailboxes of actors that run, by channel; those without one under "-".
    channels: dict[str, ChannelLoad]
    #: Actors that were made anew since the start.
    restarts: int
    #: How long handlers took, by channel: of one message in 61, with those of its turn.
    handling: dict[str, HistogramView]
    #: How long messages stayed in mailboxes, by channel, of one in 61.
    staying: dict[str, HistogramView]
    #: How long asks lasted, by side (`local` or `remote`) and channel, of one in 61.
    asks: dict[str, dict[str, HistogramView]]
    #: Pools, by name.
    pools: tuple[PoolView, ...] = ()

    @property
    def running(self) -> int:
        """Actors that run."""
        return sum(load.actors for load in self.channels.values())


class HasBooks(Protocol):
    """A bus, as far as it counts."""

    actors: ActorTable
    books: Books
    dead_letters: DeadLetters
    timings: Timings


def statistics_of(bus: HasBooks, actors: int | None = None) -> BusStatistics:
    """Counters and levels at this instant; `mailboxes`: of how many actors at most they are listed, None: of all.

    On the loop's thread. Sums take some 0.3 µs an actor, and each mailbox that is listed 10 µs.
    """
    letters, sums = bus.dead_letters, bus.actors.sums()
    return BusStatistics(
        bus.actors.statistics(actors),
        letters.failed,
        letters.counts,
        bus.books.ledger(sums),
        {name: ChannelLoad(each.actors, each.queued, each.bytes, each.pending) for name, each in sums.items()},
        bus.actors.restarts,
        bus.timings.handling(),
        bus.timings.staying(),
        bus.timings.asks(),
        bus.actors.pool_views(),
    )


def ledger_of(bus: HasBooks) -> Ledger:
    """What became of every send since the bus started, by channel. On the loop's thread, or when it has stopped."""
    return bus.books.ledger(bus.actors.sums())
