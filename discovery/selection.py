"""Which peers may be dialed, at which address, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..transports.endpoint import Endpoint
from .addresses import Address
from .known_peer import KnownPeer
from .lifecycle import PeerState
from .slots import Slots

__all__ = ["Choice", "choices"]


@dataclass(frozen=True, slots=True)
class Choice:
    """This peer may be dialed at that address from the time `due` on, as far as slots go."""

    peer: KnownPeer
    address: Address
    due: float
    persistent: bool


def choices(peers: Iterable[KnownPeer], slots: Slots, now: float) -> list[Choice]:
    """Every peer that only time keeps from being dialed: persistent first, then longest due.

    Of its addresses that are due the best is chosen, else the one that is due first. A place that
    is being dialed, or where a connection that we dialed leads, is left out under any other name.
    """
    for_persistent, for_others = slots.may_dial(persistent=True), slots.may_dial(persistent=False)
    if not for_others and not (for_persistent and slots.reserved):
        return []
    everyone = list(peers)
    busy = set(_places_in_use(everyone))
    found = []
    for peer in everyone:
        if peer.state is not PeerState.IDLE:
            continue
        persistent = peer.persistent
        if not (for_persistent if persistent else for_others):
            continue
        address, due = None, 0.0
        for one in peer.addresses:
            ready_at = max(one.backoff.until, peer.retry_at)
            if one.endpoint not in busy and (address is None or ready_at < due > now):
                address, due = one, ready_at
        if address is not None:
            found.append(Choice(peer, address, due, persistent))
    return sorted(found, key=lambda choice: (not choice.persistent, choice.due))


def _places_in_use(peers: Iterable[KnownPeer]) -> Iterator[Endpoint]:
    for peer in peers:
        if peer.state is PeerState.IDLE:
            continue
        if peer.dial is not None:
            yield peer.dial.endpoint
        for link in peer.links:
            if link.endpoint is not None:
                yield link.endpoint
