"""The base class of actors: Pykka's, with typed handlers, a bounded mailbox, deadlines, timers and supervision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar, overload

import pykka

from .address import Address, GroupAddress, HasChannel, HasClassChannel
from .answers import check_reply
from .channel import DEFAULT_MAILBOX, DEFAULT_MAILBOX_BYTES, Channel, Overflow
from .closing import Ending
from .current import BUILDING, current_bus
from .errors import PeerbusError
from .handler_table import Handler, Table
from .mailbox import Mailbox
from .outcome import Outcome
from .picks import Share
from .ref import Ref
from .reply_future import ReplyFuture
from .sender import WAITS, How, asks, tells
from .supervision import Supervision
from .thread_cell import ThreadCell
from .timers import Missed, Timer, Timers

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .bus import Bus
    from .cell import Cell

__all__ = ["Actor"]

T = TypeVar("T")
V = TypeVar("V")
M = TypeVar("M")
A = TypeVar("A", bound="Actor")

#: What the names of this package's modules begin with.
OWN_MODULES = __name__.partition(".")[0] + "."


class OfActor(Generic[V]):
    """An attribute that is looked up. Not a property: a program written for Pykka may set one of the same name."""

    def __init__(self, look_up: Callable[[Actor], V]) -> None:
        self._look_up = look_up

    @overload
    def __get__(self, actor: None, owner: type[Actor]) -> Self: ...
    @overload
    def __get__(self, actor: Actor, owner: type[Actor]) -> V: ...
    def __get__(self, actor: Actor | None, owner: type[Actor]) -> V | Self:
        return self if actor is None else self._look_up(actor)


def _bus_of(actor: Actor) -> Bus:
    bus = actor._cell.bus
    if bus is None:
        raise PeerbusError(f"{actor} was started without a bus: spawn it on a Bus or a Node")
    return bus


def _address_of(actor: Actor) -> Address[object]:
    address = actor._cell.address
    if address is None:
        raise PeerbusError(f"{actor} was started without a bus, so it has no address")
    return address


class Actor(pykka.Actor):
    """An actor: it owns its state and handles one message at a time.

    Write handlers with `@handles(Type)`, or Pykka's `on_receive`; both may be `def` or `async def`. Around them:
    `on_start`, `async on_started`, messages, `async on_stopping`, `on_stop`. Spawned on a bus or a node it runs on
    the event loop. Started without one, by `MyActor.start()`, it has a thread of its own and behaves as a
    `pykka.ThreadingActor`, with a bounded mailbox.
    """

    #: "loop", "thread" (for handlers that block or compute), or None: the loop on a bus, a thread without one.
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = None
    #: Bounds of the mailbox and what happens beyond them; a reactor's channel says them instead.
    mailbox_limit: ClassVar[int] = DEFAULT_MAILBOX
    mailbox_bytes: ClassVar[int] = DEFAULT_MAILBOX_BYTES
    overflow: ClassVar[Overflow] = Overflow.WAIT
    #: What becomes of the actor when a handler of a `tell` raises (on a bus; without one it stops, as in Pykka).
    supervision: ClassVar[Supervision] = Supervision()
    #: When it ends as its bus closes; None: as its parent, and without one among the first.
    ends_in: ClassVar[Ending | None] = None
    #: Whether a thread of its own keeps the program alive; see Pykka.
    use_daemon_thread: ClassVar[bool] = False

    __table__: ClassVar[Table] = Table(pykka.Actor)
    __handlers__: ClassVar[dict[type, Handler]] = {}
    __channel__: ClassVar[Channel[Any] | None] = None
    #: Takes its messages by Pykka's `on_receive` alone.
    __receives__: ClassVar[bool] = False
    #: Stands in Pykka's registry while it runs: users' actors do, the package's own do not.
    __registered__: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__table__ = Table(cls)
        cls.__handlers__ = cls.__table__.handlers
        channel = getattr(cls, "channel", None)
        cls.__channel__ = channel if isinstance(channel, Channel) else None
        if cls.__channel__ is not None:
            cls.__table__.check_travels(cls.__channel__)
        cls.__receives__ = (
            not cls.__handlers__
            and cls.on_receive is not pykka.Actor.on_receive
            and cls._handle_receive is pykka.Actor._handle_receive
        )
        cls.__registered__ = not cls.__module__.startswith(OWN_MODULES)

    if TYPE_CHECKING:  # what it takes, see `sender.Takes`

        @overload
        @classmethod
        def __takes__(cls: type[HasChannel[M]]) -> Channel[M]: ...
        @overload
        @classmethod
        def __takes__(cls: type[HasClassChannel[M]]) -> Channel[M]: ...
        @overload
        @classmethod
        def __takes__(cls) -> Channel[object]: ...
        @classmethod
        def __takes__(cls) -> Channel[Any]: ...

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        claim = BUILDING.get()
        if claim is None:
            self._cell: Cell = ThreadCell(type(self), None)
        else:
            BUILDING.set(None)
            self._cell = claim.claim(self)
        cell = self._cell
        self.actor_urn = cell.urn
        self.actor_inbox = cell.mailbox  # type: ignore[assignment]  # envelopes are ours
        self.actor_stopped = cell.stopped
        if cell.ref is None:
            cell.ref = Ref(self, cell)
        cell.actor = self
        self._actor_ref = cell.ref

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> Ref[Self]:
        """Start an actor as in Pykka; the arguments go to the constructor.

        Inside a handler on a bus it is spawned on that bus; elsewhere it gets a thread of its own.
        """
        bus = current_bus()
        if bus is not None:
            return bus.spawn(cls, *args, **kwargs)
        if cls.dispatcher == "loop":
            raise PeerbusError(f"{cls.__name__} runs on an event loop: spawn it on a Bus or a Node")
        return super().start(*args, **kwargs)  # type: ignore[return-value]  # the ref is ours, see __init__

    @property
    def actor_ref(self) -> Ref[Self]:
        """The actor's handle."""
        return self._actor_ref  # type: ignore[return-value]  # set in __init__

    # Pykka's hooks for new actor types.

    @classmethod
    def _create_actor_inbox(cls) -> Mailbox:  # type: ignore[override]  # needs the class's bounds
        channel = cls.__channel__
        if channel is not None:
            return Mailbox(channel.mailbox, channel.mailbox_bytes, channel.overflow)
        return Mailbox(cls.mailbox_limit, cls.mailbox_bytes, cls.overflow)

    @staticmethod
    def _create_future() -> ReplyFuture[Any]:
        return ReplyFuture()

    def _start_actor_loop(self) -> None:
        self._cell.start()

    # Where and who.

    #: The bus that the actor runs on. Raises PeerbusError for an actor that was started without one.
    bus: OfActor[Bus] = OfActor(_bus_of)
    #: Where the actor is on its bus. Raises PeerbusError without one.
    address: OfActor[Address[object]] = OfActor(_address_of)

    def __str__(self) -> str:
        return str(self._cell)

    # Sending.

    @tells
    def tell(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        timeout: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send without an answer. `await` it to wait for room and to learn of a failure.

        Done when the message is in a local receiver's mailbox, or accepted against a remote receiver's credit;
        `timeout` seconds at most (default: the channel's). To several receivers: one outcome per peer.
        `wait_for_peer`: where nobody answers to the address yet, wait for one until the deadline.
        Raises any `SendError`, see `peerbus.actors.errors`.
        """
        cell = self._cell
        if isinstance(to, Ref):
            # On another bus, where its address would mean another actor or none, it is no sender.
            return to._cell.tell(message, cell if to._cell.bus is cell.bus else None, timeout)
        return _bus_of(self).send(to, message, timeout, cell, WAITS if wait_for_peer else None)

    @asks
    def ask(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        timeout: float | None = None,
        hedge: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send and await the answer, `timeout` seconds at most (default: the channel's).

        It is what the message names, if that is a `Request`, or of the type that `reply` says, `int`, `list[Block]` or
        `Block | None`: type checkers know it, and another one ends the ask with MessageTypeError. Cancelling the ask
        cancels the handler.
        To several receivers: one answer or error per peer; with `quorum` (a number, or a `Share` of the receivers) it
        ends when so many have answered, and raises QuorumFailed as soon as they cannot any more.
        `wait_for_peer`: where nobody answers to the address yet, wait for one until the deadline.
        One of a role's is asked again elsewhere when it is gone, if the channel declares the message idempotent or it
        was certainly never sent. `hedge`: seconds after which a second one of the role is asked as well if no answer
        came; ValueError unless the message is idempotent.
        Raises RemoteError where the handler raised, MessageTypeError, DeadlineExceeded, and any `SendError`; TypeError
        where `reply` is no type.
        """
        if reply is not None:
            check_reply(reply)
        plain = hedge is None and quorum is None and not wait_for_peer
        how = None if plain else How(hedge, quorum, wait_for_peer)
        return _bus_of(self).request(to, message, timeout, reply, self._cell, how)

    # Children, watches, timers, stash.

    def spawn(
        self,
        factory: Callable[..., A],
        *args: Any,
        name: str | None = None,
        supervision: Supervision | None = None,
        **kwargs: Any,
    ) -> Ref[A]:
        """Start a child: it stops before this actor does, and may hand its failures on to it."""
        return _bus_of(self).spawn(factory, *args, name=name, supervision=supervision, parent=self._cell, **kwargs)

    def watch(self, target: Ref[Any] | Address[Any]) -> None:
        """Get a `Terminated` when that actor stops, or its peer is gone; at once if it is so already.

        A restart is no end. Raises PeerbusError for a role's address: that is not one actor.
        """
        _bus_of(self).watch(target, self._cell)

    def unwatch(self, target: Ref[Any] | Address[Any]) -> None:
        """Forget the watch."""
        _bus_of(self).unwatch(target, self._cell)

    def after(self, delay: float, message: object) -> Timer:
        """Get `message` in `delay` seconds; 0 or less is as soon as what is handled now is done.

        Where the mailbox is full it goes before all that waits there. The timer ends with the actor, or with its
        restart. Raises ValueError for nan and inf, TypeError for what is no number.
        """
        return self._timers().after(delay, message)

    def every(self, interval: float, message: object, *, missed: Missed = "skip") -> Timer:
        """Get `message` every `interval` seconds, the first time after one interval, until it is cancelled.

        At most one message of the timer is in the mailbox: where one waits still when the next is due, or there is no
        room, the next one is missed. `missed` says what follows from that, in the words of tokio.
        `"skip"`: a fixed rate. The n-th is due n intervals after the start, those that were missed do not come.
        `"burst"`: a fixed rate. Those that were missed come as soon as the actor takes them, one after the other.
        `"delay"`: a fixed delay. The next one is due one interval after this one was handled.
        The timer ends with the actor, or with its restart.
        Raises ValueError for an interval that is not above 0 and finite, TypeError for what is no number.
        """
        return self._timers().every(interval, message, missed)

    def _timers(self) -> Timers:
        timers = self._cell.timers
        if timers is None:
            timers = self._cell.timers = Timers(self._cell)
        return timers

    def create_task(self, coroutine: Coroutine[object, object, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Run `coroutine` beside the handlers, as `asyncio.create_task` does. It ends with the actor.

        The task is cancelled when the actor stops or is rebuilt, and the actor has ended only when it has. An exception
        in it is a failure of the actor, whether somebody awaits the task or not; see `supervision`.
        Raises PeerbusError for an actor that does not run on an event loop, and one that stops.
        """
        try:
            return self._cell.create_task(coroutine, name)
        except PeerbusError:
            coroutine.close()
            raise

    def put_aside(self) -> None:
        """Stash the message that is being handled, until `take_up`. An ask's answer is then still open."""
        self._cell.put_aside()

    def take_up(self) -> None:
        """Handle what was put aside, in its order, before anything else."""
        self._cell.take_up()

    # Hooks. `on_start`, `on_stop` and `on_failure` are Pykka's; they may be `async def` at run time, but Pykka types
    # them as plain functions, so there are two more that are `async def` for type checkers as well.

    async def on_started(self) -> None:
        """Hook, after `on_start`: the actor takes its first message when this has finished."""

    async def on_stopping(self) -> None:
        """Hook, before `on_stop`: the actor takes no more messages. Not called when a failure stops it."""

    def starting_hooks(self) -> tuple[Callable[[], object], ...]:
        """What runs before the first message, in order."""
        if type(self).on_started is Actor.on_started:
            return (self.on_start,)
        return (self.on_start, self.on_started)

    def stopping_hooks(self) -> tuple[Callable[[], object], ...]:
        """What runs after the last message, in order."""
        if type(self).on_stopping is Actor.on_stopping:
            return (self.on_stop,)
        return (self.on_stopping, self.on_stop)

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hook: a handler raised, and the actor is about to be rebuilt or to stop."""
