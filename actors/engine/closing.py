"""How a bus ends: in which order, and how long each step may take. The one place that says so, and that does it.

The order is that of `Ending`. Laws:
1. Refuse first. From `aclose` on, sends of plain code raise ShuttingDown, and nobody spawns but actors their children.
   Whatever lets work in from outside handles `ShutdownStarted`, and refuses as well from then on. (A ref's own `tell`
   and `ask`, as a thread uses them that works for an actor, are taken as long as that actor runs.)
2. Work at hand keeps what it needs. While users' actors drain, nothing ends: they take each other's messages, peers are
   connected, timers fire. It is over when all of them rest at the same moment, or the time is.
3. Then actors end by phases, in a phase the newest first, one after the other, but for those of SIDE_BY_SIDE. An actor
   ends after its children, which end side by side, and its timers when it begins to; its `on_stop` finds all that ends
   after it.
4. The time is one: from `aclose` to the end of users' actors it is `shutdown_timeout`; what works then is killed. Each
   later phase has what is left, GRACE at least, for what is under way in it, and KILL_TIMEOUT more for its own end.
5. An actor's class says in which phase it ends (`Actor.ends_in`), else it is its parent's, or WORK.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from ..base import get_logger
from ..mailbox import Envelope
from ..messages import ShutdownStarted
from .cell import Cell
from .ending import SIDE_BY_SIDE, Ending
from .life import Life
from .loop_cell import LoopCell
from .state import State
from .thread_cell import ThreadCell

__all__ = ["Closing", "RunningActors"]

log = get_logger("peerbus.actors")

#: Seconds that what was killed may take to end; a handler on a thread that never returns takes longer.
KILL_TIMEOUT = 1.0
#: Seconds that each phase after the users' has at least for what is under way in it.
GRACE = 0.5
#: Seconds between two looks whether all rest. Nobody says when it goes idle: that would cost every message.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.05
#: What part of the time that was waited so far may pass until the next look.
PAUSE_SHARE = 0.125


class RunningActors(Protocol):
    """Knows which actors have not ended."""

    def running(self) -> Iterable[Life]:
        """Their cells, the oldest first."""

    def runs(self, cell: Life) -> bool:
        """That cell has not ended."""

    def end_of(self, cell: Life) -> asyncio.Future[None]:
        """Done when that cell, which runs, has ended."""


class ClosingHost(Protocol):
    """A bus that ends."""

    name: str
    loop: asyncio.AbstractEventLoop
    #: Seconds that users' actors have for the work at hand.
    shutdown_timeout: float

    @property
    def actors(self) -> RunningActors:
        """Its actors."""


class Closing:
    """The end of one bus, from the moment it is made. Task: the one of `run` (waits for: actors; feeds: nobody)."""

    def __init__(self, bus: ClosingHost) -> None:
        self._bus = bus
        self._actors = bus.actors
        self._loop = bus.loop
        #: When what is under way in this phase has to be over, in seconds of the loop's clock.
        self.until = self._loop.time() + bus.shutdown_timeout
        #: What each actor was at when the end began: of what it tells itself, this counts as work, and nothing later.
        self._begun = {cell: _in_hand(cell) for cell in self._cells(Ending.WORK)}
        self._busy: Cell | None = None
        event = ShutdownStarted(bus.shutdown_timeout)
        for cell in self._cells():
            if ShutdownStarted in cell.handlers:
                cell.mailbox.put_system(Envelope(event))

    async def run(self) -> None:
        """All phases."""
        await self._rest()
        threads: list[ThreadCell] = []
        for phase in Ending:
            if phase > Ending.WORK:
                self.until = max(self.until, self._loop.time() + GRACE)
            threads += [cell for cell in self._cells(phase) if isinstance(cell, ThreadCell)]
            await self._end(phase)
        for cell in threads:
            if cell.state is State.STOPPED and not cell.left:
                cell.thread.join(KILL_TIMEOUT)  # it has nothing left to do
        # The garbage collector does not look into a message, and these lead back here over whoever waits for them.
        self._begun.clear()
        self._busy = None

    def _cells(self, phase: Ending | None = None) -> list[Cell]:
        """The actors that run, or those of them that end in this phase, the oldest first."""
        cells = [cell for cell in self._actors.running() if isinstance(cell, Cell)]
        return cells if phase is None else [cell for cell in cells if _phase_of(cell) is phase]

    # Draining.

    async def _rest(self) -> None:
        """Wait until users' actors rest, all at the same moment, or until the time is over."""
        began, quiet = self._loop.time(), False
        while (now := self._loop.time()) < self.until:
            busy = self._somebody_works()
            if busy:
                pause = min(max((now - began) * PAUSE_SHARE, SHORTEST_PAUSE), LONGEST_PAUSE)
                await asyncio.sleep(min(pause, self.until - now))
            elif quiet:
                return
            else:
                await asyncio.sleep(0)  # what is on its way from thread to thread arrives before the second look
            quiet = not busy

    def _somebody_works(self) -> bool:
        # What did at the last look is asked first: it spares looking through thousands.
        if self._busy is None or not self._works(self._busy):
            self._busy = next((cell for cell in self._cells(Ending.WORK) if self._works(cell)), None)
        return self._busy is not None

    def _works(self, cell: Cell) -> bool:
        """It has something to do that it has not told itself since the end began: that would never be over."""
        match cell.state:
            case State.STOPPED:
                return False
            case State.BACKING_OFF:
                return cell.mailbox.holds_others(cell)
            case State.RUNNING:
                begun = self._begun.get(cell, ())
                return cell.mailbox.holds_others(cell) or any(
                    envelope.source is not cell or any(envelope is one for one in begun) for envelope in _in_hand(cell)
                )
            case State.NEW | State.STARTING | State.STOPPING:
                return True

    # Ending.

    async def _end(self, phase: Ending) -> None:
        """Stop the actors of one phase, the newest first; kill those that are late."""
        # Children of actors that end here are ended by those.
        cells = [c for c in self._cells(phase) if c.parent is None or _phase_of(c.parent) is not phase]
        heads = tuple(cells)
        until = self.until if phase is Ending.WORK else self.until + KILL_TIMEOUT
        overdue = False
        if phase in SIDE_BY_SIDE:
            self._stop(cells)
        while cells:
            if self._loop.time() >= until:
                if overdue:  # and the order takes too long as well: all that are left at once
                    self._stop(cells)
                    until = self._loop.time() + KILL_TIMEOUT
                    await self._ended(until, cells)
                    for cell in cells:
                        self._kill(cell)
                    break
                # What has nothing to do, or only waited for the end of others, still ends in order.
                overdue, until = True, self._loop.time() + KILL_TIMEOUT
            cell = cells.pop()
            if self._actors.runs(cell) and overdue and self._works(cell):
                self._kill(cell)
                continue
            if phase not in SIDE_BY_SIDE:
                self._stop([cell])
            if not await self._ended(until, [cell]):
                self._kill(cell)
        await self._ended(self._loop.time() + KILL_TIMEOUT, heads)
        for cell in heads:
            if self._actors.runs(cell):
                log.error("the actor does not stop: a handler never returns", node=self._bus.name, actor=str(cell))
                cell.leave_behind()  # and its children

    def _stop(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if self._actors.runs(cell):
                cell.request_stop()

    def _kill(self, cell: Life) -> None:
        if not self._actors.runs(cell):
            return
        log.warning("not stopped in time, the actor is killed", node=self._bus.name, actor=str(cell))
        cell.kill("the bus stops, its mailbox was not drained in time")

    async def _ended(self, until: float, cells: Iterable[Cell]) -> bool:
        """Wait for the end of these. False: the time is over."""
        ends = [self._actors.end_of(cell) for cell in cells if self._actors.runs(cell)]
        try:
            async with asyncio.timeout_at(until):
                for end in ends:
                    await asyncio.shield(end)
        except TimeoutError:
            return False
        return True


def _in_hand(cell: Cell) -> tuple[Envelope, ...]:
    """What its handlers are at, as far as one can tell beside them."""
    beside = cell.detached if isinstance(cell, LoopCell) else ()
    return beside if cell.current is None else (cell.current, *beside)


def _phase_of(cell: Life) -> Ending:
    phase, above = cell.actor_class.ends_in, cell.parent
    while phase is None and above is not None:
        phase, above = above.actor_class.ends_in, above.parent
    return Ending.WORK if phase is None else phase
