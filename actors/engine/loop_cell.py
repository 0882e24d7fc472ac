"""A cell whose actor runs on the bus's event loop: no thread, no task for each message.

Tasks: none while all handlers are plain `def`s. The first `async def` handler makes one task, which from then on
takes the mailbox's messages (waits for: the mailbox, and whatever handlers await) and lives as long as the actor.
A `reentrant` handler has a task of its own for each message, at most MAX_DETACHED at a time. An `async def` hook
has one while it runs.
"""

# So long because the task, the handlers that run beside it and their cancellation must be read together.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from threading import get_ident
from types import CoroutineType
from typing import TYPE_CHECKING, TypeVar, cast

from ..base import SendError, WouldDeadlock, forget_task, new_task
from ..mailbox import NEVER, Envelope
from ..sends import CHUNK, DELIVERED, AskFuture, AskWaiting, Outcome, Supply, Waiting, Within, spent
from .cell import BATCH, Cell
from .context_content import alike, contents
from .life import HALT
from .rehearsal import expected
from .state import State
from .timers import Followed
from .to_cell import pour_foreign, pour_singly
from .turn import run_turn

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .host import Host

__all__ = ["LoopCell"]

R = TypeVar("R")

#: Reentrant handlers of one actor that run at once; further messages wait in the mailbox.
MAX_DETACHED = 1024

#: A message whose handler has to be awaited.
Following = tuple[Envelope, Awaitable[object]]


