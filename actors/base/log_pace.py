"""No line of the log has a pace that a stranger sets: of each event a few lines a second are told, the rest is counted.

Laws:
1. Of one event and one node `LINES` lines a second are told, and of all events of that node together `LINES_OF_ALL`.
2. Whatever floods, another event is told of: the first `ALWAYS` lines of each in a second go beyond that sum.
3. What is not told is counted by its reason, and the counts are told within a second.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["LINES", "LINES_OF_ALL", "LogPace", "LogSum", "Tell"]

#: Says of an event and a node how many lines were not told, by reason.
Tell = Callable[[str, object, Mapping[str, int]], None]
#: One for all, and not in the objects: a logger is copied and pickled as any object.
_LOCK = threading.Lock()

#: Lines a second of one event and one node: a start of that many peers is told in full, and at 200 bytes a line a flood
#: of each is 4 KiB a second.
LINES: Final = 20
#: Lines a second of all events of one node: a stranger who knows how to cause ten events has no more of them.
LINES_OF_ALL: Final = 40
#: Lines a second of one event that are told whatever the others have taken.
ALWAYS: Final = 2
#: A line with a traceback counts as this many: it is ten lines more, of which a peer may cause as many as of any.
WITH_TRACEBACK: Final = 4
#: Events by node that are counted apart; beyond that the one that came first is counted anew.
_EVENTS: Final = 1024
#: Reasons of one event that are counted apart, as they may be a stranger's words.
_REASONS: Final = 8


class LogSum:
    """The lines that all loggers of a process told in this second, by node. Guarded by the lock of its users."""

    __slots__ = ("_lines", "_second")

    def __init__(self) -> None:
        self._lines: dict[object, int] = {}
        self._second = 0

    def of(self, node: object, second: int) -> int:
        """How many lines of this node were told in that second, which is now."""
        if second != self._second:
            self._second = second
            self._lines.clear()
        return self._lines.get(node, 0)

    def add(self, node: object, lines: int) -> None:
        """`lines` more are told, in the second that `of` was asked about last."""
        self._lines[node] = self._lines.get(node, 0) + lines

    def forget(self) -> None:
        """Begin anew."""
        self._lines.clear()


class LogPace:
    """Of one logger, used by any thread. `now` is a clock's; `total` is shared by the loggers of a process."""

    __slots__ = ("_due", "_now", "_told", "_total", "_untold")

    def __init__(self, now: Callable[[], float] = time.monotonic, total: LogSum | None = None) -> None:
        self._now = now
        self._total = LogSum() if total is None else total
        #: By event and node: the second, and the lines that were told in it.
        self._told: dict[tuple[str, object], tuple[int, int]] = {}
        self._untold: dict[tuple[str, object], Counter[str]] = {}
        #: When somebody says what was not told: a timer of an event loop, or whoever comes next.
        self._due = 0.0

    def allows(self, event: str, node: object, reason: object, tell: Tell, *, traceback: bool = False) -> bool:
        """Whether this line is told; else it is counted by its reason, and told of within a second or with the next."""
        now = self._now()
        key, second = (event, node), int(now)
        with _LOCK:
            last, told = self._told.get(key, (second, 0))
            told = told if last == second else 0
            of_all = self._total.of(node, second)
            allowed = told < LINES and (told < ALWAYS or of_all < LINES_OF_ALL)
            if allowed:
                lines = WITH_TRACEBACK if traceback else 1
                self._told[key] = (second, told + lines)
                self._total.add(node, lines)
                while len(self._told) > _EVENTS:
                    del self._told[next(iter(self._told))]
                late = bool(self._untold) and now >= self._due
            else:
                late = False
                self._count(key, str(reason))
                self._wait(now, tell)
        if late:
            self.flush(tell)
        return allowed

    def flush(self, tell: Tell) -> None:
        """Say now what was not told."""
        with _LOCK:
            untold, self._untold, self._due = self._untold, {}, 0.0
        for (event, node), counts in untold.items():
            tell(event, node, counts)

    def forget(self) -> None:
        """Begin anew, and say nothing of what was not told: a test hears of no other one."""
        with _LOCK:
            self._told.clear()
            self._total.forget()
            self._untold.clear()
            self._due = 0.0

    def _count(self, key: tuple[str, object], reason: str) -> None:
        counts = self._untold.setdefault(key, Counter())
        counts[reason if reason in counts or len(counts) < _REASONS else "other"] += 1

    def _wait(self, now: float, tell: Tell) -> None:
        if now < self._due:
            return
        self._due = now + 1.0
        loop = asyncio._get_running_loop()
        if loop is not None:
            loop.call_later(1.0, self.flush, tell)
