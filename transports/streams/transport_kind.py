"""What a way of carrying streams brings: its scheme, and how a node makes its transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import spelled
from .endpoint import Endpoint
from .identity import Identity
from .schemes import Scheme
from .transport import MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND, Transport

__all__ = ["TransportKind", "TransportOptions"]


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """What a node gives to whatever makes one of its transports, which takes of it what it needs.

    Who may come into the network is no question of the carrier: it proves who is there, or does not (`Stream.peer_id`),
    and `peerbus.transports.admission` asks the rest. `arrivals_per_address`: new connections a second from one address;
    more are refused.
    """

    identity: Identity
    arrivals_per_address: int = MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND
    #: Those of the kind's scheme that the operator named, to listen at or to dial.
    endpoints: tuple[Endpoint, ...] = ()
    #: What the kind's `settings` has made of its table in the configuration; None: there is none.
    settings: object = None


def _anything(endpoint: Endpoint, listens: bool) -> None:
    del endpoint, listens


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class TransportKind:
    """A way of carrying streams. A package brings one by an entry point `peerbus.transports` of its scheme's name."""

    scheme: Scheme
    #: Makes the transport of a node; called once a node, before it starts. Raises ConfigError.
    make: Callable[[TransportOptions], Transport]
    #: `settings(table, folder)` reads the table `[transports.<scheme>]` of a configuration, whose paths are relative to
    #: that folder, for `TransportOptions.settings`. Raises ConfigError. None: there is nothing to be set.
    settings: Callable[[Mapping[str, object], Path], object] | None = None
    #: `check(endpoint, listens)` raises ValueError for what can be seen at once never to work on this machine: one
    #: that is to be listened at, or one that is dialed.
    check: Callable[[Endpoint, bool], None] = _anything
    #: Reads an endpoint that is written without a scheme: `transports.kinds` says which. Raises ValueError.
    read: Callable[[str], Endpoint] | None = None
