"""What happened in a simulation: one line an event, and a digest over all of them."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Event", "Trace"]

#: Events that are kept to be shown; the digest is over all.
KEPT = 10_000
#: Events of each node that a failure shows.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Event:
    """One event: seconds of virtual time, the node's name, and what happened."""

    time: float
    node: str
    what: str

    def __str__(self) -> str:
        return f"{self.time:12.6f}  {self.node:<10} {self.what}"


class Trace:
    """The events of one simulation, in order: the same seed gives the same bytes. Not `on`: it takes none.

    ```python
    trace = Trace()
    trace.add(1.5, "alice", "dials bob")
    assert [str(event).split() for event in trace] == [["1.500000", "alice", "dials", "bob"]]
    ```
    """

    def __init__(self, *, on: bool = True, kept: int = KEPT) -> None:
        self.on = on
        #: Events so far, those that are kept no longer too.
        self.count: int = 0
        self._events: deque[Event] = deque(maxlen=kept)
        self._hash = hashlib.sha256()

    def add(self, time: float, node: str, what: str) -> None:
        """One more event."""
        if self.on:
            event = Event(time, node, what)
            self.count += 1
            self._events.append(event)
            self._hash.update(f"{time!r} {node} {what}\n".encode())

    def digest(self) -> str:
        """SHA-256 over all events, in hexadecimal."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def last(self, each: int = SHOWN) -> list[Event]:
        """The last events of each node, in the order of time."""
        left: dict[str, int] = {}
        shown: list[Event] = []
        for event in reversed(self._events):
            seen = left.get(event.node, 0)
            if seen < each:
                left[event.node] = seen + 1
                shown.append(event)
        return shown[::-1]

    def timeline(self, each: int = SHOWN) -> str:
        """The last events of each node as text, one a line."""
        return "\n".join(str(event) for event in self.last(each))
