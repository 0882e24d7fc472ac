"""What happened on some buses, lately: the last facts of each, in the order of time."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ...actors.bus import Bus
from ...actors.event_stream import Subscription

__all__ = ["Timeline"]

#: Facts of each bus that are kept.
KEPT = 12
#: Characters of one fact.
WIDTH = 160


class Line(NamedTuple):
    """One fact: seconds since the first bus was followed, whose, what."""

    at: float
    name: str
    fact: str


class Timeline:
    """Follows the facts that buses publish: peers up and down, actors failed and restarted, dead letters, …"""

    def __init__(self) -> None:
        self._diaries: list[_Diary] = []
        self._begin: float | None = None

    def follow(self, bus: Bus, name: str) -> None:
        """Keep the last facts of this bus, which runs, until it stops."""
        if self._begin is None:
            self._begin = bus.loop.time()
        self._diaries.append(_Diary(bus, name, self._begin))

    def text(self) -> str:
        """The last facts of every bus, one a line: seconds, whose, what."""
        lines = sorted(line for diary in self._diaries for line in diary.lines)
        widest = max((len(line.name) for line in lines), default=0)
        return "\n".join(f"{line.at:10.4f}  {line.name:<{widest}}  {line.fact}" for line in lines)


class _Diary(Subscription[object]):
    """The facts of one bus, with their times: a subscription that nobody reads."""

    def __init__(self, bus: Bus, name: str, begin: float) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self._bus = bus
        self._name = name
        self._begin = begin
        super().__init__(bus.events.stream, (object,))

    def accept(self, event: object) -> None:
        """Write it down."""
        fact = repr(event)
        if len(fact) > WIDTH:
            fact = fact[: WIDTH - 1] + "…"
        self.lines.append(Line(self._bus.loop.time() - self._begin, self._name, fact))
