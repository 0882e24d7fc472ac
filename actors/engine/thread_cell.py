"""A cell whose actor runs on a thread of its own: for handlers that block or compute, and for Pykka programs.

Thread: one, named after the actor (waits for: the mailbox or the next timer; feeds: nobody). An `async def`
handler runs on a private event loop of the thread, which is made when the first one is met.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from pykka.messages import _ActorStop

from ..base import ActorStopped, PeerbusError, WouldDeadlock, get_logger, not_in_child, runs_no_more
from ..mailbox import NEVER, Envelope, Side
from ..sends import BLOCKED, AskFuture, Outcome, Supply, Within
from .addressee import Addressee
from .cell import Cell
from .cross_reply import CrossReply
from .forked_cell import refuse_sends
from .life_end import HALT
from .private_loop import run_to_end
from .rehearsal import expected
from .state import State
from .timings import SAMPLED
from .to_cell import pour_foreign
from .turn import timed_turn

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .host import Host

__all__ = ["ThreadCell"]

R = TypeVar("R")
T = TypeVar("T")

log = get_logger("peerbus.actors")


#: Seconds; a park may be shorter than asked for, and some platforms refuse very long ones.
LONGEST_PARK = 3600.0


class Makes(Protocol):
    """A generator on the thread; see `streams.ThreadItems`."""

    def interrupt(self, error: ActorStopped) -> None:
        """No more of its items are wanted. From any thread."""


class ThreadCell(Cell):
    """See the module."""

    __slots__ = (
        "_message_context",
        "_numbers",
        "_parked",
        "_posted",
        "_runner",
        "_schedule",
        "_timed",
        "_to_end",
        "left",
        "making",
        "thread",
    )

    thread: threading.Thread
    #: The bus has ended the actor without its thread, which is in a handler that does not return.
    left: bool
    #: Generators of it that answer in items: their items are made between messages.
    making: set[Makes]

    @property
    def runs_on(self) -> str:
        """As `Cell.runs_on`."""
        return "thread"

    @property
    def takes_items(self) -> bool:
        """As `Addressee.takes_items`: a handler here is called with all that it needs."""
        return False

    def start(self) -> None:
        """Start the thread."""
        self._parked = threading.Lock()
        self._parked.acquire()
        self._runner: asyncio.Runner | None = None
        self._schedule: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._posted: deque[Callable[[], object]] = deque()
        self.left = False
        self.making = set()
        #: How long messages stayed is measured in this turn.
        self._timed = False
        #: Empty when the end has begun: the caller that pops it goes through with it.
        self._to_end = [None]
        self.mailbox.wake = self.mailbox.wake_threadsafe = self._wake
        self.thread = threading.Thread(
            target=partial(self.context.run, self._run),
            name=f"{self.actor_class.__name__}-{self.urn[-12:]}",
            # A bus ends its threads itself, at the program's exit at the latest: none of them keeps the program alive.
            daemon=self.actor_class.use_daemon_thread or self.bus is not None,
        )
        if self.bus is None:
            not_in_child(self)
        else:
            self.bus.arrivals.keep(self)
        self.thread.start()

    def forked(self) -> None:
        """This process is the child of a fork: the actor runs in the parent."""
        refuse_sends(self)

    def now(self) -> float:
        """The monotonic clock: a thread waits in real time."""
        return time.monotonic()

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """Run by the actor's own thread between messages."""
        entry = (self.now() + delay, next(self._numbers), action)
        heapq.heappush(self._schedule, entry)
        return partial(self._take_out, entry)

    def _take_out(self, entry: tuple[float, int, Callable[[], object]]) -> None:
        if entry in self._schedule:
            self._schedule.remove(entry)
            heapq.heapify(self._schedule)

    def again(self) -> None:
        """The thread's own loop comes back by itself."""

    def standing(self) -> tuple[object, object]:
        """The future that the actor's thread is blocked in."""
        future = BLOCKED.get(self.mailbox.owner)
        return future, future

    def _wake(self) -> None:
        try:
            self._parked.release()
        except RuntimeError:  # two threads woke it at once: once is enough
            return

    def _run(self) -> None:
        self.mailbox.owner = get_ident()
        try:
            if self.bus is not None:  # first: one that does not start is forgotten again
                self.bus.call(partial(self.bus.deadlocks.add, self))
            self.begin()
            while self.state is not State.STOPPED:
                self._run_schedule()
                while self._posted:
                    self.current = None  # it is handled
                    self._posted.popleft()()
                if self.state is State.RUNNING:
                    if self.mailbox.delivered % SAMPLED:
                        self.drain()
                    else:
                        self._timed = True
                        timed_turn(self, self.drain)
                        self._timed = False
                if self._may_park():
                    self._park()
        except BaseException as error:  # noqa: BLE001  # as Pykka does; it is logged
            self._break(error)
        finally:
            if self._runner is not None:
                self._runner.close()
            self.leave_mailbox()
            runs_no_more(self)

    def _break(self, error: BaseException) -> None:
        # What is around the handlers failed: handlers and hooks never end the thread.
        log.critical("the actor's thread ends", **self.named, exc_info=error)
        if self.current is not None and self.current.reply is not None:
            self.current.reply.fail(self.stopped_error(self.current.message))
        self.exits(error)
        try:
            self.end_now(f"ended by {error!r}")
        except BaseException:
            log.exception("the actor did not end in order", **self.named)

    def handle(self, envelope: Envelope) -> object:
        """Handle one message, in a copy of the actor's context; what was posted goes before the next."""
        if self.left:
            return HALT
        self.measure(envelope)
        self._message_context = context = self.context.copy()
        result = context.run(self.handle_within, envelope)
        return HALT if result is None and self._posted else result

    def handle_within(self, envelope: Envelope) -> object:
        """Handle one message, in the context that it has."""
        return Cell.handle(self, envelope)

    def _may_park(self) -> bool:
        if self.state is State.RUNNING:
            return not self.mailbox.scheduled
        return self.state is not State.STOPPED

    def _park(self) -> None:
        timeout = -1.0
        if self._schedule:
            timeout = min(max(0.0, self._schedule[0][0] - self.now()), LONGEST_PARK)
        self._parked.acquire(timeout=timeout)

    def _run_schedule(self) -> None:
        while self._schedule and self._schedule[0][0] <= self.now() and self.state is not State.STOPPED:
            heapq.heappop(self._schedule)[2]()

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """Run the handler to its end on the thread's private loop."""
        try:
            result = self.run_awaitable(awaitable, self._message_context.copy())
        except BaseException as error:  # noqa: BLE001  # user code
            self.failed(envelope, error)
        else:
            if envelope.reply is not None and not self.is_aside(envelope):
                envelope.reply.succeed(result)

    def run_awaitable(self, awaitable: object, context: Context) -> object:
        """Run that to its end on the thread's private loop. On the thread."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return run_to_end(self._runner, cast("Awaitable[object]", awaitable), context)

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """A thread runs one handler at a time, reentrant or not."""
        self.suspend(envelope, awaitable)
        return self.verdict()

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook on the thread's private loop."""
        context = copy_context()
        error: BaseException | None = None
        try:
            self.run_awaitable(awaitable, context)
        except BaseException as raised:  # noqa: BLE001  # user code
            error = raised
        for variable, value in context.items():  # a hook may set what handlers are to see, as on the loop
            if variable.get(None) is not value:
                variable.set(value)
        then(error)

    def create_task(self, coroutine: Coroutine[object, object, T], name: str | None) -> asyncio.Task[T]:
        """Raise PeerbusError: between two messages nothing would run it."""
        raise PeerbusError(f"{self} runs on a thread of its own; only actors on the event loop can start tasks")

    def busy(self) -> bool:
        """It makes items. No handler runs: what asks runs in the actor's own turn."""
        return bool(self.making)

    def begin_making(self, making: Makes) -> bool:
        """It answers in items from now on, made between messages. From any thread; False: it has ended."""
        if self.state is State.STOPPED or self.left:
            return False
        self.making.add(making)
        return True

    def end_making(self, making: Makes) -> None:
        """These were the last. From any thread."""
        self.making.discard(making)
        self.post(self.settle)

    def holding(self) -> Envelope | None:
        """Its handlers have a thread, and no loop."""
        return None

    def at_work(self) -> int:
        """One at a time, and generators beside the next messages."""
        return int(self.current is not None) + len(self.making)

    def interrupt(self) -> None:
        """End what makes items. A handler on a thread cannot be cancelled."""
        for making in tuple(self.making):
            making.interrupt(ActorStopped(f"{self} stopped, or failed and is made anew, in the midst of its items"))

    def leave_behind(self) -> None:
        """The thread is left to itself, and takes no further message. What was sent to it fails now."""
        self.leave_children()
        self.interrupt()
        # From here on this thread acts in the place of the actor's. That one, where it comes back at this very moment,
        # may still take a message that was seen here as well, and does not handle it.
        self.left = True
        at = self.current
        with contextlib.suppress(PeerbusError):  # it has come to its end by itself meanwhile
            self.end_behind(() if at is None or isinstance(at.message, _ActorStop) else (at,))
        self._wake()

    def _end(self) -> None:
        if self._to_end:
            with contextlib.suppress(IndexError):
                self._to_end.pop()  # of two threads that come here at once, one
                super()._end()

    def abandon(self, reply: object) -> str:
        """A handler on a thread cannot be cancelled; one that has not begun is skipped."""
        current = None if self.current is None else self.current.reply
        at_it = current is reply or (current is not None and getattr(current, "future", None) is reply)
        return "handler" if at_it else "mailbox"

    def post(self, action: Callable[[], object]) -> None:
        """Between two messages."""
        self._posted.append(action)
        self._wake()

    # Sending to this cell.

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """Deliver through the foreign door; only the actor itself is inside."""
        envelope = Envelope(message, None if sender is None else sender.address, None, NEVER, sender)
        self.stamp(envelope)
        error = self.refusal(envelope, sender, timeout)
        if error is not None:
            return self.fail(envelope, error)
        return self.tell_foreign(envelope, timeout)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`."""
        return pour_foreign(self, supply, sender, within)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """Deliver from the event loop of `bus` with a future for the answer."""
        seconds = self.timeout if timeout is None else timeout
        deadline = bus.loop.time() + seconds
        future: AskFuture[R] = AskFuture.of(bus.loop, message, expected(self, message, sender, reply), self._phase)
        answer = CrossReply(future, bus.loop)
        envelope = Envelope(message, None if sender is None else sender.address, answer, NEVER, sender)
        self.stamp(envelope)
        if not self.mailbox.delivered % SAMPLED:
            future.add_done_callback(bus.timings.asking(Side.LOCAL, self.channel_name))
        error = self.refusal(envelope, sender, timeout)
        outcome = self.tell_foreign(envelope, seconds) if error is None else self.fail(envelope, error)
        return future.follow(outcome, bus.wheel, deadline)

    def stamp(self, envelope: Envelope) -> None:
        """It came now: of those that may stay a while, and of those that are measured."""
        mailbox = self.mailbox
        if mailbox.scheduled or not mailbox.delivered % SAMPLED:
            envelope.came = time.monotonic()

    def measure(self, envelope: Envelope) -> None:
        """It was taken: note how long it stayed, where that is measured."""
        if self._timed and envelope.came != NEVER and self.bus is not None:
            self.bus.timings.waited(self.channel_name, self.now() - envelope.came)

    def ask_itself(self) -> PeerbusError | None:
        """What is wrong with an ask that this actor, on its own thread, sends to itself."""
        if self.mailbox.owner != get_ident():
            return None
        return WouldDeadlock(f"{self} asks itself, and takes no message before it has the answer")

    def inform(self, message: object) -> None:
        """Deliver a fact that the actor subscribed to; without room it is forgotten."""
        self.mailbox.offer_foreign_or_skip(Envelope(message))

    def _phase(self, future: AskFuture[R]) -> str:
        current = self.current
        reply = None if current is None else current.reply
        if getattr(reply, "future", None) is not future:
            return "mailbox"
        self.mailbox.count_undone("cancelled" if future.cancelled() else "deadline_handler")
        return "handler"
