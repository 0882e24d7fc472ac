"""What passes between the peer manager and the shell that does its dialing and closing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ...transports.streams import Endpoint, Scope
from .events import PeerEvent

__all__ = ["PEERS_ACTOR", "Accept", "Attempt", "Changes", "CloseConnection", "Dial", "Refuse", "Verdict"]


#: The name under which that shell, an actor, runs on its bus.
PEERS_ACTOR = "peerbus.peers"


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection to `endpoint` and expect `node_id` there; None: any node that proves an identity.

    The shell hands each dial back exactly once, to `dial_failed` or inside an `Attempt`.
    """

    number: int
    endpoint: Endpoint
    node_id: str | None
    #: How far away those were met that told of the endpoint: what its name leads to reaches so far at least. None: the
    #: operator told of it, and knows where it leads.
    way: Scope | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection whose other side is `node_id`; may it live?

    `key` is any name the shell gives the connection, unique on this node. `dial` is the dial that
    opened it, None where the peer dialed us. `incarnation` and `offers` (capabilities as text) are
    from the peer's HELLO. `host` is the address at the other end of the stream, None where there is none. `place`:
    where a dialed name led. `more`: the name leads to other places too, so a refusal does not end the dial.
    `epoch`: seconds since 1970 by the peer's calendar, as it said now; 0.0 where it did not. `proven`: the stream has
    shown that it holds the key of that id; else the id is what it claims.
    """

    node_id: str
    incarnation: int
    key: Hashable
    dial: Dial | None = None
    offers: tuple[str, ...] = ()
    host: str | None = None
    place: Endpoint | None = None
    more: bool = False
    epoch: float = 0.0
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Accept:
    """Welcome it. From now on it holds a slot until `disconnected` is called with its key."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Reject it: `reason` is the short word for the wire and the counters, `text` is for people."""

    reason: str
    text: str


#: The answer to an `Attempt`.
Verdict = Accept | Refuse


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Close this connection, and tell the other side the reason."""

    node_id: str
    key: Hashable
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What follows from a fact: events for subscribers, in order, and connections to close."""

    events: tuple[PeerEvent, ...] = ()
    close: tuple[CloseConnection, ...] = ()

    def __add__(self, other: Changes) -> Changes:
        """First these, then the others."""
        return Changes(self.events + other.events, self.close + other.close)
