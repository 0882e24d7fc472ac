"""The limits and times that a peer manager keeps."""

from __future__ import annotations

from dataclasses import dataclass

from ..actors.errors import ConfigError
from .backoff import RetryPolicy

__all__ = ["PeerOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOptions:
    """Limits are numbers of peers, 0 = no limit; times are seconds. Raises ConfigError on contradiction.

    The defaults are Tendermint 0.36's (64 connections, 4 + 4 x 64 known peers), except that a pair
    of nodes on one network needs shorter waits than a blockchain: a peer is retried at least every
    five minutes, a persistent one every half minute.
    """

    max_connected: int = 64
    #: Peers that we dialed ourselves; persistent peers are dialed beyond it.
    max_outgoing: int = 16
    max_known: int = 260
    min_retry: float = 0.25
    max_retry: float = 300.0
    max_retry_persistent: float = 30.0
    #: Fraction of each wait that is left to chance, so that nodes do not redial in step.
    retry_jitter: float = 0.5
    #: At least this long (less the jitter) nobody is dialed again after a disconnect.
    disconnect_cooldown: float = 2.0
    #: Only a connection that was up this long proves that past failures are over.
    stable_after: float = 10.0

    def __post_init__(self) -> None:
        for name in ("max_connected", "max_outgoing", "max_known"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must be 0 (no limit) or more, got {getattr(self, name)}")
        for name in ("disconnect_cooldown", "stable_after"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} must be 0 or more seconds, got {getattr(self, name)}")
        if self.max_known and not 0 < self.max_connected <= self.max_known:
            raise ConfigError(
                f"max_known {self.max_known} needs a max_connected of 1 to {self.max_known}, got {self.max_connected}"
            )
        # Both are built here so that contradictory retry times are refused at once.
        _ = self.retry, self.retry_persistent

    @property
    def retry(self) -> RetryPolicy:
        """Waits after failures of an ordinary peer."""
        return RetryPolicy(self.min_retry, self.max_retry, self.retry_jitter)

    @property
    def retry_persistent(self) -> RetryPolicy:
        """Waits after failures of a persistent peer: it is retried for ever."""
        return RetryPolicy(self.min_retry, self.max_retry_persistent, self.retry_jitter)
