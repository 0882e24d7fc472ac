"""The addresses where peers are known that have proven themselves, for a reserve that no stranger fills."""

from __future__ import annotations

import math

from .peer_store import PeerStore

__all__ = ["GoodHosts"]

#: Seconds for which an answer is good enough: a stranger sets the pace of questions.
GOOD_FOR = 1.0


class GoodHosts:
    """Of one store of peers. Times are those of its caller."""

    __slots__ = ("_hosts", "_peers", "_until")

    def __init__(self, peers: PeerStore) -> None:
        self._peers = peers
        self._hosts: frozenset[str] = frozenset()
        self._until = -math.inf

    def has(self, host: str, now: float) -> bool:
        """Whether one was met at that address, as was so within the last second."""
        if now >= self._until:
            self._hosts, self._until = self._peers.proven_hosts(now), now + GOOD_FOR
        return host in self._hosts
