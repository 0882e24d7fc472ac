"""What happened on a node, kept for those who come late: the last events, typed and numbered, each kind in its bounds.

Laws:
1. An event that is kept keeps nothing alive: no message, no error, no actor. What of these is told is their type.
   It means the same later and elsewhere: its times are seconds since 1970.
2. At most MOST events are kept. What happens often makes room for itself: the oldest of the most frequent kind goes.
3. Nobody waits for a reader: one that is too slow loses what is not kept any more, and is told how many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Final, get_args

from ...actors.base import wall_clock
from ...actors.event_stream import EventStream, Subscription
from ...actors.messages import (
    ActorFailed,
    ActorRestarted,
    ActorTerminated,
    DeadLetter,
    FailedOver,
    HandlerStalled,
    PoolResized,
)
from ...discovery.facts import (
    BookFailed,
    BookRecovered,
    ListenerLost,
    ListenerRestored,
    PeerBanned,
    PeerCertified,
    PeerDown,
    PeerNotReached,
    PeerRefused,
    PeerRolesChanged,
    PeerUnbanned,
    PeerUp,
    RequirementMet,
    RequirementUnmet,
)

__all__ = [
    "EVENT_KINDS",
    "EVENT_TYPES",
    "ActorFailure",
    "EventHistory",
    "EventReader",
    "Happened",
    "LostMessage",
    "NodeEvent",
]

#: Events that are kept.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class LostMessage:
    """A dead letter, without what was in it: `message` is its type. See `DeadLetter`."""

    message: str
    reason: str
    to: str
    sender: str


@dataclass(frozen=True, slots=True)
class ActorFailure:
    """A failure of an actor: the type of what it raised, and the innermost line of where. See `ActorFailed`."""

    actor: str
    error: str
    at: str
    directive: str


NodeEvent = (
    PeerUp
    | PeerDown
    | PeerBanned
    | PeerCertified
    | PeerUnbanned
    | PeerNotReached
    | PeerRefused
    | ListenerLost
    | ListenerRestored
    | BookFailed
    | BookRecovered
    | PeerRolesChanged
    | RequirementMet
    | RequirementUnmet
    | ActorRestarted
    | ActorTerminated
    | ActorFailure
    | HandlerStalled
    | PoolResized
    | LostMessage
    | FailedOver
)
#: The kinds of events that are kept, by name.
EVENT_KINDS: Final = tuple(kind.__name__ for kind in get_args(NodeEvent))
#: What the history listens for.
EVENT_TYPES: tuple[type, ...] = (
    PeerUp,
    PeerDown,
    PeerBanned,
    PeerCertified,
    PeerUnbanned,
    PeerNotReached,
    PeerRefused,
    ListenerLost,
    ListenerRestored,
    BookFailed,
    BookRecovered,
    PeerRolesChanged,
    RequirementMet,
    RequirementUnmet,
    ActorRestarted,
    ActorTerminated,
    ActorFailed,
    HandlerStalled,
    PoolResized,
    DeadLetter,
    FailedOver,
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened: its number on this node, from 1, the time (seconds since 1970), and what it was."""

    number: int
    at: float
    event: NodeEvent

    @property
    def kind(self) -> str:
        """The name of the event's type."""
        return type(self.event).__name__


class EventHistory:
    """See the module. On the loop's thread.

    ```python
    for happened in node.events.since(0):
        print(happened.number, happened.kind, happened.event)
    ```
    """

    def __init__(self) -> None:
        #: The number of the newest; 0 before there is one.
        self.last: int = 0
        self._kept: dict[int, Happened] = {}
        self._by_kind: dict[type, deque[int]] = {}
        self._news: asyncio.Event | None = None
        self._ended = False

    def attach(self, stream: EventStream) -> None:
        """Keep what is published there from now on."""
        self._news = asyncio.Event()
        _Feed(stream, self)

    def record(self, event: object) -> None:
        """Keep an event. One of another type is ignored."""
        kept = _kept(event, self._since_1970)
        if kept is None:
            return
        self.last += 1
        self._kept[self.last] = Happened(self.last, wall_clock(), kept)
        self._by_kind.setdefault(type(kept), deque()).append(self.last)
        if len(self._kept) > MOST:
            del self._kept[max(self._by_kind.values(), key=len).popleft()]
        self._wake()

    def _since_1970(self, time: float) -> float:
        """A time of the loop's clock, by the calendar of now."""
        return time - asyncio.get_running_loop().time() + wall_clock()

    def end(self) -> None:
        """Nothing happens any more: readers end when they have read all."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()
            self._news = asyncio.Event()

    def since(self, number: int = 0) -> tuple[Happened, ...]:
        """Those that are kept and are newer than that number, in their order."""
        newer = []
        for happened in reversed(self._kept.values()):
            if happened.number <= number:
                break
            newer.append(happened)
        return tuple(reversed(newer))

    def follow(self, after: int = 0) -> EventReader:
        """Read what is kept and newer than `after`, then each event as it happens: `async for happened in …`.

        A number that was not reached yet is one of an earlier run of the node: all that is kept is new then.
        """
        return EventReader(self, after if after <= self.last else 0)

    async def more_than(self, number: int) -> bool:
        """Wait for an event newer than that. False: there will be none."""
        while self.last <= number and not self._ended:
            if self._news is None:  # the node does not run yet
                self._news = asyncio.Event()
            await self._news.wait()
        return self.last > number


class EventReader:
    """One who reads a node's events at its own pace. `missed` counts those that it was too late for."""

    def __init__(self, history: EventHistory, after: int) -> None:
        self._history = history
        #: The number of the newest that was read.
        self.after: int = after
        self.missed: int = 0

    async def read(self) -> tuple[Happened, ...]:
        """Wait until there are some that were not read, and return them; none: the node has stopped."""
        if not await self._history.more_than(self.after):
            return ()
        found = self._history.since(self.after)
        self.missed += self._history.last - self.after - len(found)
        self.after = self._history.last
        return found

    async def __aiter__(self) -> AsyncIterator[Happened]:
        while found := await self.read():
            for happened in found:
                yield happened


class _Feed(Subscription[object]):
    """What brings the events from the stream to the history."""

    def __init__(self, stream: EventStream, history: EventHistory) -> None:
        super().__init__(stream, EVENT_TYPES)
        self._history = history

    def accept(self, event: object) -> None:
        self._history.record(event)

    def close(self) -> None:
        super().close()
        self._history.end()


def _kept(event: object, since_1970: Callable[[float], float]) -> NodeEvent | None:
    """What is kept of an event; see law 1."""
    if isinstance(event, PeerBanned):
        ban = event.ban
        made = None if ban.made is None else since_1970(ban.made)
        return PeerBanned(replace(ban, until=since_1970(ban.until), made=made))
    if isinstance(event, DeadLetter):
        return LostMessage(type(event.message).__name__, event.reason, event.to, event.sender)
    if isinstance(event, ActorFailed):
        frame = event.error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        at = "" if frame is None else f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return ActorFailure(event.actor, type(event.error).__name__, at, event.directive)
    return event if isinstance(event, NodeEvent) else None
