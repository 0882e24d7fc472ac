"""What the peer manager remembers of one peer."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from .addresses import AddressList
from .backoff import Backoff
from .commands import Dial
from .lifecycle import LINKED, UP, PeerState, PeerStep, next_state
from .link import Direction, Link
from .options import PeerOptions
from .snapshot import AddressView, PeerView

__all__ = ["KnownPeer"]


@dataclass(slots=True)
class KnownPeer:
    """One peer: its addresses, its state, the dial that is out, its connections.

    `node_id` is None for an address that was configured without an id and has not answered yet.
    """

    node_id: str | None
    seen: float
    roles: tuple[str, ...] = ()
    addresses: AddressList = field(default_factory=AddressList)
    state: PeerState = PeerState.IDLE
    dial: Dial | None = None
    #: Oldest first; each beats those before it. Only the first can be ready, and is when state is READY.
    links: list[Link] = field(default_factory=list)
    #: The incarnation that subscribers were told is up; None: they were told nothing, or down.
    announced: int | None = None
    up_since: float | None = None
    backoff: Backoff = field(default_factory=Backoff)
    rest_until: float = -math.inf
    last_reason: str = ""

    @property
    def persistent(self) -> bool:
        """Whether the operator configured it: it keeps a slot and is retried for ever."""
        return self.addresses.configured

    @property
    def linked(self) -> bool:
        """Whether it holds a slot."""
        return self.state in LINKED

    @property
    def outgoing(self) -> bool:
        """Whether we dialed one of its connections, or are dialing it now."""
        return self.dial is not None or any(x.direction is Direction.DIALED for x in self.links)

    @property
    def retry_at(self) -> float:
        """No address of it is dialed before that time."""
        return max(self.backoff.until, self.rest_until)

    def step(self, step: PeerStep) -> None:
        """Take a step of the life-cycle table."""
        self.state = next_state(self.state, step)

    def rest(self, now: float, options: PeerOptions, rng: random.Random) -> None:
        """Leave it alone for the cooldown; no failure is counted."""
        pause = options.disconnect_cooldown * (1.0 - options.retry_jitter * rng.random())
        self.rest_until = max(self.rest_until, now + pause)

    def failed(self, now: float, options: PeerOptions, rng: random.Random) -> None:
        """The peer itself, not one of its addresses, turned us away or did not last."""
        policy = options.retry_persistent if self.persistent else options.retry
        self.backoff.failed(now, rng, policy)

    def address_failed(self, dial: Dial, now: float, options: PeerOptions, rng: random.Random) -> None:
        """That address did not answer; the others may."""
        address = self.addresses.find(dial.endpoint)
        if address is not None:
            policy = options.retry_persistent if self.persistent else options.retry
            address.backoff.failed(now, rng, policy)

    def view(self) -> PeerView:
        """The picture of it for operators."""
        addresses = tuple(
            AddressView(
                endpoint=address.endpoint,
                sources=tuple(sorted(address.sources)),
                failures=address.backoff.failures,
                retry_at=address.backoff.until,
                last_success=None if address.last_success == -math.inf else address.last_success,
            )
            for address in self.addresses
        )
        return PeerView(
            node_id=self.node_id,
            state=self.state,
            up=self.state in UP,
            persistent=self.persistent,
            roles=self.roles,
            direction=self.links[0].direction if self.links else None,
            connections=len(self.links),
            up_since=self.up_since,
            failures=self.backoff.failures,
            retry_at=self.retry_at,
            last_reason=self.last_reason,
            addresses=addresses,
        )
