"""The worker's own actor, which hears what the node says to the worker itself; and what the worker says of itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from ...actors.base import SendError, text_of
from ...actors.bus import Bus
from ...actors.engine import Cell, Ending, handles
from ...actors.mailbox import Envelope
from ...actors.messages import (
    LOCAL,
    ActorFailed,
    ActorRestarted,
    Address,
    HandlerStalled,
    ShutdownStarted,
    Terminated,
    parse_address,
)
from ...actors.reactor import Reactor
from ...transports.sending import InsideLink
from ..process import LoopLag, process_figures
from .seat import SEAT, MemberSeat
from .talk import (
    GATE,
    WORKER,
    AwaitRest,
    BeginWorker,
    EndWorker,
    EventsOf,
    LogLines,
    PeerEnded,
    WantRest,
    WorkerFigures,
)

__all__ = ["WorkerDesk", "WorkerReports"]

#: Lines of the log that wait to be told; more are dropped, and counted.
MOST_LINES = 1000
#: Lines that are told at once.
LINES = 100
#: Seconds between two looks at what there is to tell.
EVERY = 0.1
#: Seconds between two figures.
FIGURES_EVERY = 1.0
#: Seconds between two looks whether all rest.
LOOK_EVERY = 0.01


class WorkerDesk(Reactor):
    """See the module. `told(within)`: the worker is to end within that many seconds; `begun(setup)`: what it is to do.

    `closes()` is called when the worker's bus begins to close, whoever has it do so.
    """

    channel = WORKER
    ends_in: ClassVar[Ending | None] = Ending.SERVICE

    def __init__(
        self, bus: Bus, told: Callable[[float], None], begun: Callable[[bytes], None], closes: Callable[[], None]
    ) -> None:
        super().__init__()
        self._of = bus
        self._told = told
        self._begun = begun
        self._closes = closes

    @handles(BeginWorker)
    def _begin(self, said: BeginWorker) -> None:
        self._begun(said.setup)

    @handles(PeerEnded)
    def _ended(self, said: PeerEnded) -> None:
        watcher = parse_address(said.watcher)
        cell = self._of.cell(watcher.reactor)
        target = parse_address(said.target)
        if cell is not None and isinstance(target, Address):
            cell.mailbox.put_system(Envelope(Terminated(target, said.reason)))

    @handles(WantRest)
    def _want(self, said: WantRest) -> None:
        seat = self._of.cell(SEAT)
        if seat is not None and isinstance(seat.actor, MemberSeat):
            seat.actor.want(said.handled)

    @handles(AwaitRest, reentrant=True)
    async def _rest(self, said: AwaitRest) -> bool:
        until, quiet = monotonic() + said.within, False
        while monotonic() < until:
            busy = any(map(_works, self._cells()))
            if not busy and quiet:
                return True
            quiet = not busy
            await asyncio.sleep(LOOK_EVERY if busy else 0)
        return False

    def _cells(self) -> list[Cell]:
        own = self.actor_ref._cell
        cells = [cell for cell in self._of.actors.running() if isinstance(cell, Cell) and cell is not own]
        return [cell for cell in cells if cell.actor_class.ends_in is None]

    @handles(ShutdownStarted)
    def _shutdown_started(self, _: ShutdownStarted) -> None:
        self._closes()

    @handles(EndWorker)
    def _end(self, said: EndWorker) -> None:
        self._told(said.within)


def _works(cell: Cell) -> bool:
    return bool(len(cell.mailbox) or cell.mailbox.waiting or cell.at_work())


class _Lines(logging.Handler):
    """Takes lines of the log, from any thread."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: deque[tuple[str, int, float, str, str]] = deque()
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it until it is told."""
        if len(self.lines) >= MOST_LINES:
            self.dropped += 1
            return
        trace = "" if record.exc_info is None else "".join(traceback.format_exception(*record.exc_info))
        self.lines.append((record.name, record.levelno, record.created, record.getMessage()[:4096], trace[:16384]))


class WorkerReports:
    """What the worker of that name tells of itself by `way`: lines of its log from `level` on, facts, figures.

    Task: one (waits for: the time, facts; feeds: the node).
    """

    def __init__(self, worker: str, bus: Bus, way: InsideLink, level: int) -> None:
        self._worker = worker
        self._bus = bus
        self._way = way
        self._handler = _Lines(level)
        self._lag = LoopLag(bus.loop, monotonic, bus.context.copy())
        self._events: deque[tuple[str, str, str, int]] = deque(maxlen=MOST_LINES)
        self._tasks: list[asyncio.Task[None]] = []
        root = logging.getLogger()
        root.addHandler(self._handler)
        root.setLevel(level)

    def start(self) -> None:
        """Tell from now on."""
        self._lag.start()
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._tell())]

    def close(self) -> None:
        """Tell no more."""
        self._lag.close()
        logging.getLogger().removeHandler(self._handler)
        for task in self._tasks:
            task.cancel()

    async def _listen(self) -> None:
        with self._bus.subscribe(ActorFailed, ActorRestarted, HandlerStalled) as facts:
            async for fact in facts:
                if isinstance(fact, ActorFailed):
                    error = fact.error
                    text = f"{fact.directive}\n{type(error).__name__}\n{text_of(error)[:2000]}"
                    self._events.append(("ActorFailed", fact.actor, text, 0))
                elif isinstance(fact, ActorRestarted):
                    self._events.append(("ActorRestarted", fact.actor, "", fact.restarts))
                elif isinstance(fact, HandlerStalled):
                    text = "\n".join((fact.handler, fact.message, *fact.stack))
                    self._events.append(("HandlerStalled", fact.actor, text, int(fact.seconds * 1000)))

    async def _tell(self) -> None:
        due = 0.0
        while True:
            self.flush()
            if monotonic() >= due and not self._bus.closing:
                due = monotonic() + FIGURES_EVERY
                self._send(self.figures())
            await asyncio.sleep(EVERY)

    def flush(self) -> None:
        """Tell what there is."""
        handler = self._handler
        while handler.lines:
            lines = [handler.lines.popleft() for _ in range(min(LINES, len(handler.lines)))]
            dropped, handler.dropped = handler.dropped, 0
            self._send(LogLines(self._worker, lines, dropped))
        if self._events:
            events = list(self._events)
            self._events.clear()
            self._send(EventsOf(self._worker, events))

    def figures(self) -> WorkerFigures:
        """As of now."""
        seen, process = self._bus.statistics(0), process_figures()
        local = seen.ledger.local
        own = [name for name in local if not name.startswith("peerbus.")]
        return WorkerFigures(
            self._worker,
            process.pid,
            process.resident_bytes,
            process.cpu_seconds,
            self._lag.view.last,
            {name: load.queued for name, load in seen.channels.items() if not name.startswith("peerbus.")},
            {name: local[name].sent for name in own},
            {name: local[name].delivered for name in own},
            {name: sum(local[name].failed.values()) for name in own},
            dict(seen.dead_letters),
            seen.restarts,
        )

    def _send(self, message: LogLines | EventsOf | WorkerFigures) -> None:
        with contextlib.suppress(SendError):
            self._way.tell(GATE.name, message, LOCAL / WORKER.name, None)
