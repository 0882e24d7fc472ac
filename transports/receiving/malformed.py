"""What a peer sends that is not what a channel declares: how much of it may come, and how much of it is told."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.base import get_logger
from ..wire import Allowance

__all__ = ["LOGGED_REFUSALS", "Malformed"]

log = get_logger("peerbus.transports")

#: Messages of one peer whose refusal is logged; the rest is only counted.
LOGGED_REFUSALS = 10
#: Bytes of one that count as one more: what has looked through them has cost as much.
BYTES_OF_ONE = 4096


class Malformed:
    """That of one connection."""

    __slots__ = ("_allowance", "_node", "_peer", "tells")

    def __init__(self, node: str, peer: str, now: Callable[[], float]) -> None:
        self._node, self._peer = node, peer
        self._allowance = Allowance("malformed", now)
        #: Those that were told.
        self.tells = 0

    def spend(self, size: int) -> None:
        """One of `size` bytes has come. Raises ProtocolError where that is too much."""
        self._allowance.spend(1 + size // BYTES_OF_ONE)

    def told(self, channel: str, size: int, why: object) -> None:
        """The same of one that nobody waits for: a line of the log is the one to say so."""
        self.spend(size)
        self.tells += 1
        if self.tells <= LOGGED_REFUSALS:
            log.warning("message refused", node=self._node, peer=self._peer, channel=channel, why=str(why))
