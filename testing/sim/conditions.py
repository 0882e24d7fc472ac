"""What a way between two nodes is like: latency, jitter, bandwidth, loss, buffer."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from ...actors.base import spelled
from ...transports.streams import RECEIVE_BUFFER

__all__ = ["Conditions", "LogNormal", "Uniform"]


@spelled
@dataclass(frozen=True, slots=True)
class Uniform:
    """A latency that is anywhere between two bounds, in seconds. Raises ValueError where they are no range.

    ```python
    network = FaultyNetwork(latency=Uniform(0.01, 0.03))
    ```
    """

    least: float
    most: float

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most < math.inf:
            raise ValueError(f"not a range of seconds: {self.least} to {self.most}")

    def draw(self, rng: random.Random) -> float:
        """Seconds."""
        return rng.uniform(self.least, self.most)


@spelled
@dataclass(frozen=True, slots=True)
class LogNormal:
    """A latency with a long tail, as measured on the Internet: `mean` seconds, `sigma` of its logarithm.

    Raises ValueError where a number is negative.

    ```python
    network = FaultyNetwork(latency=LogNormal(mean=0.05, sigma=0.5))
    ```
    """

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        if not (0 < self.mean < math.inf and 0 <= self.sigma < math.inf):
            raise ValueError(f"mean is above 0 and sigma not below: {self.mean}, {self.sigma}")

    def draw(self, rng: random.Random) -> float:
        """Seconds."""
        return rng.lognormvariate(math.log(self.mean) - self.sigma**2 / 2, self.sigma)


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """One direction of the way between two nodes. Raises ValueError for what cannot be.

    `latency`: seconds, the same for all or drawn for each parcel. `jitter`: up to that many seconds more, drawn for
    each. `bandwidth`: bytes a second for all streams together, None for no limit. `loss`: the chance that a parcel is
    lost, which breaks its stream, as a stream never loses bytes; a dial fails. `buffer`: bytes of one stream that may
    be on their way or unread.

    ```python
    slow = Conditions(latency=LogNormal(mean=0.05, sigma=0.5), bandwidth=125_000, loss=0.001)
    ```
    """

    latency: float | Uniform | LogNormal = 0.0
    jitter: float = 0.0
    bandwidth: float | None = None
    loss: float = 0.0
    buffer: int = RECEIVE_BUFFER

    def __post_init__(self) -> None:
        if isinstance(self.latency, int | float) and not 0 <= self.latency < math.inf:
            raise ValueError(f"latency is 0 or more seconds, not {self.latency}")
        if not 0 <= self.jitter < math.inf:
            raise ValueError(f"jitter is 0 or more seconds, not {self.jitter}")
        if self.bandwidth is not None and not self.bandwidth > 0:
            raise ValueError(f"bandwidth is above 0 bytes a second, not {self.bandwidth}")
        if not 0 <= self.loss <= 1:
            raise ValueError(f"loss is a chance from 0 to 1, not {self.loss}")
        if self.buffer < 1:
            raise ValueError(f"a buffer holds at least 1 byte, not {self.buffer}")

    def changed(self, **changes: object) -> Conditions:
        """The same but for these fields. Raises TypeError for a field that is not there."""
        return replace(self, **changes)  # type: ignore[arg-type]  # checked by the constructor

    def delay(self, rng: random.Random) -> float:
        """Seconds that one parcel is on its way, besides its turn to be sent."""
        latency = self.latency
        delay = latency if isinstance(latency, int | float) else latency.draw(rng)
        return delay + rng.uniform(0.0, self.jitter) if self.jitter else delay
