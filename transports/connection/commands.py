"""What is said to a connection, what it says when it has ended, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..lanes import LaneStatistics, RateView
from ..wire import ChannelInfo
from .stream_figures import StreamFigures

__all__ = [
    "SHUTTING_DOWN",
    "SUPERSEDED",
    "CloseChannel",
    "ConnectionEnded",
    "ConnectionStatistics",
    "Disconnect",
    "OfferRoles",
    "OpenChannel",
]

#: Why a connection ends whose place another one to the same peer has taken.
SUPERSEDED = "superseded"
#: Why it ends because its node does: until all is done here, this side sends and asks as before.
SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """To a connection: end in order, and tell the peer the reason. What is under way may finish in `drain` seconds."""

    reason: str
    text: str = ""
    drain: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """To a connection: a reactor has started here."""

    info: ChannelInfo


@dataclass(frozen=True, slots=True)
class CloseChannel:
    """To a connection: a reactor has stopped here."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfferRoles:
    """To a connection: this node offers these capabilities from now on, as text, and signs this record."""

    offers: tuple[str, ...]
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """From a connection to its maker: it carries nothing any more. `reason` is a short word.

    `narrow`: its path looked as if it dropped large packets, see `path_size`. `fault`: the peer broke the protocol.
    """

    peer_id: str
    reason: str
    text: str
    narrow: bool = False
    fault: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """A connection at one instant. Times are seconds, sizes bytes; `rtt` is None before the first PONG.

    `patience`: silence after which the peer is given up, by what was learnt of its rhythm so far. `narrow`: its path
    looks as if it dropped large packets. `refused`: what the peer may not do here, `tell` and `ask`, by channel;
    `disbelieved`: what it says that it offers, and its word is not taken for; `rates`: how much it may send, by
    channel, where that has a limit.
    """

    peer_id: str
    name: str
    dialed: bool
    remote: str
    secure: bool
    rtt: float | None
    patience: float
    offers: tuple[str, ...]
    asks_in_flight: int
    serving: int
    bytes_received: int
    bytes_sent: int
    unsolicited: int
    lanes: dict[str, LaneStatistics]
    narrow: bool = False
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    disbelieved: tuple[str, ...] = ()
    rates: Mapping[str, RateView] = field(default_factory=dict)
    #: Streams that are open, by channel.
    streams: Mapping[str, StreamFigures] = field(default_factory=dict)
