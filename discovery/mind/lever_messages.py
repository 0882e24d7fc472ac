"""What the operator tells the peer manager's actor; each is answered with a `LeverResult`."""

from __future__ import annotations

from dataclasses import dataclass

from ...transports.rules import PeerRates, Permissions
from ...transports.streams import Endpoint
from ..facts import BanTarget, Changes, Refuse
from .levers import Levers

__all__ = [
    "EVICTED_DRAIN",
    "LEVERS",
    "REMEMBERED",
    "AddPersistent",
    "AddSeed",
    "BanPeer",
    "ClosePeer",
    "DialPeer",
    "Drain",
    "ForgetPeer",
    "Lever",
    "LeverResult",
    "RemovePersistent",
    "RemoveSeed",
    "SetPermissions",
    "SetRates",
    "SetScore",
    "UnbanPeer",
    "drain_of",
    "pull",
]


#: Seconds that a peer which is parted with has to finish what is under way.
EVICTED_DRAIN = 1.0


@dataclass(frozen=True, slots=True)
class LeverResult:
    """True where the lever took effect; else `reason` is a short word and `text` says what stands against it."""

    done: bool
    reason: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return self.done


@dataclass(frozen=True, slots=True)
class DialPeer:
    """Keep a connection to this endpoint for ever, or dial the known peer of this id at once."""

    to: Endpoint | str


@dataclass(frozen=True, slots=True)
class ClosePeer:
    """Part with this peer, for a reason that it is told. What is under way with it may take `drain` seconds."""

    node_id: str
    reason: str
    drain: float = EVICTED_DRAIN


@dataclass(frozen=True, slots=True)
class BanPeer:
    """Have nothing to do with this node or network for `seconds`; None: for ever. Done once the book has it."""

    target: BanTarget
    seconds: float | None = None
    reason: str = "operator"


@dataclass(frozen=True, slots=True)
class UnbanPeer:
    """Lift a ban."""

    target: BanTarget


@dataclass(frozen=True, slots=True)
class AddPersistent:
    """Dial this endpoint for ever, and keep a slot for the node that answers."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class RemovePersistent:
    """Insist on this endpoint no longer."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class AddSeed:
    """Dial this endpoint when nobody else is left to dial."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class RemoveSeed:
    """Take a seed back."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class SetScore:
    """Fix a peer's rank; None: what it earned counts again."""

    node_id: str
    score: float | None


@dataclass(frozen=True, slots=True)
class SetPermissions:
    """Let peers do this, and no more, from now on."""

    permissions: Permissions


@dataclass(frozen=True, slots=True)
class SetRates:
    """How much each peer may send from now on."""

    rates: PeerRates


@dataclass(frozen=True, slots=True)
class ForgetPeer:
    """Forget this peer, and that it is the one that is taken where it answered first."""

    node_id: str


@dataclass(frozen=True, slots=True)
class Drain:
    """Empty this node, or (`on=False`) end that. What is under way with each peer may take `within` seconds."""

    on: bool = True
    within: float = 5.0


Lever = (
    DialPeer
    | ClosePeer
    | BanPeer
    | UnbanPeer
    | AddPersistent
    | RemovePersistent
    | AddSeed
    | RemoveSeed
    | SetScore
    | SetPermissions
    | SetRates
    | ForgetPeer
    | Drain
)
LEVERS = (
    DialPeer,
    ClosePeer,
    BanPeer,
    UnbanPeer,
    AddPersistent,
    RemovePersistent,
    AddSeed,
    RemoveSeed,
    SetScore,
    SetPermissions,
    SetRates,
    ForgetPeer,
    Drain,
)

#: What they do is in the book before they are answered.
REMEMBERED = (BanPeer, UnbanPeer, ForgetPeer)


def drain_of(lever: Lever) -> float:
    """Seconds that what is under way with the peers that leave for it may take."""
    match lever:
        case Drain():
            return lever.within
        case ClosePeer():
            return lever.drain
        case _:
            return EVICTED_DRAIN


def pull(levers: Levers, lever: Lever, now: float) -> Changes | Refuse:
    """Do what a message says."""
    match lever:
        case DialPeer(to):
            return levers.dial(to, now) if isinstance(to, str) else levers.add_persistent(to, now)
        case AddPersistent(endpoint):
            return levers.add_persistent(endpoint, now)
        case ClosePeer(node_id, reason, _):
            return levers.disconnect(node_id, reason, now)
        case BanPeer(target, seconds, reason):
            return levers.ban(target, float("inf") if seconds is None else now + seconds, reason, now)
        case UnbanPeer(target):
            return levers.unban(target, now)
        case RemovePersistent(endpoint):
            return levers.remove_persistent(endpoint)
        case AddSeed(endpoint):
            return levers.add_seed(endpoint, now)
        case RemoveSeed(endpoint):
            return levers.remove_seed(endpoint)
        case SetScore(node_id, score):
            return levers.set_score(node_id, score)
        case SetPermissions(permissions):
            return levers.set_permissions(permissions)
        case SetRates(rates):
            return levers.set_rates(rates)
        case ForgetPeer(node_id):
            return levers.forget(node_id, now)
        case Drain(on):
            return levers.drain(on, now)
