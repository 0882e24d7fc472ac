"""One node that others may be told of."""

from __future__ import annotations

from dataclasses import dataclass

from ...transports.streams import Endpoint
from .record import PeerRecord

__all__ = ["Advert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """The addresses where this node itself has reached it, and the newest record that it signed, if one is known.

    `verified` may be empty where the peer came to us: then there is a record. `roles` are names, sorted.
    """

    node_id: str
    verified: tuple[Endpoint, ...]
    roles: tuple[str, ...] = ()
    record: PeerRecord | None = None
    #: Where its last connection came from or went to; None where that is no address.
    host: str | None = None
