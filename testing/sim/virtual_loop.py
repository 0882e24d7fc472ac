"""An event loop without a clock: time jumps to the next timer, and the seed decides what goes first.

Laws:
1.  Time stands still while anything can run. When nothing can, it jumps to the next timer.
2.  What is runnable at the start of a turn runs in this turn, and what it schedules runs in a later one, as asyncio
    has it: after `await asyncio.sleep(0)` whatever was scheduled before has had its turn.
3.  Within a turn the order is drawn from the seed, but callbacks of one owner keep theirs. The owner is the task of a
    step, the object of a bound method, or the function itself where there is no object. A stream's bytes and an
    actor's turns stay in order, since asyncio promises first in, first out; that two actors take turns in one certain
    order nobody should rely on, and this finds out what does. It does not find what breaks only if a callback is late
    by several turns while others go on: for that, let a network be slow or pause a node.
4.  Nothing comes from outside: file descriptors, threads, processes and signals are refused.
5.  It never hangs: where nothing will ever run again, it raises Deadlocked and says what waits, and where.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, NoReturn, TypeVarTuple, Unpack

from .failures import Deadlocked, EscapedSimulation

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["VirtualLoop"]

Ts = TypeVarTuple("Ts")

#: Cancelled timers that may lie in the heap, as asyncio has it: below that, sweeping costs more than it saves.
MIN_SWEEP = 100
#: The day on which every simulation begins, in seconds since 1970: 2026-01-01, 00:00 UTC.
EPOCH = 1_767_225_600.0
#: Waiting tasks that the text of Deadlocked names at most.
MAX_LISTED = 30
#: Top-level modules in which everybody waits: what a reader looks for is the line that called them.
WAITING_ROOMS = frozenset({"asyncio", __name__.partition(".")[0]})


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module. `rng` None: first in, first out, as asyncio. Time begins at 0 and is in seconds.

    Raises EscapedSimulation from every method that would need the world outside.
    """

    # Of asyncio's own loop, which its type stubs do not tell; handles are Any for the same reason.
    _ready: deque[Any]
    _stopping: bool

    #: Makes the library's loggers while this loop runs; None: those of the program.
    logger_for: Callable[[str], FilteringBoundLogger] | None = None

    def __init__(self, rng: random.Random | None = None) -> None:
        super().__init__()
        self._now = 0.0
        self._rng = rng
        self._owner_thread = get_ident()
        #: (when, order of setting, handle): of two timers for one instant the older one goes first.
        self._timers: list[tuple[float, int, Any]] = []
        self._timers_set = 0
        self._timers_cancelled = 0
        self._frozen: Callable[[Context], bool] | None = None
        self._held: list[Any] = []
        #: Callbacks that have run.
        self.events: int = 0
        #: Called after each callback; None: nobody looks.
        self.after_event: Callable[[], None] | None = None
        #: Called when nothing is runnable at this instant, before time jumps; it may make something runnable.
        self.on_idle: Callable[[], None] | None = None
        #: Called when a turn ends.
        self.after_turn: Callable[[], None] | None = None
        self._fatal: BaseException | None = None

    # Time.

    def time(self) -> float:
        """Seconds since the loop was made, on its own clock."""
        return self._now

    def wall_time(self) -> float:
        """The time of day: `EPOCH` and what has passed since."""
        return EPOCH + self._now

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio's; timers for one instant come in the order in which they were set."""
        if self.is_closed():
            raise RuntimeError("the event loop is closed")
        timer: Any = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers_set += 1
        heapq.heappush(self._timers, (when, self._timers_set, timer))
        timer._scheduled = True
        return timer  # type: ignore[no-any-return]  # see above

    def call_later(
        self, delay: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio's."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    @property
    def pending_timers(self) -> list[asyncio.TimerHandle]:
        """Timers that are set and not cancelled, the next one first."""
        return [timer for _, _, timer in sorted(self._timers, key=lambda entry: entry[:2]) if not timer.cancelled()]

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timers_cancelled += 1
        if self._timers_cancelled > MIN_SWEEP and self._timers_cancelled * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if not entry[2]._cancelled]
            heapq.heapify(self._timers)
            self._timers_cancelled = 0

    # Failing, and holding back.

    def fail(self, error: BaseException) -> None:
        """End the run with `error`, right after the callback that runs now."""
        if self._fatal is None:
            self._fatal = error

    def freeze(self, frozen: Callable[[Context], bool] | None) -> None:
        """Hold back every callback in whose context `frozen` is true, until another `freeze` lets it go."""
        self._frozen = frozen
        held, self._held = self._held, []
        for handle in held:
            if frozen is not None and frozen(handle._context):
                self._held.append(handle)
            else:
                self._ready.append(handle)

    def refuse_another(self, method: str) -> None:
        """Refuse a call of a method of the simulation on any other loop: that one has a clock, and no seed.

        Raises: RuntimeError, which says how it comes to that and what to write.
        """
        running = asyncio._get_running_loop()
        if running is not None and running is not self:
            raise RuntimeError(
                f"sim.{method}() was called on a {type(running).__name__}, not on the simulation's own loop: an async "
                f"fixture and an async test under hypothesis's @given run on the real clock; move the call into the "
                f"`async def` test itself, or write a plain `def` with Simulation(seed).run(main())"
            )

    # The loop itself.

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready and self.on_idle is not None:
            self.on_idle()
        if not ready and not self._stopping:
            self._jump()
            timers = self._timers
        now = self._now
        while timers and timers[0][0] <= now:
            timer = heapq.heappop(timers)[2]
            timer._scheduled = False
            if timer._cancelled:
                self._timers_cancelled -= 1
            else:
                ready.append(timer)
        turn = deque(self._shuffled(ready) if len(ready) > 1 and self._rng is not None else ready)
        ready.clear()
        frozen = self._frozen
        try:
            while turn:
                handle = turn.popleft()
                if handle._cancelled:
                    continue
                if frozen is not None and frozen(handle._context):
                    self._held.append(handle)
                    continue
                self.events += 1
                handle._run()
                if self.after_event is not None:
                    self.after_event()
                if self._fatal is not None:
                    error, self._fatal = self._fatal, None
                    raise error
                frozen = self._frozen
        finally:
            ready.extendleft(reversed(turn))
        if self.after_turn is not None:
            self.after_turn()

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)[2]._scheduled = False
            self._timers_cancelled -= 1
        if not timers:
            raise Deadlocked(
                f"deadlock at {self._now:.6f} s: nothing is runnable and no timer is set; {self.waiting()}"
            )
        self._now = max(self._now, timers[0][0])

    def _shuffled(self, ready: deque[Any]) -> list[Any]:
        assert self._rng is not None
        draw = self._rng.random
        # By id, but only asked for, never iterated: the order is the seed's alone.
        last: dict[int, float] = {}
        ranked: list[tuple[float, int, Any]] = []
        for place, handle in enumerate(ready):
            owner = id(_owner(handle._callback))
            rank = draw()
            before = last.get(owner)
            if before is not None and before > rank:
                rank = before
            last[owner] = rank
            ranked.append((rank, place, handle))
        ranked.sort()
        return [handle for _, _, handle in ranked]

    def waiting(self) -> str:
        """Every task that is not done, and the line that it waits in."""
        tasks = sorted(asyncio.all_tasks(self), key=lambda task: task.get_name())
        lines = [f"{task.get_name()} in {_where(task)}" for task in tasks[:MAX_LISTED]]
        if len(tasks) > MAX_LISTED:
            lines.append(f"… and {len(tasks) - MAX_LISTED} more")
        return "waiting: " + ("; ".join(lines) or "nobody")

    # What is refused.

    def _refuse(self, what: str) -> NoReturn:
        error = EscapedSimulation(f"{what} reaches out of the simulation: nothing there follows its seed and its clock")
        self.fail(error)
        raise error

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """`call_soon` on the loop's own thread. Raises EscapedSimulation on any other."""
        if get_ident() != self._owner_thread:
            self._refuse(f"call_soon_threadsafe({_name(callback)}) from another thread")
        return self.call_soon(callback, *args, context=context)

    def _write_to_self(self) -> None:
        """Nothing sleeps here that would have to be woken."""

    def _process_events(self, event_list: object) -> None:
        """There is no selector."""

    def run_in_executor(self, executor: object, func: Callable[..., object], *args: object) -> NoReturn:
        """Refused: a thread has no virtual time."""
        self._refuse(f"run_in_executor({_name(func)})")

    def add_reader(self, fd: object, callback: Callable[..., object], *args: object) -> NoReturn:
        """Refused."""
        self._refuse(f"add_reader({fd!r}, {_name(callback)})")

    def add_writer(self, fd: object, callback: Callable[..., object], *args: object) -> NoReturn:
        """Refused."""
        self._refuse(f"add_writer({fd!r}, {_name(callback)})")

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: object) -> NoReturn:
        """Refused."""
        self._refuse(f"add_signal_handler({sig!r}, {_name(callback)})")


