"""The addresses of one peer: bounded, each with the sources that vouch for it, best first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...transports.streams import Endpoint, Scope
from .backoff import Backoff

__all__ = ["CONFIGURED", "MAX_ADDRESSES", "MAX_SOURCES", "REACHED", "SEED", "AddressList", "PeerAddress"]

#: The source of what the operator wrote down. It makes a peer persistent; no finder may claim it.
CONFIGURED = "config"
#: The source of an address that is only dialed when nobody else is left; the operator's as well.
SEED = "seed"
#: What vouches for an address where the peer answered us, when nobody else does.
REACHED = "handshake"
#: Sources that vouch for one address; more are not remembered, so that a crowd cannot fill the memory.
MAX_SOURCES = 8
#: A machine with two networks, two IP versions and a Unix socket has five; the rest is spam.
MAX_ADDRESSES = 8
#: What only the operator may say.
_OPERATORS = frozenset({CONFIGURED, SEED})


@dataclass(slots=True)
class PeerAddress:
    """One place where the peer may answer, and how that went so far."""

    endpoint: Endpoint
    sources: set[str]
    backoff: Backoff = field(default_factory=Backoff)
    last_success: float = -math.inf
    last_failure: float = -math.inf
    #: How far away the nearest of those was met that told of it; None: nobody said, or the operator did.
    way: Scope | None = None

    @property
    def dial_way(self) -> Scope | None:
        """`Dial.way` of a dial to it. Where nobody said, it is as far as the text reaches, and it did answer."""
        if (_OPERATORS | {REACHED}) & self.sources:
            return None
        if self.way is not None:
            return self.way
        scope = self.endpoint.scope
        return min(scope, Scope.NETWORK) if self.last_success > -math.inf else scope


class AddressList:
    """Up to `MAX_ADDRESSES` addresses; an address lives as long as one source vouches for it."""

    __slots__ = ("_addresses", "configured")

    def __init__(self) -> None:
        self._addresses: dict[Endpoint, PeerAddress] = {}
        #: Whether the operator wrote one of them down. Kept, not computed: slots are counted over everyone.
        self.configured = False

    def __iter__(self) -> Iterator[PeerAddress]:
        """Last success first, then fewest failures, then the order in which they were learned."""
        found = self._addresses.values()
        if len(found) < 2:
            return iter(found)
        return iter(sorted(found, key=lambda a: (-a.last_success, a.backoff.failures)))

    def __len__(self) -> int:
        return len(self._addresses)

    @property
    def seed(self) -> bool:
        """Whether the operator wrote one of them down as a seed's."""
        # A loop and not any(): it is asked of everyone at each look, and takes half the time.
        for address in self._addresses.values():  # noqa: SIM110  # as said
            if SEED in address.sources:
                return True
        return False

    @property
    def verified(self) -> tuple[Endpoint, ...]:
        """Those at which the peer has answered us, the last success first."""
        return tuple(address.endpoint for address in self if address.last_success != -math.inf)

    @property
    def failures(self) -> int:
        """Failures in a row of all addresses together."""
        failures = 0
        for address in self._addresses.values():
            failures += address.backoff.failures
        return failures

    def find(self, endpoint: Endpoint) -> PeerAddress | None:
        """The address at that endpoint."""
        return self._addresses.get(endpoint.without_peer())

    def configure(self, endpoint: Endpoint, source: str = CONFIGURED) -> bool:
        """The operator wrote this address down; True if he had not before."""
        known = self.find(endpoint)
        if known is not None and source in known.sources:
            return False
        self.add(endpoint, source)
        return True

    def add(self, endpoint: Endpoint, source: str, way: Scope | None = None) -> bool:
        """Let `source`, met as far away as `way`, vouch for an address; True if it was not known.

        In a full list it takes the place of the address that failed most in a row; the operator's
        addresses never go, and where none failed the new one is ignored.
        """
        endpoint = endpoint.without_peer()
        known = self._addresses.get(endpoint)
        if known is not None:
            if len(known.sources) < MAX_SOURCES or source in _OPERATORS:
                known.sources.add(source)
            known.way = None if source in _OPERATORS else _nearer(known.way, way)
            self._look_configured()
            return False
        if len(self._addresses) >= MAX_ADDRESSES and not self._make_room(source):
            return False
        self._addresses[endpoint] = PeerAddress(endpoint, {source}, way=None if source in _OPERATORS else way)
        self._look_configured()
        return True

    def replace(self, endpoints: Iterable[Endpoint], source: str, way: Scope | None = None) -> bool:
        """These are all the addresses that `source` vouches for now; True if one is new."""
        wanted = list(dict.fromkeys(e.without_peer() for e in endpoints))[:MAX_ADDRESSES]
        for endpoint in [e for e in self._addresses if e not in wanted]:
            self.withdraw(endpoint, source)
        return sum(self.add(endpoint, source, way) for endpoint in wanted) > 0

    def withdraw(self, endpoint: Endpoint, source: str) -> None:
        """`source` no longer vouches for it; the last source takes the address with it."""
        address = self.find(endpoint)
        if address is not None:
            address.sources.discard(source)
            self._look_configured()
            if not address.sources:
                self.drop(endpoint)

    def drop(self, endpoint: Endpoint) -> None:
        """Forget an address, whatever vouches for it."""
        self._addresses.pop(endpoint.without_peer(), None)
        self._look_configured()

    def proved_stable(self) -> None:
        """The peer was up for long: what failed before says nothing any more."""
        for address in self._addresses.values():
            address.backoff.reset()

    def _look_configured(self) -> None:
        self.configured = any(CONFIGURED in address.sources for address in self._addresses.values())

    def _make_room(self, source: str) -> bool:
        failed = [
            address
            for address in self._addresses.values()
            if not _OPERATORS & address.sources and (address.backoff.failures or source in _OPERATORS)
        ]
        if not failed:
            return False
        self.drop(max(failed, key=lambda a: (a.backoff.failures, -a.last_success)).endpoint)
        return True


def _nearer(one: Scope | None, other: Scope | None) -> Scope | None:
    return other if one is None else one if other is None else min(one, other)