class LoopCell(Cell):
    """See the module. Everything but `kill`, `request_stop` and the sends belongs to the loop's thread."""

    __slots__ = (
        "_awaiting",
        "_detached",
        "_held",
        "_hook_task",
        "_interrupted",
        "_parked",
        "_paused",
        "_taken",
        "_turn_task",
        "loop",
    )

    loop: asyncio.AbstractEventLoop

    def start(self) -> None:
        """Begin on the bus's loop, in its next turn."""
        assert self.bus is not None
        self.loop = self.bus.loop
        #: Takes the messages once there was an `async def` handler; `drain` does before.
        self._turn_task: asyncio.Task[None] | None = None
        #: What that task awaits when the mailbox is empty.
        self._parked: asyncio.Future[None] | None = None
        #: The message whose handler that task awaits.
        self._awaiting: Envelope | None = None
        #: That handler was cancelled by this cell.
        self._interrupted = False
        #: What the context of that task holds beside what the handler sets that it awaits; see `contents`.
        self._held: object = None
        self._hook_task: asyncio.Task[None] | None = None
        self._detached: dict[asyncio.Task[None], Envelope] | None = None
        #: No message is taken: as many reentrant handlers run as may.
        self._paused = False
        #: Messages that task took since it let others have their turn.
        self._taken = 0
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
        begun_in = self.context

        def run() -> None:
            if self.context is begun_in:
                action()
            else:
                self.context.run(action)  # what it holds by now

        return self.loop.call_later(delay, run, context=begun_in).cancel

    def again(self) -> None:
        """Drain in the loop's next turn."""
        try:
            self.loop.call_soon(self.drain, context=self.context)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            self._lose()

    def run_woken(self) -> None:
        """Take the turn of a mailbox that was woken, now. From a callback of the loop that runs no handler."""
        if self.mailbox.wake == self.again:
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
        if self._turn_task is None and not self._paused:
            if self.state is State.RUNNING:
                try:
                    run_turn(self)
                except BaseException as error:  # noqa: BLE001  # a fault outside of any handler: it must not end the turns
                    self._turn_failed(error)
            else:
                super().drain()

    def _turn_failed(self, error: BaseException) -> None:
        """What is around a handler raised: a message's class, or a reply. As a failure of the actor."""
        envelope = self.current
        if envelope is not None and envelope.reply is not None and not self._is_aside(envelope):
            envelope.reply.raised(error)  # nothing where it is answered
        if self.state is State.RUNNING and self.supervise(error) is not HALT:
            self.again()

    # Async handlers: one task for the actor.

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """Hand the mailbox over to the actor's task, which starts with this message."""
        assert self.bus is not None
        self.mailbox.wake = self._unpark
        self.bus.deadlocks.add(self)
        context = self.context.copy()
        self._turn_task = new_task(
            self._turns((envelope, cast("Awaitable[object]", awaitable)), context),
            loop=self.loop,
            name=f"peerbus {self}",
            context=context,
        )

    def _unpark(self) -> None:
        parked = self._parked
        if parked is not None and not parked.done():
            try:
                parked.set_result(None)
            except RuntimeError:
                if not self.loop.is_closed():
                    raise
                self._lose()

    async def _turns(self, following: Following | None, context: Context) -> None:
        """Handle messages in `context`, a copy of the actor's own."""
        fault: BaseException | None = None
        spoilt = False
        self._held = contents(context)[-1]
        try:
            while following is not None:
                envelope, awaitable = following
                following = None
                halted = await self._await(envelope, awaitable)
                del envelope, awaitable
                # What a handler that is awaited sets, the next message must not see.
                if contents(context)[-1] is not self._held:
                    if not alike(context, self.context):
                        spoilt = True
                        break
                    self._held = contents(context)[-1]
                following = None if halted is HALT else await self._next_awaitable(context)
        except asyncio.CancelledError:
            # Nobody here cancels the task between handlers: the loop itself is ending.
            self._leave("its task was cancelled", farewell=False, kill=True)
            raise
        except GeneratorExit:  # the loop has ended and is being forgotten
            raise
        except BaseException as error:  # noqa: BLE001  # as in `drain`
            fault = error
        finally:
            self._turn_task = None
            self.mailbox.wake = self.again
            assert self.bus is not None
            self.bus.deadlocks.remove(self)
            self.settle()
        if fault is not None:
            try:
                self._turn_failed(fault)
            finally:
                del fault
        elif spoilt and self.state is State.RUNNING:
            self.again()  # in a task with a context that is as it was

    async def _await(self, envelope: Envelope, awaitable: Awaitable[object]) -> object:
        reply = envelope.reply
        if self.state is not State.RUNNING or (reply is not None and reply.done()):
            # Between the call of the handler and this turn nobody wanted it any more: it has not begun.
            _discard(awaitable)
            self.refuse_left(envelope)
            return self.verdict()
        task = self._turn_task
        assert task is not None
        self._awaiting = envelope
        assert self.bus is not None
        if self.bus.deadlocks.resting:
            self.bus.deadlocks.wake()
        error: BaseException | None = None
        result: object = None
        try:
            result = await awaitable
        except BaseException as raised:  # user code
            if isinstance(raised, GeneratorExit) and not self.loop.is_running():
                raise  # the loop has ended and is being forgotten
            error = raised
        finally:
            self._awaiting = None
        try:
            cancelled = isinstance(error, asyncio.CancelledError)
            if self._interrupted:
                self._interrupted = False
                while task.cancelling():
                    task.uncancel()
            elif cancelled and task.cancelling():
                self.refuse_left(envelope, begun=True)
                assert error is not None
                raise error
            else:
                cancelled = False
            if cancelled:
                self.refuse_left(envelope, begun=True)
            elif error is not None:
                return self.failed(envelope, error)
            elif reply is not None and not self._is_aside(envelope):
                reply.succeed(result)
            return self.verdict()
        finally:
            del error, reply, task  # the error keeps this frame, see outcome

    async def _next_awaitable(self, context: Context) -> Following | None:
        """Take messages until one has to be awaited; None: the cell takes no more."""
        mailbox = self.mailbox
        following: Following | None = None
        alone = True
        while self.state is State.RUNNING:
            if self._taken >= BATCH:  # also where every handler awaits only what is there already
                self.current = None
                self._taken = 0
                await asyncio.sleep(0)
                continue
            envelope = mailbox.take()
            if envelope is None:
                self.current = None
                if mailbox.rest():
                    self._parked = self.loop.create_future()
                    try:
                        await self._parked
                    finally:
                        self._parked = None
                self._taken = 0
                continue
            self._taken += 1
            result = self.handle(envelope)
            if result is not None:
                if result is not HALT:
                    following = envelope, cast("Awaitable[object]", result)
                break
            alone = False
        if not alone:
            self._adopt(context)
        return following

    def _adopt(self, context: Context) -> None:
        # What handlers have set that are not awaited is the actor's from now on, as where no task handles its messages.
        held = contents(context)[-1]
        if held is not self._held:
            self._held = held
            self.context = context.copy()

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """Run a reentrant handler as a task of its own."""
        assert self.bus is not None
        task = new_task(
            self._run_detached(envelope, cast("Awaitable[object]", awaitable)),
            loop=self.loop,
            name=f"peerbus {self} {type(envelope.message).__name__}",
            context=copy_context(),
        )
        if self._detached is None:
            self._detached = {}
        self._detached[task] = envelope
        task.add_done_callback(self._detached_done)
        if len(self._detached) < MAX_DETACHED:
            return None
        self._paused = True
        return HALT

    def beside(self, envelope: Envelope) -> asyncio.Task[None] | None:
        """As `Cell.beside`."""
        return next((task for task, its in (self._detached or {}).items() if its is envelope), None)

    async def _run_detached(self, envelope: Envelope, awaitable: Awaitable[object]) -> None:
        reply = envelope.reply
        stops_in_order = self.state is State.STOPPING and self._farewell  # behind what was sent before it
        if not (self.state is State.RUNNING or stops_in_order) or (reply is not None and reply.done()):
            # As in `_await`: it has not begun.
            _discard(awaitable)
            self.refuse_left(envelope)
            return
        task = asyncio.current_task()
        assert task is not None
        try:
            result = await awaitable
        except asyncio.CancelledError as error:
            if task.cancelling():
                self.refuse_left(envelope, begun=True)
                raise
            self.failed(envelope, error)
        except BaseException as error:  # whatever a handler raises is the supervisor's business
            if isinstance(error, GeneratorExit) and not self.loop.is_running():
                raise
            self.failed(envelope, error)
        else:
            if envelope.reply is not None and not self._is_aside(envelope):
                envelope.reply.succeed(result)
        finally:
            del task, reply  # the error keeps this frame, see outcome

    def _detached_done(self, task: asyncio.Task[None]) -> None:
        if self._detached is None:  # left behind
            return
        del self._detached[task]
        if self._paused:
            self._paused = False
            if self.state is State.RUNNING:
                self.again()
        self.settle()

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook in a task of its own; no message is taken meanwhile."""
        bus = self.bus
        assert bus is not None
        bus.deadlocks.add(self)
        if bus.deadlocks.resting:
            bus.deadlocks.wake()

        async def run() -> None:
            error: BaseException | None = None
            try:
                await cast("Awaitable[object]", awaitable)
            except BaseException as raised:  # user code
                if isinstance(raised, GeneratorExit) and not self.loop.is_running():
                    raise
                error = raised
            try:
                self._hook_task = None
                if self._turn_task is None:
                    bus.deadlocks.remove(self)
                then(error)
                if isinstance(error, asyncio.CancelledError):
                    raise error
            finally:
                del error

        self._hook_task = new_task(run(), loop=self.loop, name=f"peerbus {self} hook", context=self.context)

    @property
    def detached(self) -> tuple[Envelope, ...]:
        """The messages that reentrant handlers are at."""
        return tuple((self._detached or {}).values())

    # Standing still.

    def standing(self) -> tuple[object, object]:
        """The task of the hook, or of the handler that the next message waits for."""
        if self._hook_task is not None:
            return self._hook_task, self._hook_task
        return (None, None) if self._awaiting is None else (self._turn_task, self._awaiting)

    def task_of(self, reply: object) -> object:
        """The reentrant handler that works on it, or the one that it stands behind."""
        for task, envelope in (self._detached or {}).items():
            if envelope.reply is reply:
                return task
        return self.standing()[0]

    # Endings.

    def busy(self) -> bool:
        """A handler or a hook still runs, or the task that takes messages does."""
        return self._turn_task is not None or self._hook_task is not None or bool(self._detached)

    def at_work(self) -> int:
        """Of `async def` handlers, as the others are over when anybody looks."""
        return (self._awaiting is not None) + len(self._detached or ())

    def interrupt(self) -> None:
        """Cancel the handlers and hooks that await, and wake the task that waits for messages."""
        self._unpark()
        if self._awaiting is not None:
            self._cancel_handler("the actor stops, or is rebuilt")
        # A task that was made in this very turn must begin before it is cancelled, or its handler is never closed.
        for task in (*(self._detached or ()), *(() if self._hook_task is None else (self._hook_task,))):
            self.loop.call_soon(task.cancel)

    def leave_behind(self) -> None:
        """End without the handlers that do not, and let nobody wait for their tasks, `asyncio.run` neither."""
        self.leave_children()
        detached, self._detached = self._detached or {}, None
        for task in (self._turn_task, self._hook_task, *detached):
            if task is not None:
                forget_task(task)
        awaiting = self._awaiting
        self._turn_task = self._hook_task = self._awaiting = None
        if self.tasks is not None:
            self.tasks.leave_behind()
        self.end_behind((awaiting, *detached.values()))

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply: cancel the handler that works on it."""
        if self._awaiting is not None and self._awaiting.reply is reply:
            if not self._interrupted:
                self._cancel_handler("nobody waits for the answer any more")
            return self._given_up(self._awaiting)
        for task, envelope in (self._detached or {}).items():
            if envelope.reply is reply:
                if getcoroutinestate(cast("CoroutineType[object, object, None]", task.get_coro())) == CORO_CREATED:
                    break  # it finds that nobody wants it
                self.loop.call_soon(task.cancel)
                return self._given_up(envelope)
        return "mailbox"

    def _given_up(self, envelope: Envelope) -> str:
        reply = envelope.reply
        # Its deadline may have passed, and the asker have gone before it was told so: then that is what became of it.
        gone = isinstance(reply, AskFuture) and reply.cancelled()
        late = not gone and self.loop.time() >= envelope.deadline
        if late:
            self.came_late(envelope)
        self.mailbox.count_undone("deadline_handler" if late else "cancelled")
        return "handler"

    def _cancel_handler(self, why: str) -> None:
        assert self._turn_task is not None
        if self._turn_task is not asyncio.current_task(self.loop):
            self._interrupted = True
            self._turn_task.cancel(why)

    def handling(self) -> Envelope | None:
        """The message whose handler is the caller."""
        task = asyncio.current_task(self.loop)
        if task is not None and self._detached and task in self._detached:
            return self._detached[task]
        # Where a task handles the messages, no other does; where there is none, whoever is called while one is handled.
        return self.current if self._turn_task is None or task is self._turn_task else None

    def _would_deadlock(self) -> bool:
        """The caller is what this actor waits for before it takes the next message."""
        task = asyncio.current_task()
        return task is not None and (
            task is self._hook_task or (task is self._turn_task and self._awaiting is not None)
        )

    # Sending to this cell.

    def tell(self, message: object, sender: Cell | None, timeout: float | None) -> Outcome[None]:
        """Deliver on the loop's thread, or through the foreign door from any other."""
        mailbox = self.mailbox
        envelope = Envelope(message, None if sender is None else sender.address, None, NEVER, sender)
        if timeout is not None and not timeout >= 0:
            return self.fail(envelope, spent(timeout, message))
        if self.types is not None and message.__class__ not in self.types:
            error: SendError | None = self.check_type(message, sender)
            if error is not None:
                return self.fail(envelope, error)
        if mailbox.owner != get_ident():
            return self.tell_foreign(envelope, timeout)
        if mailbox._free > 0 and not mailbox._slow:
            # As `Mailbox.offer` does where there is room, without its call.
            mailbox.sent += 1
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
        try:
            if mailbox.offer(envelope):
                return DELIVERED
        except SendError as refusal:
            return self.fail(envelope, refusal, counted=True)
        assert self.bus is not None
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        return Waiting(mailbox, envelope, deadline, self.bus.wheel, self.loop, self.undelivered, self)

    def pour(self, supply: Supply, sender: Cell | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`: on the loop's thread as many at once as there is room for."""
        mailbox = self.mailbox
        if mailbox.owner != get_ident():
            return pour_foreign(self, supply, sender, within)
        address = None if sender is None else sender.address
        types, open_ = self.types, within.open
        while True:
            room = mailbox._free if open_ and not mailbox._slow else 0
            messages = supply.take(min(room, CHUNK) or 1)
            if not messages:
                return None
            if room and (types is None or types.issuperset(map(type, messages))):
                envelopes = [Envelope(message, address, None, NEVER, sender) for message in messages]
                if mailbox.has_room_for(len(envelopes), 0):  # still: a generator may have sent as well
                    mailbox.offer_all(envelopes, 0)
                    supply.accepted += len(envelopes)
                    continue
            outcome = pour_singly(self, messages, 0, supply, sender, within)
            if outcome is not None:
                return outcome

    def ask(
        self, message: object, sender: Cell | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """Deliver on the loop's thread with a future for the answer."""
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        future: AskFuture[R] = AskFuture(loop=self.loop)
        future.message = message
        future.reply_type = reply
        future.abandon = self.abandon
        future.slot = None
        envelope = Envelope(message, None if sender is None else sender.address, future, deadline, sender)
        if timeout is not None and not timeout > 0:
            late = spent(timeout, message)
            self.fail(envelope, late)
            return future.refused(late)
        if self.types is not None and message.__class__ not in self.types:
            error: SendError | None = self.check_type(message, sender)
            if error is not None:
                self.fail(envelope, error)
                return future.refused(error)
            future.reply_type = expected(self, message, sender, reply)
        if sender is self and self._would_deadlock():
            return future.refused(WouldDeadlock(f"{self} asks itself, and takes no message before it has the answer"))
        mailbox = self.mailbox
        if mailbox._free > 0 and not mailbox._slow:
            # As in `tell`.
            mailbox.sent += 1
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
        try:
            if mailbox.offer(envelope):
                if not future.done():
                    future.slot = bus.wheel.add(future, deadline)
                return future
        except SendError as refusal:
            self.fail(envelope, refusal, counted=True)
            return future.refused(refusal)
        waiting = Waiting(mailbox, envelope, deadline, bus.wheel, self.loop, self.undelivered, self)
        return AskWaiting(waiting, future, partial(future.arm, bus.wheel, deadline))

    def inform(self, message: object) -> None:
        """Deliver a fact that the actor subscribed to; without room it is forgotten."""
        self.mailbox.offer_or_skip(Envelope(message))


def _discard(awaitable: Awaitable[object]) -> None:
    if isinstance(awaitable, asyncio.Future):
        awaitable.cancel()
    elif asyncio.iscoroutine(awaitable):
        awaitable.close()
    elif isinstance(awaitable, Followed):
        _discard(awaitable.of)
