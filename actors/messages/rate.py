"""How much one peer may send on one channel: a token bucket of messages, one of bytes, and asks in flight."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..base import spelled

__all__ = ["Rate"]


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Of each peer, on each channel that it holds for. None: no limit.

    `messages`, `bytes`: a second, in the long run. `messages_burst`, `bytes_burst`: at once; None: as much as of a
    second. `asks`: that are in flight at a time, which is from when they have come until they are answered. What is
    over it waits at its sender, who has no credit for it. Items of streams count as messages, with a burst of their
    own. Raises ValueError for a limit that is none.

    ```python
    blocks = Channel("blocks", messages=(GetBlock,), rate=Rate(messages=100, messages_burst=500, asks=16))
    ```
    """

    messages: float | None = None
    messages_burst: int | None = None
    bytes: float | None = None
    bytes_burst: int | None = None
    asks: int | None = None

    def __post_init__(self) -> None:
        for name in ("messages", "bytes"):
            value, burst = getattr(self, name), getattr(self, f"{name}_burst")
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ValueError(f"{name} is {value!r}; write how many a second, as a number")
            if value is not None and not (0 < value < math.inf):
                raise ValueError(f"{name} is {value}; write how many a second, above 0")
            if burst is not None and value is None:
                raise ValueError(f"{name}_burst needs a rate: write {name} as well")
            _check_count(f"{name}_burst", burst)
        _check_count("asks", self.asks)

    @property
    def most_messages(self) -> float:
        """Messages at once."""
        return _burst(self.messages, self.messages_burst)

    @property
    def most_bytes(self) -> float:
        """Bytes at once."""
        return _burst(self.bytes, self.bytes_burst)

    def __str__(self) -> str:
        found = []
        if self.messages is not None:
            found.append(f"{self.messages:g} messages/s, {self.most_messages:g} at once")
        if self.bytes is not None:
            found.append(f"{self.bytes:g} bytes/s, {self.most_bytes:g} at once")
        if self.asks is not None:
            found.append(f"{self.asks} asks in flight")
        return "; ".join(found) or "no limit"


def _check_count(name: str, count: object) -> None:
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ValueError(f"{name} is {count!r}; write 1 or more, a whole number")


def _burst(rate: float | None, burst: int | None) -> float:
    if rate is None:
        return math.inf
    return max(1, math.ceil(rate)) if burst is None else burst
