"""How often peers are asked for peers, and how much is remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...actors.base import ConfigError, spelled

__all__ = ["PexOptions"]


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class PexOptions:
    """Times in seconds. Raises ConfigError on contradiction.

    Each neighbour is asked `min_interval` after an answer with something new, twice as long after each without, up to
    `max_interval`, and every `full_interval` while there is no room for more than `max_records`. Each wait is longer by
    up to a quarter, by chance. `seed`: answer, and then free the slot for the next one.
    """

    seed: bool = False
    min_interval: float = 2.0
    max_interval: float = 60.0
    full_interval: float = 300.0
    #: A request that is not answered by then is given up.
    answer_within: float = 5.0
    #: Records of nodes that are remembered: 2 KiB each at most, 250 bytes as a rule.
    max_records: int = 1024

    def __post_init__(self) -> None:
        # A peer allows one request a second in the long run: one that asks twice as often as it may is refused.
        if not 2.0 <= self.min_interval <= self.max_interval <= self.full_interval < math.inf:
            raise ConfigError(
                "intervals of peer exchange must be 2 <= min <= max <= full seconds, got "
                f"{self.min_interval}, {self.max_interval}, {self.full_interval}"
            )
        if not 0 < self.answer_within < math.inf:
            raise ConfigError(f"answer_within must be above 0 seconds, got {self.answer_within}")
        if self.max_records < 1:
            raise ConfigError(f"max_records must be 1 or more, got {self.max_records}")
