"""When a pool grows and shrinks by itself: by how long the oldest message has waited. No clock of its own.

Laws:
1. It grows where the oldest message has waited for `grow_after`, by a quarter and at least by one, and looks at what
   came of that for as long before it grows again.
2. It shrinks by one where for `shrink_after` nothing has waited and a member had nothing to do, and then waits as long.
3. It stays within `lower` and `upper`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from ..base import spelled

__all__ = ["MAX_MEMBERS", "Resizer", "PoolSizing", "check_members"]

#: Members of one pool: more threads or processes than this are no gain on any machine, and a send looks at each member.
MAX_MEMBERS = 256
#: Seconds between two looks, at least and at most: a look takes some microseconds a member.
LOOKS = (0.05, 5.0)


def check_members(what: str, count: object) -> int:
    """Raise TypeError for what is no number of members, ValueError for one that cannot be."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{what} is {count!r}; write a number of members, 1 to {MAX_MEMBERS}")
    if not 1 <= count <= MAX_MEMBERS:
        raise ValueError(f"{what} is {count}; a pool has 1 to {MAX_MEMBERS} members")
    return count


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Resizer:
    """By which rule a pool changes its size: `lower` to `upper` members, and how long what is so has to last.

    `grow_after`: seconds that the oldest message has waited; `shrink_after`: seconds without one that waits.
    Raises TypeError and ValueError for what is no rule.

    ```python
    pool = Pool(Blocks, threads=2, resizer=Resizer(lower=2, upper=8, grow_after=0.2))
    ```
    """

    upper: int
    lower: int = 1
    grow_after: float = 0.5
    shrink_after: float = 30.0

    def __post_init__(self) -> None:
        check_members("upper", self.upper)
        check_members("lower", self.lower)
        if self.lower > self.upper:
            raise ValueError(f"lower is {self.lower}, above upper, {self.upper}")
        for name in ("grow_after", "shrink_after"):
            value: object = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"{name} is {value!r}; write seconds")
            if not (isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; write seconds above 0")

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        least, most = LOOKS
        return min(max(min(self.grow_after, self.shrink_after) / 2, least), most)


class PoolSizing:
    """The rule at work on one pool."""

    __slots__ = ("_calm", "_changed", "_rule")

    def __init__(self, rule: Resizer, now: float) -> None:
        self._rule = rule
        self._changed = now
        #: Since when nothing waits and somebody rests; None: it is not so.
        self._calm: float | None = None

    def look(self, now: float, size: int, oldest: float, idle: int) -> int:
        """How many members there should be. `oldest`: seconds that the oldest message has waited, 0 where none does.

        `idle`: members that have nothing to do.
        """
        rule = self._rule
        if oldest > 0 or not idle:
            self._calm = None
        elif self._calm is None:
            self._calm = now
        wanted = size
        if oldest >= rule.grow_after and now - self._changed >= rule.grow_after:
            wanted = size + max(1, size // 4)
        elif self._calm is not None and now - max(self._calm, self._changed) >= rule.shrink_after:
            wanted = size - 1
        wanted = min(max(wanted, rule.lower), rule.upper)
        if wanted != size:
            self._changed = now
        return wanted

    def changed(self, now: float) -> None:
        """Somebody else has changed the size: wait as after a change of one's own."""
        self._changed = now
