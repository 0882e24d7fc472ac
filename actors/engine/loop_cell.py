"""A cell whose actor runs on the bus's event loop: no thread, no task for each message.

Tasks: none while all handlers are plain `def`s. The first `async def` handler makes one task, which from then on
takes the mailbox's messages (waits for: the mailbox, and whatever handlers await) and lives as long as the actor.
A `reentrant` handler has a task of its own for each message, at most MAX_BESIDE at a time. An `async def` hook
has one while it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar, cast

from ..base import SendError, WouldDeadlock, forget_task
from ..mailbox import NEVER, Envelope
from ..sends import DELIVERED, AskFuture, DeadlineWheel, Outcome, ReplyFuture, Supply, Waiting, Within
from .addressee import Addressee
from .held_cell import HeldCell
from .hook_task import hook_task
from .life_end import HALT
from .reentrant import Reentrant
from .rehearsal import expected
from .state import State
from .timings import SAMPLED
from .to_cell import pour_foreign, pour_owned
from .turn import run_turn, timed_turn
from .turn_task import TurnTask

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .host import Host

__all__ = ["LoopCell"]

R = TypeVar("R")


class LoopCell(HeldCell):
    """See the module. Everything but `kill`, `request_stop` and the sends belongs to the loop's thread."""

    __slots__ = ()

    def start(self) -> None:
        """Begin on the bus's loop, in its next turn."""
        assert self.bus is not None
        self.loop = self.bus.loop
        self._turns = self._reentrant = self._hook_task = None
        # One context for all callbacks, which never nest: a copy for each is 70 ns, a `partial` that saves the call of
        # `again` 400 bytes an actor.
        mailbox = self.mailbox
        mailbox.owner = self.bus.thread
        mailbox.wake = self.again
        mailbox.wake_threadsafe = self._again_threadsafe
        self._call_soon(self.begin)

    def now(self) -> float:
        """The loop's clock."""
        return self.loop.time()

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """By the loop's timer."""
        return self.loop.call_later(delay, self._run_later, self.context, action, context=self.context).cancel

    def _run_later(self, begun_in: Context, action: Callable[[], object]) -> None:
        if self.context is begun_in:
            action()
        else:
            self.context.run(action)  # what it holds by now

    def again(self) -> None:
        """Drain in the loop's next turn."""
        if not self.mailbox.delivered % SAMPLED and self.mark is None:
            self.sample()
        try:
            self.loop.call_soon(self.drain, context=self.context)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            self._lose()

    def run_woken(self) -> None:
        """Take the turn of a mailbox that was woken, now. From a callback of the loop that runs no handler."""
        if self.mailbox.wake == self.again:
            if not self.mailbox.delivered % SAMPLED and self.mark is None:
                self.sample()
            self.context.run(self.drain)
        else:
            self.mailbox.wake()

    def post(self, action: Callable[[], object]) -> None:
        """In the loop's next turn; forgotten where the loop has closed."""
        if self.mailbox.owner != get_ident():
            self._call_soon_threadsafe(action)
        elif not self.loop.is_closed():
            self._call_soon(action)

    def _call_soon(self, action: Callable[[], object]) -> None:
        self.loop.call_soon(action, context=self.context)

    def _call_soon_threadsafe(self, action: Callable[[], object]) -> bool:
        try:
            self.loop.call_soon_threadsafe(action, context=self.context)
        except RuntimeError:  # the loop has closed, and nobody runs this actor any more
            return False
        return True

    def _again_threadsafe(self) -> None:
        if self.mailbox.owner == get_ident():
            self.mailbox.wake()
        elif not self._call_soon_threadsafe(self._woken):
            self._lose()

    def _lose(self) -> None:
        # The loop was closed, and the bus was not: nobody runs this actor any more.
        assert self.bus is not None
        self.bus.life.lose()
        if self.mailbox.owner == get_ident():
            for envelope in self.mailbox.close(f"the event loop of {self} has ended"):
                self.refuse_left(envelope)
        self.mailbox.refuse_late()

    def _woken(self) -> None:
        self.mailbox.wake()

    def drain(self) -> None:
        """Handle what is in the mailbox, unless the actor's task does."""
        # A wake-up from another thread may come late, when the mailbox is somebody else's already.
        if self._turns is None and (self._reentrant is None or not self._reentrant.full):
            if self.state is State.RUNNING:
                try:
                    run_turn(self) if self.mark is None else timed_turn(self, lambda: run_turn(self))
                except BaseException as error:  # noqa: BLE001  # a fault outside of any handler: it must not end the turns
                    self.turn_failed(error)
                return
            super().drain()
        if self.held:
            assert self.bus is not None
            self.bus.arrivals.rang(self)

    # Handlers and hooks that are awaited.

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """Hand the mailbox over to the actor's task, which starts with this message."""
        assert self.bus is not None
        self.bus.deadlocks.add(self)
        following = envelope, cast("Awaitable[object]", awaitable)
        self._turns = TurnTask(self, self.loop, following, self._turns_ended, self._lose)
        self.mailbox.wake = self._turns.unpark

    def _turns_ended(self) -> None:
        self._turns = None
        self.mailbox.wake = self.again
        if self.held:
            self.hold()
        assert self.bus is not None
        self.bus.deadlocks.remove(self)
        self.settle()

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """Run a reentrant handler as a task of its own."""
        if self._reentrant is None:
            self._reentrant = Reentrant(self, self.loop, self._reentrant_done)
        self._reentrant.begin(envelope, awaitable)
        if not self._reentrant.full:
            return None
        self.hold()
        return HALT

    def _reentrant_done(self, was_full: bool) -> None:
        if was_full and self.state is State.RUNNING:
            self.mailbox.scheduled = True
            self.again()
        self.settle()

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook in a task of its own; no message is taken meanwhile."""
        assert self.bus is not None
        self.bus.deadlocks.add(self)
        self.watch_for_deadlocks()
        self.hold()
        ended = partial(self._hook_ended, then)
        self._hook_task = hook_task(self, cast("Awaitable[object]", awaitable), self.loop, self.context, ended)

    def _hook_ended(self, then: Callable[[BaseException | None], object], error: BaseException | None) -> None:
        assert self.bus is not None
        self._hook_task = None
        if self._turns is None:
            self.bus.deadlocks.remove(self)
        then(error)

    # Endings.

    def busy(self) -> bool:
        """A handler or a hook still runs, or the task that takes messages does."""
        return self._turns is not None or self._hook_task is not None or bool(self._reentrant)

    def at_work(self) -> int:
        """Of `async def` handlers, as the others are over when anybody looks."""
        return (self._awaiting is not None) + len(self._reentrant or ())

    def interrupt(self) -> None:
        """Cancel the handlers and hooks that await, and wake the task that waits for messages."""
        if self._turns is not None:
            self._turns.unpark()
            self._turns.interrupt("the actor stops, or is rebuilt")
        if self._reentrant is not None:
            self._reentrant.cancel_all()
        if self._hook_task is not None:
            self.loop.call_soon(self._hook_task.cancel)  # begun by then, see `Reentrant.cancel`

    def leave_behind(self) -> None:
        """End without the handlers that do not, and let nobody wait for their tasks, `asyncio.run` neither."""
        self.leave_children()
        left = () if self._reentrant is None else self._reentrant.leave_behind()
        awaiting = None if self._turns is None else self._turns.leave_behind()
        if self._hook_task is not None:
            forget_task(self._hook_task)
        self._turns = self._hook_task = None
        self.mailbox.wake = self.again
        if self.tasks is not None:
            self.tasks.leave_behind()
        self.end_behind((awaiting, *left))

    def let_go(self) -> None:
        """As `Life.let_go`."""
        super().let_go()
        self._reentrant = None

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply: cancel the handler that works on it."""
        turns, reentrant = self._turns, self._reentrant
        if turns is not None and turns.awaiting is not None and turns.awaiting.reply is reply:
            if not turns.interrupted:
                turns.interrupt("nobody waits for the answer any more")
            return self._given_up(turns.awaiting)
        task = None if reentrant is None else reentrant.task_for(reply)
        if task is not None and reentrant is not None and reentrant.begun(task):
            reentrant.cancel(task)
            envelope = reentrant.message_of(task)
            assert envelope is not None
            return self._given_up(envelope)
        return "mailbox"

    def has_begun(self, reply: object) -> bool:
        """The handler of this ask has begun."""
        awaiting, beside = self._awaiting, self._reentrant
        at_hand = awaiting is not None and awaiting.reply is reply
        return at_hand or (beside is not None and beside.has_begun(reply)) or super().has_begun(reply)

    def _given_up(self, envelope: Envelope) -> str:
        reply = envelope.reply
        # Its deadline may have passed, and the asker have gone before it was told so: then that is what became of it.
        gone = isinstance(reply, AskFuture | ReplyFuture) and reply.cancelled()
        late = not gone and self.loop.time() >= envelope.deadline
        if late:
            self.came_late(envelope)
        self.mailbox.count_undone("deadline_handler" if late else "cancelled")
        return "handler"

    def handling(self) -> Envelope | None:
        """The message whose handler is the caller."""
        task = asyncio.current_task(self.loop)
        if self._reentrant is not None:
            envelope = self._reentrant.message_of(task)
            if envelope is not None:
                return envelope
        # Where a task handles the messages, no other does; where there is none, whoever is called while one is handled.
        return self.current if self._turns is None or task is self._turns.task else None

    def _would_deadlock(self) -> bool:
        """The caller is what this actor waits for before it takes the next message."""
        task = asyncio.current_task()
        return task is not None and task is self.standing()[0]

    # Sending to this cell.

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """Deliver on the loop's thread, or through the foreign door from any other."""
        envelope = Envelope(message) if sender is None else Envelope(message, sender.address, None, NEVER, sender)
        mailbox, types = self.mailbox, self.types
        if (types is None or message.__class__ in types) and (timeout is None or timeout >= 0):
            # As `enter`, without the calls: 24 % of a tell from call to handled.
            if mailbox.owner != get_ident():
                return self.tell_foreign(envelope, timeout)
            if mailbox._free > 0 and not mailbox._slow:
                mailbox._free -= 1
                mailbox.delivered += 1
                lane = mailbox._user.lanes.get(sender)
                if lane:
                    lane.append(envelope)
                else:
                    mailbox._user.put(envelope)
                if not mailbox.scheduled:
                    mailbox.scheduled = True
                    mailbox.wake()
                return DELIVERED
        assert self.bus is not None
        return self.enter(envelope, sender, timeout, self.bus.wheel)

    def enter(
        self, envelope: Envelope, sender: Addressee | None, timeout: float | None, wheel: DeadlineWheel
    ) -> Outcome[None]:
        """Let a message into the mailbox, from any thread. All that is sent goes this way, or a shorter one like it."""
        error = self.refusal(envelope, sender, timeout)
        if error is not None:
            return self.fail(envelope, error)
        if self.mailbox.owner != get_ident():
            return self.tell_foreign(envelope, timeout)
        try:
            if self.mailbox.offer(envelope):
                return DELIVERED
        except SendError as refusal:
            return self.fail(envelope, refusal, counted=True)
        deadline = envelope.deadline
        if envelope.reply is None:
            deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        return Waiting(self.mailbox, envelope, deadline, wheel, self.loop, self.undelivered, self)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`: on the loop's thread as many at once as there is room for."""
        pour = pour_owned if self.mailbox.owner == get_ident() else pour_foreign
        return pour(self, supply, sender, within)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """Deliver on the loop's thread with a future for the answer."""
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        future: AskFuture[R] = AskFuture(loop=self.loop)
        future.message = message
        future.reply_type = reply
        future.abandon = self.abandon
        future.slot = None
        envelope = Envelope(message, None if sender is None else sender.address, future, deadline, sender)
        mailbox, types = self.mailbox, self.types
        if (
            mailbox._free > 0
            and not mailbox._slow
            and sender is not self
            and (types is None or message.__class__ in types)
            and (timeout is None or timeout > 0)
        ):
            # As `enter_ask`, where there is room, without the calls: 15 % of an ask of 64 in flight.
            mailbox._free -= 1
            mailbox.delivered += 1
            lane = mailbox._user.lanes.get(sender)
            if lane:
                lane.append(envelope)
            else:
                mailbox._user.put(envelope)
            if not mailbox.scheduled:
                mailbox.scheduled = True
                mailbox.wake()
            future.slot = bus.wheel.add(future, deadline)
            return future
        return self.enter_ask(envelope, future, sender, timeout, bus.wheel)

    def enter_ask(
        self,
        envelope: Envelope,
        future: AskFuture[R],
        sender: Addressee | None,
        timeout: float | None,
        wheel: DeadlineWheel,
    ) -> Outcome[R]:
        """As `enter`, for a message whose answer goes to `future`."""
        future.reply_type = expected(self, envelope.message, sender, future.reply_type)
        if sender is self and self._would_deadlock() and self.refusal(envelope, sender, timeout) is None:
            return future.refused(WouldDeadlock(f"{self} asks itself, and takes no message before it has the answer"))
        return future.follow(self.enter(envelope, sender, timeout, wheel), wheel, envelope.deadline)

    def inform(self, message: object) -> None:
        """Deliver a fact that the actor subscribed to; without room it is forgotten."""
        self.mailbox.offer_or_skip(Envelope(message))