def _refused(name: str) -> Callable[..., object]:
    async def refuse(self: VirtualLoop, *args: object, **kwargs: object) -> NoReturn:
        self._refuse(f"loop.{name}(…)")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Refused."
    return refuse


for _coroutine in (
    "connect_accepted_socket",
    "connect_read_pipe",
    "connect_write_pipe",
    "create_connection",
    "create_datagram_endpoint",
    "create_server",
    "create_unix_connection",
    "create_unix_server",
    "getaddrinfo",
    "getnameinfo",
    "sendfile",
    "sock_accept",
    "sock_connect",
    "sock_recv",
    "sock_recv_into",
    "sock_recvfrom",
    "sock_recvfrom_into",
    "sock_sendall",
    "sock_sendfile",
    "sock_sendto",
    "start_tls",
    "subprocess_exec",
    "subprocess_shell",
):
    setattr(VirtualLoop, _coroutine, _refused(_coroutine))


def _owner(callback: object) -> object:
    while isinstance(callback, partial):
        callback = callback.func
    found = getattr(callback, "__self__", None)
    # A function has no object: one and the same function keeps its own order.
    return getattr(callback, "__code__", callback) if found is None else found


def _name(callback: object) -> str:
    return str(getattr(callback, "__qualname__", None) or repr(callback))


def _where(task: asyncio.Task[Any]) -> str:
    """The innermost line that a task waits in, outside of asyncio and the package; else the innermost of all."""
    at: Any = task.get_coro()
    frame = theirs = None
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None) or frame
        if frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] not in WAITING_ROOMS:
            theirs = frame
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
    frame = theirs or frame
    if frame is None:
        return "its first step"
    return f"{frame.f_code.co_qualname} ({frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno})"
