"""One direction of the way between two nodes, as bad as you like.

Laws:
1.  Parcels of one stream arrive in the order in which they left, whatever their delays; streams do not wait for each
    other but where they share bandwidth.
2.  A cut holds everything back, and nobody hears of it: TCP retransmits, so what was held arrives after the heal.
3.  A stream loses no byte. Where one is lost, the stream breaks, at both ends, or is severed: then nothing of it
    arrives any more, and neither end hears of that from the network.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary, WeakSet

from ...transports.streams import MemoryStream, Parcel, Wire
from .conditions import Conditions

__all__ = ["FaultyLink", "LinkHost", "LinkStatistics", "Pipe"]


class LinkHost(Protocol):
    """What a link needs of its network, which is a `FaultyNetwork`."""

    #: Parcels arrive in this context.
    context: Context
    #: Ends of streams that carry nothing any more.
    severed: WeakSet[MemoryStream]
    #: Sees each parcel when it is sent; None: nobody looks.
    tap: Callable[[FaultyLink, Parcel], None] | None

    def note(self, link: FaultyLink, text: str) -> None:
        """Something went wrong on the link."""


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """A link at one instant: parcels and bytes that were taken, parcels on their way, held by a cut, lost."""

    parcels: int
    bytes: int
    flying: int
    held: int
    lost: int


class FaultyLink(Wire):
    """See the module. Made by a FaultyNetwork, which is where one changes what it does."""

    def __init__(self, network: LinkHost, source: str, target: str, conditions: Conditions, rng: random.Random):
        super().__init__(source, target)
        self.network = network
        self.rng = rng
        self.conditions = conditions
        self.buffer = conditions.buffer
        #: Nothing arrives, for now.
        self.cut = False
        #: Nothing arrives, ever: one of the two nodes has vanished.
        self.dark = False
        self.parcels = self.bytes = self.lost = self.flying = 0
        #: When what was taken so far will have been sent, where bandwidth is bounded.
        self._busy = 0.0
        self._dials = Pipe(self)
        self._pipes: WeakKeyDictionary[MemoryStream, Pipe] = WeakKeyDictionary()

    def carry(self, parcel: Parcel) -> None:
        """As `Wire.carry`."""
        stream = parcel.stream
        self.parcels += 1
        self.bytes += parcel.size
        if self.network.tap is not None:
            self.network.tap(self, parcel)
        if self.dark or (stream is not None and stream in self.network.severed):
            self.lost += 1
            return
        loop = asyncio.get_running_loop()
        conditions = self.conditions
        if conditions.loss and self.rng.random() < conditions.loss:
            self.lost += 1
            self.network.note(self, "loses a parcel, the stream breaks" if stream is not None else "loses a dial")
            loop.call_soon(parcel.lose, context=self.network.context)
            return
        now = loop.time()
        at = now
        if conditions.bandwidth is not None:
            at = self._busy = max(now, self._busy) + parcel.size / conditions.bandwidth
        self.pipe(stream).add(parcel, at + conditions.delay(self.rng), loop)

    def pipe(self, stream: MemoryStream | None) -> Pipe:
        """Where the parcels of one end of a stream are on their way; those of dials for None."""
        if stream is None:
            return self._dials
        found = self._pipes.get(stream)
        if found is None:
            found = self._pipes[stream] = Pipe(self)
        return found

    @property
    def streams(self) -> list[MemoryStream]:
        """The ends at `source` that have sent anything, the oldest first."""
        return list(self._pipes)

    def shape(self, conditions: Conditions) -> None:
        """Be like this from now on."""
        shrinks = conditions.buffer < self.buffer
        self.conditions = conditions
        self.buffer = conditions.buffer
        if shrinks:
            for stream in self.streams:
                stream.other.report()  # else the sender waits for what its reader has no reason to say any more

    def hold(self) -> None:
        """Let nothing arrive until `release`."""
        self.cut = True

    def release(self) -> None:
        """Deliver again, first what was held."""
        self.cut = False
        for pipe in (self._dials, *self._pipes.values()):
            pipe.resume()

    def vanish(self) -> None:
        """Lose everything, silently, what is on its way too, until `appear`."""
        self.dark = True
        for pipe in (self._dials, *self._pipes.values()):
            pipe.drop()

    def appear(self) -> None:
        """Carry again. Streams from before must have been severed."""
        self.dark = False

    def statistics(self) -> LinkStatistics:
        """Counters and levels at this instant."""
        return LinkStatistics(
            parcels=self.parcels,
            bytes=self.bytes,
            flying=0 if self.cut else self.flying,
            held=self.flying if self.cut else 0,
            lost=self.lost,
        )


class Pipe:
    """The parcels of one end of a stream that are on their way, in order, with one timer for the first of them."""

    __slots__ = ("__weakref__", "_last", "_link", "_queue", "_timer")

    def __init__(self, link: FaultyLink) -> None:
        self._link = link
        self._queue: deque[tuple[float, Parcel]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def add(self, parcel: Parcel, at: float, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver it at that time, or when what was sent before has arrived."""
        if at < self._last:
            at = self._last
        self._last = at
        self._queue.append((at, parcel))
        link = self._link
        link.flying += 1
        if self._timer is None and not link.cut:
            self._timer = loop.call_at(at, self._arrive, loop, context=link.network.context)

    def resume(self) -> None:
        """The cut is over: what was held arrives one latency from now, as a retransmission would."""
        queue, link = self._queue, self._link
        if not queue or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        at = max(queue[0][0], loop.time() + link.conditions.delay(link.rng))
        self._last = max(self._last, at)
        self._timer = loop.call_at(at, self._arrive, loop, context=link.network.context)

    def drop(self) -> None:
        """Lose what is on its way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        link = self._link
        link.flying -= len(self._queue)
        link.lost += len(self._queue)
        self._queue.clear()

    def _arrive(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        link, queue = self._link, self._queue
        if link.cut:
            return
        now = loop.time()
        while True:
            _, parcel = queue.popleft()
            link.flying -= 1
            parcel.deliver()
            if not queue or link.cut:
                return
            at = queue[0][0]
            if at > now:
                break
        self._timer = loop.call_at(at, self._arrive, loop, context=link.network.context)
