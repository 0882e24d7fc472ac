"""The facts that discovery tells: a node was found, a peer is up, a peer is down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ...actors.messages import Retained
from ...transports.streams import Endpoint, Scope
from ..records import PeerRecord
from .bans import Ban, BanTarget
from .connection_view import Direction
from .require import Require

__all__ = [
    "BookFailed",
    "BookRecovered",
    "Candidate",
    "ListenerLost",
    "ListenerRestored",
    "PeerBanned",
    "PeerCertified",
    "PeerDown",
    "PeerEvent",
    "PeerNotReached",
    "PeerRefused",
    "PeerRolesChanged",
    "PeerUnbanned",
    "PeerUp",
    "RequirementMet",
    "RequirementUnmet",
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finder says that a node may be reached there. Nothing in it is proven: it only nominates a dial.

    `endpoints` is the whole of what `source` (`mdns`, `pex`, …) knows now: it replaces what the same source
    said before. `node_id` None: which nodes are there is not known, one at each endpoint, and their handshakes tell it;
    then all that the source has said so of is replaced. `roles` are names only; routing uses what the authenticated
    handshake says. `told_by` is the
    node id of the peer that told of it, None where nobody stands between; what one peer tells has a bounded share.
    `record` was checked by the finder, and is newer than what is known, or ignored. `heard_from`: the address that this
    came from, where a finder knows that; what comes from one has a bounded share. `way` is how far away its teller was
    met: of what a name of his leads to, only what reaches so far is dialed; None: as far as the text says.
    """

    node_id: str | None
    endpoints: tuple[Endpoint, ...]
    roles: tuple[str, ...] = ()
    source: str = "mdns"
    told_by: str | None = None
    record: PeerRecord | None = None
    heard_from: str = field(default="", compare=False)
    way: Scope | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PeerUp(Retained):
    """The peer has a connection that can carry messages. Told once, until its `PeerDown`.

    `incarnation` differs after the peer restarted; `direction` says who dialed.
    """

    node_id: str
    incarnation: int
    direction: Direction

    @property
    def about(self) -> object:
        """The peer."""
        return self.node_id


@dataclass(frozen=True, slots=True)
class PeerDown(Retained):
    """The peer can carry messages no longer. `reason` is a short word.

    It is the reason of the disconnect or eviction, or `restarted`: the peer is a new process, what the old
    one knew is gone, and a `PeerUp` follows as soon as the new one is ready.
    """

    clears: ClassVar[bool] = True

    node_id: str
    reason: str

    @property
    def about(self) -> object:
        """The peer."""
        return self.node_id


@dataclass(frozen=True, slots=True)
class PeerBanned:
    """This node has nothing to do with that node or network until the ban ends: `ban.until` of the loop's clock, in a
    history of seconds since 1970.
    """

    ban: Ban


@dataclass(frozen=True, slots=True)
class PeerUnbanned:
    """A ban was lifted, or has ended."""

    target: BanTarget


@dataclass(frozen=True, slots=True)
class RequirementMet(Retained):
    """Enough of the connected peers offer it: `have` of the `want` that it takes now."""

    require: Require
    have: int
    want: int

    @property
    def about(self) -> object:
        """The requirement."""
        return self.require


@dataclass(frozen=True, slots=True)
class RequirementUnmet(Retained):
    """Not enough do, and that cannot be changed now: `reason` and `text` say why; see `RequirementView`."""

    require: Require
    have: int
    want: int
    reason: str
    text: str

    @property
    def about(self) -> object:
        """The requirement."""
        return self.require


@dataclass(frozen=True, slots=True)
class PeerNotReached:
    """A dial came back without a connection; of many in a row are told the first, the second, the fourth and so on.

    `node_id`: whom it was for, None where that is not known. `reason` is a short word, `text` says more; `failures`
    counts those in a row.
    """

    endpoint: str
    node_id: str | None
    reason: str
    text: str
    failures: int


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """A connection from `remote` was not let in. Told as `PeerNotReached` is, so that no stranger sets the pace."""

    remote: str | None
    reason: str
    text: str
    times: int


@dataclass(frozen=True, slots=True)
class ListenerLost:
    """Nobody can come in at `endpoint` any more: what the listener stood on is gone. It is tried again and again."""

    endpoint: str
    text: str


@dataclass(frozen=True, slots=True)
class ListenerRestored:
    """A listener that was lost listens again."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class BookFailed:
    """The peer book cannot be written: bans, and what is learnt of peers, are forgotten when this node stops."""

    text: str


@dataclass(frozen=True, slots=True)
class BookRecovered:
    """The peer book is written again, after `failures` writes in a row that failed."""

    failures: int


@dataclass(frozen=True, slots=True)
class PeerRolesChanged:
    """A connected peer, or this node itself, offers these capabilities from now on."""

    node_id: str
    offers: tuple[str, ...]


#: What subscribers of discovery receive, in order: for each peer up, down, up, down, …
PeerEvent = PeerUp | PeerDown | PeerBanned | PeerUnbanned | RequirementMet | RequirementUnmet


@dataclass(frozen=True, slots=True)
class PeerCertified:
    """A connected peer has shown a new certificate: with these roles, and until then (seconds since 1970)."""

    node_id: str
    roles: tuple[str, ...]
    ends: float
