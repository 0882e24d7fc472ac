"""The peer book: what of the peers outlives the process. The values, the contract, and one that forgets."""

# Law 1. Times in a book are seconds since 1970; inf, in a ban, is for ever.
# Law 2. What `save` has taken without raising is there after a kill at any moment; bans also after a loss of power.
# Law 3. An entry that cannot be read is reported and skipped; the others are as good as ever.

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ...transports.streams import Endpoint
from ..facts import Ban, BanTarget, ScoreReason

__all__ = ["AddressEntry", "Book", "BookChanges", "BookContents", "MemoryBook", "PeerEntry", "Pin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressEntry:
    """One address of a peer."""

    endpoint: Endpoint
    sources: tuple[str, ...]
    last_success: float | None = None
    last_failure: float | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerEntry:
    """One peer. `points` are by reason and were counted at `points_at`; `record` is its signed record as it travels.

    What the configuration says of a peer (persistent, seed, private, its fixed score) is no part of it.
    """

    node_id: str
    seen: float
    addresses: tuple[AddressEntry, ...] = ()
    last_connected: float | None = None
    inactive: str = ""
    fixed_score: float | None = None
    points: tuple[tuple[ScoreReason, float], ...] = ()
    points_at: float = 0.0
    roles: tuple[str, ...] = ()
    offers: tuple[str, ...] | None = None
    told_by: str | None = None
    told_from: str | None = None
    record: bytes | None = None
    #: Seconds that it was connected, of all its connections together.
    connected_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Pin:
    """At this address, which the configuration names without an id, that node answered first."""

    endpoint: Endpoint
    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookContents:
    """All that a book holds. `damage` says, for people, what could not be read and is lost.

    `sequence` is the number of the last record that this node signed itself; 0: none.
    """

    peers: tuple[PeerEntry, ...] = ()
    bans: tuple[Ban, ...] = ()
    pins: tuple[Pin, ...] = ()
    damage: tuple[str, ...] = ()
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChanges:
    """What to write: whole entries that take the place of older ones, and what to take out; `sequence` 0: as it was."""

    peers: tuple[PeerEntry, ...] = ()
    gone: tuple[str, ...] = ()
    bans: tuple[Ban, ...] = ()
    lifted: tuple[BanTarget, ...] = ()
    pins: tuple[Pin, ...] = ()
    unpinned: tuple[Endpoint, ...] = ()
    sequence: int = 0

    def __bool__(self) -> bool:
        written = self.peers or self.gone or self.bans or self.lifted or self.pins or self.unpinned
        return bool(written or self.sequence)


class Book(Protocol):
    """One owner opens it, uses it and closes it, all in one thread. `blocking`: that must not be an event loop's."""

    blocking: bool

    def open(self) -> None:
        """Be ready.

        Raises ConfigError where it is another program's, or of a newer version than this one knows, and OSError where
        the system does not let it: the node then goes on without.
        """

    def load(self) -> BookContents:
        """All that is there."""

    def save(self, changes: BookChanges) -> None:
        """Write these. Raises OSError where it cannot; then nothing of them is written."""

    def close(self) -> None:
        """Leave it in order. Idempotent."""


@dataclass(slots=True)
class MemoryBook:
    """A book that lives as long as the object: of a node without a file, and of a simulation's nodes."""

    blocking: bool = False
    peers: dict[str, PeerEntry] = field(default_factory=dict)
    bans: dict[BanTarget, Ban] = field(default_factory=dict)
    pins: dict[Endpoint, Pin] = field(default_factory=dict)
    sequence: int = 0

    def open(self) -> None:
        """As `Book.open`."""

    def load(self) -> BookContents:
        """As `Book.load`."""
        return BookContents(
            peers=tuple(self.peers.values()),
            bans=tuple(self.bans.values()),
            pins=tuple(self.pins.values()),
            sequence=self.sequence,
        )

    def save(self, changes: BookChanges) -> None:
        """As `Book.save`."""
        for node_id in changes.gone:
            self.peers.pop(node_id, None)
        self.peers.update((entry.node_id, entry) for entry in changes.peers)
        for target in changes.lifted:
            self.bans.pop(target, None)
        self.bans.update((ban.target, ban) for ban in changes.bans)
        for endpoint in changes.unpinned:
            self.pins.pop(endpoint, None)
        self.pins.update((pin.endpoint, pin) for pin in changes.pins)
        self.sequence = changes.sequence or self.sequence

    def close(self) -> None:
        """As `Book.close`."""
