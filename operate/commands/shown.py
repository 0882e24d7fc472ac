"""What commands read of what a node tells: as much as they show, so that a look imports nothing of what a node is."""

# Law. A field that is shown stands here under the name that it has in the API, and no other does. So a command fits a
#      node of another version, as long as that tells what is shown; `--json` prints all that it tells.

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = [
    "ShownAccount",
    "ShownActor",
    "ShownBan",
    "ShownCarrier",
    "ShownChannel",
    "ShownConnection",
    "ShownHistogram",
    "ShownLedger",
    "ShownNetwork",
    "ShownNode",
    "ShownPage",
    "ShownPeer",
    "ShownPlace",
    "ShownRequirement",
    "ShownWait",
]


class ShownWhy(msgspec.Struct, frozen=True):
    """See `WhyNot`."""

    reason: str
    text: str


class ShownReadiness(msgspec.Struct, frozen=True):
    """See `Readiness`."""

    ready: bool
    why_not: tuple[ShownWhy, ...]


class ShownCarrier(msgspec.Struct, frozen=True):
    """See `CarrierTotals`."""

    opened: Mapping[str, int] = {}
    ended: Mapping[str, int] = {}

    @property
    def open(self) -> int:
        """As `CarrierTotals.open`."""
        return sum(self.opened.values()) - sum(self.ended.values())


class ShownTotals(msgspec.Struct, frozen=True):
    """See `ConnectionTotals`."""

    opened: Mapping[str, int]
    ended: Mapping[str, int]
    carried: Mapping[str, ShownCarrier] = {}


class ShownLag(msgspec.Struct, frozen=True):
    """See `LagView`."""

    last: float
    worst: float


class ShownProcess(msgspec.Struct, frozen=True):
    """See `ProcessFigures`."""

    pid: int
    started: float
    cpu_seconds: float
    resident_bytes: int
    threads: int
    open_fds: int | None
    max_fds: int
    build: str = ""


class ShownBook(msgspec.Struct, frozen=True):
    """See `BookView`."""

    failures: int
    error: str


class ShownNode(msgspec.Struct, frozen=True):
    """See `NodeOverview`."""

    name: str
    node_id: str
    network: str
    version: str
    endpoints: tuple[str, ...]
    offers: tuple[str, ...]
    ready: ShownReadiness
    peers: Mapping[str, int]
    connected: int
    actors: int
    restarts: int
    dead_letters: Mapping[str, int]
    carried: ShownTotals
    loop_lag: ShownLag
    process: ShownProcess
    clock: float
    #: None: it keeps none, or is of a version that does not say.
    book: ShownBook | None = None


class ShownNeed(msgspec.Struct, frozen=True):
    """See `Require`."""

    role: str
    at_least: int = 0
    share: float = 0.0

    def __str__(self) -> str:
        parts = [f"at least {self.at_least}"] if self.at_least else []
        parts += [f"{self.share:.0%} of the peers"] if self.share else []
        return f"{' and '.join(parts)} with {self.role}"


class ShownRequirement(msgspec.Struct, frozen=True):
    """See `RequirementView`."""

    require: ShownNeed
    have: int
    want: int


class ShownBan(msgspec.Struct, frozen=True):
    """See `BanView`."""

    target: str
    until: float | None
    reason: str


