"""How long to wait after a failure: exponential, capped, jitter drawn once per failure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from ...actors.base import ConfigError

__all__ = ["Backoff", "RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """After the n-th failure in a row wait between `d * (1 - jitter)` and `d`, d = min(most, least * 2**(n-1)).

    Times in seconds. The jitter stays at the cap too, so peers that fell together do not come back together.
    Raises ConfigError where the numbers contradict each other.
    """

    least: float
    most: float
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.most < math.inf:
            raise ConfigError(f"retry times must be 0 < least <= most, got least={self.least} most={self.most}")
        if not 0 <= self.jitter < 1:
            raise ConfigError(f"retry jitter must be at least 0 and below 1, got {self.jitter}")

    def delay(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after that many failures in a row (at least 1)."""
        # 2**64 times any sane least is above any sane cap; the bound keeps the power finite.
        full = min(self.most, self.least * 2.0 ** min(failures - 1, 64))
        return full * (1.0 - self.jitter * rng.random())


@dataclass(slots=True)
class Backoff:
    """Failures in a row of one thing, and the time before which it is not tried again."""

    failures: int = 0
    until: float = -math.inf

    def failed(self, now: float, rng: random.Random, policy: RetryPolicy) -> None:
        """Count a failure and draw its wait, once."""
        self.failures += 1
        self.until = now + policy.delay(self.failures, rng)

    def reset(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.until = -math.inf
