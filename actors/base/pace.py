"""How many lines of one kind are told in a second: the others are counted, and told of once the second is over."""

# Law: every line that is asked for is told, or is in a number that `rest` returns: the next second asks for it, and
#      where nothing comes any more, whoever was told by `due` to ask a second later, and who ends.

from __future__ import annotations

__all__ = ["Pace"]


class Pace:
    """At most `most` lines a second. Not for several threads at once."""

    __slots__ = ("_asked", "_most", "_second", "_told", "_untold")

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0
        self._told = 0
        self._untold = 0
        #: Somebody will ask for the rest.
        self._asked = False

    def allows(self, now: float) -> bool:
        """Whether one more line is told at `now` (seconds of any one clock)."""
        second = int(now)
        if second != self._second:
            self._second, self._told = second, 0
        if self._told < self._most:
            self._told += 1
            return True
        self._untold += 1
        return False

    def due(self) -> bool:
        """Whether the caller has to see to it that `rest` is asked for in a second: true once for each number."""
        if not self._untold or self._asked:
            return False
        self._asked = True
        return True

    def rest(self) -> int:
        """How many were not told since this was last asked for."""
        untold, self._untold, self._asked = self._untold, 0, False
        return untold
