"""The rules of one node for its peers, as they are now: its connections share them, and are told when they change."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from ...actors.messages import Rate
from ..wire import ChannelInfo, Hello
from .peer_buckets import PeerBuckets
from .peer_rates import PeerRates
from .permissions import OPEN, Permissions
from .subject import Subject

__all__ = ["PeerRules"]

#: Buckets of peers that are gone, kept until they are full again; beyond this many the oldest are forgotten.
MAX_GONE = 4096


class PeerRules:
    """See the module. `changed` is called when the rules are others, and has every connection judge anew."""

    __slots__ = ("_buckets", "_room", "changed", "permissions", "rates")

    def __init__(self, permissions: Permissions | None = None, rates: PeerRates | None = None) -> None:
        self.permissions: Permissions = OPEN if permissions is None else permissions
        self.rates: PeerRates = PeerRates() if rates is None else rates
        self.changed: Callable[[], None] = _nobody
        #: By peer and channel.
        self._buckets: dict[tuple[str, str], PeerBuckets] = {}
        #: Of how many of them there are those that are gone are looked for.
        self._room = MAX_GONE

    def set(self, permissions: Permissions | None = None, rates: PeerRates | None = None) -> None:
        """Let peers do this from now on; None: as before."""
        self.permissions = permissions or self.permissions
        self.rates = rates or self.rates
        self.changed()

    def buckets(self, peer_id: str, channel: str, rate: Rate, now: float) -> PeerBuckets:
        """Those of a peer on a channel. They outlive its connections, so that it gains nothing by a new one."""
        key = peer_id, channel
        found = self._buckets.pop(key, None)
        if found is None or found.rate != rate:
            found = PeerBuckets(rate, now)
        if len(self._buckets) >= self._room:  # before this one is there: nobody uses it yet
            self._forget(now)
            # Where many are in use, each new one would look through all of them.
            self._room = max(MAX_GONE, 2 * len(self._buckets))
        self._buckets[key] = found
        return found

    def _forget(self, now: float) -> None:
        """Keep those that are in use, and of the others those that were used last and are not full."""
        gone = [key for key, each in self._buckets.items() if not each.in_use]
        needless = [key for key in gone if self._buckets[key].is_full(now)]
        for key in needless or gone[: len(gone) // 2 or 1]:
            del self._buckets[key]

    def announced(self, info: ChannelInfo, own: Rate | None, peer_id: str | None) -> ChannelInfo:
        """A channel as that peer is told of it: its window is what may come at once. `own`: the channel's own rate."""
        rate = self.rates.on(info.name, own)
        if rate is None:
            return info
        known = None if peer_id is None else self._buckets.get((peer_id, info.name))
        if known is not None and known.owes_much:
            return replace(info, messages=1, bytes=1)
        most = min(info.messages, rate.most_messages, rate.asks or math.inf)
        return replace(info, messages=int(most), bytes=int(min(info.bytes, rate.most_bytes)))

    def refusing(self, info: ChannelInfo, peer: Subject) -> ChannelInfo:
        """A channel as that peer is told of it: with what it may not do there."""
        refused = self.permissions.on(info.name, peer).refused
        return info if refused == info.refused else replace(info, refused=refused)

    def addressed(self, own: Hello, peer: Subject) -> Hello:
        """What this node says of itself, to that peer: with what it may not do on each channel."""
        if self.permissions == OPEN:
            return own
        return replace(own, channels=tuple(self.refusing(info, peer) for info in own.channels))


def _nobody() -> None:
    """There is no connection yet."""
