"""What the peer manager's actor says of itself, of its connections, and of those that have ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...transports.compression import CompressedBytes
from ...transports.connection import ConnectionStatistics
from ..mdns import MdnsStatistics
from ..mind import PeersSnapshot

__all__ = ["BookView", "CarrierTotals", "ConnectionTotals", "CreditLeft", "NarrowPath", "PeersStatistics"]


@dataclass(frozen=True, slots=True)
class CarrierTotals:
    """The connections of one carrier since the node started: `opened` by `dialed` or `accepted`, `ended` by reason.

    The bytes are those of all of them, of those that have ended too.
    """

    opened: Mapping[str, int]
    ended: Mapping[str, int]
    received: int
    sent: int

    @property
    def open(self) -> int:
        """How many there are now."""
        return sum(self.opened.values()) - sum(self.ended.values())


@dataclass(frozen=True, slots=True)
class NarrowPath:
    """Connections to that peer have ended so often on a path that looked as if it dropped large packets.

    `remote`: where the last of them was; `last`: seconds since 1970.
    """

    peer_id: str
    remote: str
    times: int
    last: float


@dataclass(frozen=True, slots=True)
class ConnectionTotals:
    """Connections since the node started: counts never fall when one ends.

    `opened`: by `dialed` or `accepted`; `ended`: by reason, of which many are `other`; `carried`: by the scheme of the
    endpoint (`tcp`, `unix`, …). `narrow`: the peers whose path looked narrow, the 32 of which that was last. `held`:
    by channel, seconds for which credit of peers was held back by their rates.
    `compressed`: by channel, those that both sides compress; `compression_memory`: bytes of what compresses now.
    """

    opened: Mapping[str, int]
    ended: Mapping[str, int]
    carried: Mapping[str, CarrierTotals]
    narrow: tuple[NarrowPath, ...] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    compressed: Mapping[str, CompressedBytes] = field(default_factory=dict)
    compression_memory: int = 0


@dataclass(frozen=True, slots=True)
class CreditLeft:
    """What peers would take now on one channel, all together, and the sends that wait for more."""

    messages: int
    bytes: int
    waiting: int


@dataclass(frozen=True, slots=True)
class BookView:
    """The peer book: writes that failed since the start, and why the last one did; "" where it did not."""

    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class PeersStatistics:
    """All of it at one instant; connections by the names of their actors."""

    peers: PeersSnapshot
    connections: Mapping[str, ConnectionStatistics]
    totals: ConnectionTotals
    credit: Mapping[str, CreditLeft]
    mdns: MdnsStatistics | None
    #: None: nothing is kept in a book.
    book: BookView | None