class ShownPlace(msgspec.Struct, frozen=True):
    """See `Endpoint`; as text without the id of the node that is expected there, and whatever the scheme is."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{f'{host}:{self.port}' if host else ''}{self.path}"


class ShownAddress(msgspec.Struct, frozen=True):
    """See `AddressView`."""

    endpoint: ShownPlace
    sources: tuple[str, ...]
    failures: int


class ShownPeer(msgspec.Struct, frozen=True):
    """See `PeerView`."""

    node_id: str | None
    state: str
    up: bool
    persistent: bool
    unconditional: bool
    private: bool
    seed: bool
    inactive: str
    score: float
    why: tuple[tuple[str, float], ...]
    fixed_score: float | None
    roles: tuple[str, ...]
    offers: tuple[str, ...] | None
    direction: str | None
    connections: int
    up_since: float | None
    failures: int
    retry_at: float | None
    last_reason: str
    told_by: str | None
    addresses: tuple[ShownAddress, ...]
    disbelieved: tuple[str, ...] = ()


class ShownLane(msgspec.Struct, frozen=True):
    """See `LaneStatistics`."""

    queued: int
    waiting: int
    credit_messages: int
    credit_bytes: int
    not_allowed: tuple[str, ...] = ()


class ShownRate(msgspec.Struct, frozen=True):
    """See `RateView`."""

    rate: str
    held: int
    stood: float


class ShownConnection(msgspec.Struct, frozen=True):
    """See `ConnectionStatistics`."""

    peer_id: str
    dialed: bool
    remote: str
    secure: bool
    rtt: float | None
    asks_in_flight: int
    bytes_received: int
    bytes_sent: int
    lanes: Mapping[str, ShownLane]
    refused: Mapping[str, tuple[str, ...]] = {}
    disbelieved: tuple[str, ...] = ()
    rates: Mapping[str, ShownRate] = {}
    name: str = ""


class ShownPage(msgspec.Struct, frozen=True):
    """See `ConnectionPage`."""

    connections: Mapping[str, object]
    next: str | None


class ShownMailbox(msgspec.Struct, frozen=True):
    """See `MailboxStatistics`."""

    queued: int
    queued_bytes: int
    waiting: int
    sent: int
    delivered: int
    failed: Mapping[str, int]
    dropped: Mapping[str, int]
    undone: Mapping[str, int]
    limit: int
    byte_limit: int


class ShownActor(msgspec.Struct, frozen=True):
    """See `ActorView`."""

    name: str
    actor_class: str
    channel: str | None
    state: str
    on_thread: bool
    parent: str | None
    children: int
    restarts: int
    handling: str
    mailbox: ShownMailbox


class ShownLoad(msgspec.Struct, frozen=True):
    """See `ChannelLoad`."""

    queued: int
    waiting: int


class ShownAccount(msgspec.Struct, frozen=True):
    """See `Account`."""

    sent: int
    delivered: int
    pending: int
    failed: Mapping[str, int]
    dropped: Mapping[str, int]
    undone: Mapping[str, int]
    stood: float = 0.0

    @property
    def balanced(self) -> bool:
        """It adds up."""
        return self.sent == self.delivered + sum(self.failed.values()) + self.pending


class ShownHistogram(msgspec.Struct, frozen=True):
    """See `HistogramView`."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]


class ShownChannel(msgspec.Struct, frozen=True):
    """See `ChannelView`."""

    name: str
    load: ShownLoad | None
    oldest: float | None
    oldest_to_peers: float | None
    handling: ShownHistogram | None
    local: ShownAccount | None
    remote: ShownAccount | None
    arrived: ShownAccount | None
    astray: ShownAccount | None
    announced: bool = True


class ShownLedger(msgspec.Struct, frozen=True):
    """See `Ledger`."""

    local: Mapping[str, ShownAccount]
    remote: Mapping[str, ShownAccount]
    arrived: Mapping[str, ShownAccount]
    astray: Mapping[str, ShownAccount]

    @property
    def balanced(self) -> bool:
        """Every account adds up."""
        sides = (self.local, self.remote, self.arrived, self.astray)
        return all(account.balanced for side in sides for account in side.values())


class ShownWait(msgspec.Struct, frozen=True):
    """See `WaitView`."""

    actor: str
    handling: str
    what: str
    to: str
    sent: str
    seconds: float


class ShownAuthority(msgspec.Struct, frozen=True):
    """See `AuthorityView`."""

    name: str
    ends: float
    list_number: int
    revoked: int


class ShownCertificate(msgspec.Struct, frozen=True):
    """See `CertificateView`."""

    serial: str
    issuer: str
    ends: float
    roles: tuple[str, ...]
    attributes: Mapping[str, str]


class ShownNetwork(msgspec.Struct, frozen=True):
    """See `NetworkView`."""

    name: str
    open: bool
    policy: str
    allow: tuple[str, ...] | None
    keys: tuple[str, ...]
    authorities: tuple[ShownAuthority, ...]
    certificate: ShownCertificate | None
