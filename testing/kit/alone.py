"""Running one actor alone: a test says what it gets, and sees what it does to others, none of which runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

from ...actors.base import PeerbusError, RemoteError
from ...actors.engine import Body, Cell, Ref, Rehearsed, Timer, expected, rehearsed_message
from ...actors.mailbox import NEVER, Envelope, ReplyTo
from ...actors.messages import (
    ActorFailed,
    ActorTerminated,
    Address,
    AnswerInItems,
    Asks,
    Channel,
    GroupAddress,
    Stream,
    Supervision,
    Terminated,
    check_reply,
)
from ...actors.sends import DELIVERED, AskFuture, FailedOutcome, Gathered, Outcome, check_timeout
from .alone_streams import PATIENCE, AloneStreams
from .effects import (
    Answered,
    Asked,
    Effect,
    Failed,
    Published,
    Spawned,
    Stopped,
    TimerSet,
    Told,
    Unwatched,
    Watched,
)
from .manual_timers import ManualTimers
from .recorder import end_scripted
from .recording_bus import OF_LIFE, RecordingBus
from .settle import settled

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Alone"]

A = TypeVar("A", bound=Body)
R = TypeVar("R")


class Alone(AloneStreams, Generic[A]):
    """Runs the actor that `factory` (a class or a function) makes, and no other, on the loop of the caller.

    What it sends, watches, starts or sets is recorded in `effects`, and goes nowhere: a tell has been delivered, an ask
    stays open until `reply`, `fail` or an `answer` that was prepared. Timers fire when the test moves their clock by
    `advance`. `channels` are those that the actor needs to know of others. It works for every actor: reactors, the
    router, a peer connection, the peer manager.

    ```python
    async with Alone(Cache) as cache:
        await cache.tell(Get(7))
        assert cache.sent == [Asked(LOCAL / "blocks", GetBlock(7))]
    ```
    """

    def __init__(
        self,
        factory: Callable[[], A],
        *,
        name: str | None = None,
        channels: Iterable[Channel[Any]] = (),
        supervision: Supervision | None = None,
        rng: Random | None = None,
    ) -> None:
        #: Everything that it did, in order.
        self.effects: list[Effect] = []
        #: The bus that it runs on; the actor's own `bus`.
        self.bus: RecordingBus = RecordingBus(_Effects(self), channels=channels, rng=rng)
        self._factory = factory
        self._name = name
        self._supervision = supervision
        self._ref: Ref[A] | None = None
        self._timers: ManualTimers | None = None
        self._asks: list[tuple[Asked, AskFuture[Any]]] = []
        self._scripts: list[tuple[type, object]] = []
        self._failing: list[tuple[type, BaseException]] = []

    async def __aenter__(self) -> Self:
        await self.bus.__aenter__()
        try:
            self.bus.start_recording()
            self._ref = self.bus.run(self._factory, name=self._name, supervision=self._supervision)
            cell = self._ref._cell
            self._timers = cell.timers = ManualTimers(cell, self._timer_set)
            begun = self.bus.begins(cell)
            await settled(self.bus)
            if begun.done():
                begun.result()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the actor, and give up the asks that are open. Idempotent."""
        for _, future in self._asks:
            future.cancel()
        if self._ref is not None:
            self._cell.kill("the test is over")
        await self.bus.aclose()

    # The actor.

    @property
    def ref(self) -> Ref[A]:
        """Its ref. Raises PeerbusError before it runs."""
        if self._ref is None:
            raise PeerbusError("the actor does not run yet: `async with Alone(…) as actor`")
        return self._ref

    @property
    def actor(self) -> A:
        """The actor itself, to look at its state."""
        actor = self._cell.actor or self.bus.last
        assert actor is not None
        return cast("A", actor)

    @property
    def address(self) -> Address[object]:
        """Where it is: the sender of what it sends."""
        address = self.ref.address
        assert address is not None
        return address

    def stand_in(self, name: str) -> Ref[Any]:
        """A ref to give to the actor: what it sends there is recorded as sent to `LOCAL / name`."""
        return self.bus.stand_in(name)

    # What it did.

    @property
    def sent(self) -> list[Told | Asked]:
        """What it sent."""
        return [effect for effect in self.effects if isinstance(effect, Told | Asked)]

    @property
    def published(self) -> list[object]:
        """The facts that it published."""
        return [effect.event for effect in self.effects if isinstance(effect, Published)]

    @property
    def timers(self) -> list[TimerSet]:
        """The timers that it has set."""
        return [effect for effect in self.effects if isinstance(effect, TimerSet)]

    @property
    def spawned(self) -> list[str]:
        """The names of the children that it has started."""
        return [effect.name for effect in self.effects if isinstance(effect, Spawned)]

    @property
    def stopped(self) -> bool:
        """It has ended."""
        return self.ref._cell.stopped.is_set()

    def take(self) -> list[Effect]:
        """The effects since the last `take`, which are forgotten."""
        taken, self.effects = self.effects, []
        return taken

    # What it gets.

    async def tell(self, message: object, *, sender: Address[Any] | None = None) -> None:
        """Let it handle a message; returns when it has nothing more to do that is due. Raises as a send does."""
        self._put(message, sender, None, NEVER)
        await settled(self.bus)

    @overload
    def ask(  # type: ignore[overload-overlap]  # a stream is also some answer
        self, message: Asks[object, Stream[R]], *, sender: Address[Any] | None = None, timeout: float = PATIENCE
    ) -> AnswerInItems[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def ask(
        self, message: Asks[object, R], *, sender: Address[Any] | None = None, timeout: float = PATIENCE
    ) -> AskFuture[R]: ...
    @overload
    def ask(
        self,
        message: object,
        *,
        reply: TypeForm[R],
        sender: Address[Any] | None = None,
        timeout: float = PATIENCE,
    ) -> AskFuture[R]: ...
    @overload
    def ask(
        self, message: object, *, sender: Address[Any] | None = None, timeout: float = PATIENCE
    ) -> AskFuture[object]: ...
    def ask(
        self,
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        sender: Address[Any] | None = None,
        timeout: float = PATIENCE,
    ) -> AskFuture[Any] | AnswerInItems[Any]:
        """Let it handle a message and answer: await the answer, or `settle()` first and look at what it did.

        The answer has to be what the message names, or of the type `reply`, as for `Actor.ask`.
        """
        timeout = check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        expects = expected(self._cell, message, None, reply)
        future: AskFuture[Any] = AskFuture.of(self.bus.loop, message, expects, lambda _: self._cell.abandon(answer))
        answer = _Answer(self, message, future)  # what the cell knows the ask by
        deadline = self.bus.loop.time() + timeout
        self._put(message, sender, answer, deadline)
        future.arm(self.bus.wheel, deadline)
        return future

    async def terminated(self, target: Address[Any], reason: str = "stopped") -> None:
        """Let it hear that an actor which it watches has ended."""
        self._cell.mailbox.put_system(Envelope(Terminated(target, reason)))
        await settled(self.bus)

    async def advance(self, seconds: float) -> None:
        """Move the clock of its timers: those that become due fire in their order, each handled before the next."""
        timers = self._timers
        if timers is None:
            raise PeerbusError("the actor does not run yet: `async with Alone(…) as actor`")
        until = timers.time + seconds
        while (due := timers.due_at()) is not None and due <= until:
            timers.fire_next()
            await settled(self.bus)
        timers.time = until

    async def stop(self) -> None:
        """Stop it, as its bus would: behind what is in its mailbox."""
        self._cell.request_stop()
        await settled(self.bus)

    async def settle(self) -> None:
        """Return when it has nothing more to do that is due."""
        await settled(self.bus)

    # What the others answer.

    @property
    def open_asks(self) -> list[Asked]:
        """Its asks that have no answer yet, the oldest first."""
        return [asked for asked, future in self._asks if not future.done()]

    async def reply(self, value: object = None) -> None:
        """Answer its oldest open ask. Raises PeerbusError where there is none."""
        self._oldest().succeed(value)
        await settled(self.bus)

    async def fail(self, error: BaseException) -> None:
        """Fail its oldest open ask with `error`, which it gets as it is: a RemoteError, PeerGone, DeadlineExceeded."""
        self._oldest().fail(error)
        await settled(self.bus)

    def answer(self, message_type: type, with_: object) -> None:
        """Answer its asks of this type from now on: a value, an exception to raise, or a function of the message."""
        self._scripts.insert(0, (message_type, with_))

    def refuse(self, message_type: type, error: BaseException) -> None:
        """Let its tells of this type fail with `error` from now on."""
        self._failing.insert(0, (message_type, error))

    # Inside.

    @property
    def _cell(self) -> Cell:
        return self.ref._cell

    def _put(self, message: object, sender: Address[Any] | None, reply: ReplyTo | None, deadline: float) -> None:
        cell = self._cell
        error = cell.check_type(message, None)
        if error is not None:
            raise cell.mailbox.refuse(error)
        source = "test" if sender is None else sender
        if not cell.mailbox.offer(Envelope(message, sender, reply, deadline, source)):
            raise PeerbusError(f"{cell.mailbox.no_room()}: the actor does not take what it got")

    def _oldest(self) -> AskFuture[Any]:
        self._asks = [(asked, future) for asked, future in self._asks if not future.done()]
        if not self._asks:
            raise PeerbusError(f"{self._cell} has no open ask; it did: {self.effects}")
        return self._asks.pop(0)[1]

    def _timer_set(self, timer: Timer, delay: float) -> None:
        self.effects.append(TimerSet(delay, timer.message, timer.interval is not None))

    def __repr__(self) -> str:
        return f"<Alone {self._factory!r}, {len(self.effects)} effects>"


class _Effects:
    """Writes down what the actor does, and gives it the outcomes that the test wants."""

    def __init__(self, alone: Alone[Any]) -> None:
        self._alone = alone

    def told(self, to: Address[Any] | GroupAddress[Any], message: object) -> Outcome[Any]:
        alone = self._alone
        alone.effects.append(Told(to, message))
        wrong, _ = self._rehearsed(to, message, None)
        if wrong is not None:
            return FailedOutcome(wrong)
        if isinstance(to, GroupAddress):
            return Gathered({})
        for message_type, error in alone._failing:
            if isinstance(message, message_type):
                return FailedOutcome(error)
        return DELIVERED

    def asked(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
    ) -> Outcome[Any]:
        alone = self._alone
        asked = Asked(to, message)
        alone.effects.append(asked)
        bus = alone.bus
        wrong, expects = self._rehearsed(to, message, reply)
        future: AskFuture[Any] = AskFuture.of(bus.loop, message, expects, lambda _: "reply")
        if wrong is not None:
            return future.refused(wrong)
        for message_type, with_ in alone._scripts:
            if isinstance(message, message_type):
                end_scripted(future, with_, message)
                return future
        future.arm(bus.wheel, bus.loop.time() + (PATIENCE if timeout is None else timeout))
        alone._asks.append((asked, future))
        return future

    def _rehearsed(self, to: Address[Any] | GroupAddress[Any], message: object, reply: Any) -> tuple[Any, Any]:
        """What such a send to another node would fail with, and what its asker expects; see `rehearsal`."""
        channel = self._alone.bus.channels.get(to.reactor)
        if not self._alone.bus.checks_sends or channel is None or type(message) not in channel.types:
            return None, reply
        return rehearsed_message(channel, message), Rehearsed(channel, reply)

    def watched(self, target: Address[Any], *, on: bool) -> None:
        self._alone.effects.append(Watched(target) if on else Unwatched(target))

    def spawned(self, name: str) -> None:
        self._alone.effects.append(Spawned(name))

    def published(self, event: object) -> None:
        alone = self._alone
        mine = None if alone._ref is None else str(alone._cell)
        if isinstance(event, ActorFailed) and event.actor == mine:
            alone.effects.append(Failed(event.error, event.directive))
        elif isinstance(event, ActorTerminated) and event.actor == mine:
            alone.effects.append(Stopped(event.reason))
        elif not isinstance(event, OF_LIFE):
            alone.effects.append(Published(event))


class _Answer:
    """Where the answer to an ask of the test goes."""

    def __init__(self, alone: Alone[Any], message: object, future: AskFuture[Any]) -> None:
        self._alone = alone
        self._message = message
        self._future = future

    def done(self) -> bool:
        return self._future.done()

    def succeed(self, value: object) -> None:
        if not self.done():
            self._alone.effects.append(Answered(self._message, value))
            self._future.succeed(value)

    def raised(self, error: BaseException) -> None:
        if not self.done():
            self._alone.effects.append(Answered(self._message, error=RemoteError.of(error)))
            self._future.raised(error)

    def fail(self, error: BaseException) -> None:
        self._future.fail(error)
