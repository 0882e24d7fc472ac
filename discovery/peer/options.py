"""The limits and times that a peer manager keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...actors.base import ConfigError, is_node_id, spelled
from ...transports.connection import PEER_MEMORY
from ..facts import MAX_BANS, MAX_SCORE, MIN_SCORE, Require, ban_target
from .backoff import RetryPolicy

__all__ = ["LEAST_MEMORY", "PeerOptions"]

#: Bytes of `peer_memory` at least: one message of the largest that may be.
LEAST_MEMORY = 16 << 20

#: See `PeerOptions.dials_a_minute`; and what stands for no limit there.
DIALS_A_MINUTE, UNLIMITED = 64, 1e9


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOptions:
    """Limits are numbers of peers: None is no limit, 0 is none. Times are seconds. Raises ConfigError on contradiction.

    The defaults are Tendermint 0.36's (64 connections and 4 more for upgrades, 4 + 4 x 64 known peers), except
    that a pair of nodes on one network needs shorter waits than a blockchain: a peer is retried at least every
    five minutes, a persistent one every half minute.

    ```python
    small = Node("bob", options=PeerOptions(max_connected=8))
    ```
    """

    max_connected: int | None = 64
    #: Connections beyond that, for as long as a better peer takes the place of a worse one.
    max_connected_upgrade: int = 4
    #: Peers that we dialed ourselves; persistent and unconditional ones are dialed beyond it. 0: only those.
    max_outgoing: int | None = 16
    max_known: int | None = 260
    #: Node ids that keep a slot as persistent peers do, but are not dialed for ever.
    unconditional: frozenset[str] = frozenset()
    #: Node ids that no other peer is told of.
    private: frozenset[str] = frozenset()
    #: Node ids, IP addresses and networks that this node has nothing to do with.
    banned: frozenset[str] = frozenset()
    #: Scores that the operator fixes, by node id; they stand above what the peer earns and what the book says.
    scores: Mapping[str, float] = field(default_factory=dict)
    min_retry: float = 0.25
    max_retry: float = 300.0
    max_retry_persistent: float = 30.0
    #: Fraction of each wait that is left to chance, so that nodes do not redial in step.
    retry_jitter: float = 0.5
    #: At least this long (less the jitter) nobody is dialed again after a disconnect.
    disconnect_cooldown: float = 2.0
    #: The same for a seed that was visited, as what it can tell it has told; while somebody is connected.
    seed_cooldown: float = 60.0
    #: Only a connection that was up this long proves that past failures are over.
    stable_after: float = 10.0
    #: Points of a score fade to half in this time.
    score_half_life: float = 3600.0
    #: A peer that falls to this score is banned for `ban_time`, unless the operator wants it.
    ban_score: float = -100.0
    ban_time: float = 3600.0
    #: What the connected peers as a whole must offer.
    requires: tuple[Require, ...] = ()
    #: A peer takes another's place only with a rank that is higher by this, and not before the other had its time.
    upgrade_margin: float = 1.0
    upgrade_tenure: float = 30.0
    #: Peers at one address (of IPv6: in one /64) that dial us; None: any number, while there is room for others.
    max_per_address: int | None = None
    #: Bytes of memory for all that peers make this node hold: beyond it the connection goes that holds most.
    peer_memory: int = PEER_MEMORY
    #: At an address that is configured without an id the node that answered first is taken, and no other.
    pin: bool = True

    def __post_init__(self) -> None:
        for name, least in (
            ("max_connected", 1),
            ("max_connected_upgrade", 0),
            ("max_outgoing", 0),
            ("max_known", 1),
            ("max_per_address", 1),
            ("peer_memory", LEAST_MEMORY),
        ):
            most = getattr(self, name)
            open_ended = most is None and name not in ("max_connected_upgrade", "peer_memory")
            if not open_ended and (not isinstance(most, int) or isinstance(most, bool)):
                raise ConfigError(f"{name} must be a whole number, got {most!r}")
            if most is not None and most < least:
                hint = "; None is no limit" if least else ""
                raise ConfigError(f"{name} must be {least} or more, got {most}{hint}")
        times = ("disconnect_cooldown", "seed_cooldown", "stable_after", "ban_time", "upgrade_margin", "upgrade_tenure")
        retries = ("min_retry", "max_retry", "max_retry_persistent", "retry_jitter")
        for name in (*times, *retries, "score_half_life", "ban_score"):
            if not isinstance(number := getattr(self, name), int | float) or isinstance(number, bool):
                raise ConfigError(f"{name} must be a number, got {number!r}")
        for name in times:
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if not 0 < self.score_half_life < float("inf"):
            raise ConfigError(f"score_half_life must be above 0 seconds, got {self.score_half_life}")
        if not MIN_SCORE <= self.ban_score < 0:
            raise ConfigError(f"ban_score must be below 0 and at least {MIN_SCORE}, got {self.ban_score}")
        if self.max_known is not None and (
            self.max_connected is None or self.max_connected + self.max_connected_upgrade > self.max_known
        ):
            raise ConfigError(
                f"max_known {self.max_known} needs a max_connected, and room for max_connected + "
                f"max_connected_upgrade, got {self.max_connected} + {self.max_connected_upgrade}"
            )
        if self.max_connected is not None and len(self.unconditional) > self.max_connected:
            raise ConfigError(
                f"{len(self.unconditional)} unconditional peers, but max_connected is {self.max_connected}"
            )
        for require in self.requires:
            if self.max_connected is not None and require.at_least > self.max_connected:
                raise ConfigError(f"requires: {require}, but max_connected is {self.max_connected}")
        for name in ("unconditional", "private", "scores"):
            for node_id in getattr(self, name):
                if not is_node_id(node_id):
                    raise ConfigError(f"{name}: {node_id!r} is no node id; it is 64 lower-case hex digits")
        if len(self.banned) > MAX_BANS:
            raise ConfigError(f"banned: {len(self.banned)} are too many; at most {MAX_BANS}, or a network for many")
        for text in self.banned:
            try:
                ban_target(text)
            except ValueError as error:
                raise ConfigError(f"banned: {error}") from None
        for node_id, score in self.scores.items():
            if not MIN_SCORE <= score <= MAX_SCORE:
                raise ConfigError(f"scores: {node_id[:8]}… has {score}, outside of {MIN_SCORE} to {MAX_SCORE}")
        # Both are built here so that contradictory retry times are refused at once.
        _ = self.retry, self.retry_persistent, self.revisit

    @property
    def reserved_outgoing(self) -> int:
        """Peers that we dial for which place is made where others have taken all: a quarter, at most `max_outgoing`."""
        quarter = 0 if self.max_connected is None else self.max_connected // 4
        return quarter if self.max_outgoing is None else min(quarter, self.max_outgoing)

    @property
    def dials_a_minute(self) -> float:
        """So often ordinary peers are dialed at once, and in a minute in the long run: never a storm.

        64, four for each slot of the default `max_outgoing`; two for each slot where those are more, and where they
        have no limit one for each peer that may be known.
        """
        slots = self.max_known if self.max_outgoing is None else 2 * self.max_outgoing
        return max(DIALS_A_MINUTE, UNLIMITED if slots is None else slots)

    @property
    def retry(self) -> RetryPolicy:
        """Waits after failures of an ordinary peer."""
        return RetryPolicy(self.min_retry, self.max_retry, self.retry_jitter)

    @property
    def retry_persistent(self) -> RetryPolicy:
        """Waits after failures of a persistent peer: it is retried for ever."""
        return RetryPolicy(self.min_retry, self.max_retry_persistent, self.retry_jitter)

    @property
    def revisit(self) -> RetryPolicy:
        """Waits between the visits to a seed of a node that is connected to nobody."""
        least = max(self.min_retry, min(self.disconnect_cooldown, self.seed_cooldown))
        return RetryPolicy(least, max(least, self.seed_cooldown), self.retry_jitter)
