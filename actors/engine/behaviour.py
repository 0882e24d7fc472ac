"""What an actor's class says of itself, and the hooks that run around its messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, overload

import pykka

from ..mailbox import Mailbox
from ..messages import (
    DEFAULT_MAILBOX,
    DEFAULT_MAILBOX_BYTES,
    Channel,
    HasChannel,
    HasClassChannel,
    Overflow,
    Supervision,
)
from ..sends import ReplyFuture
from .ending import Ending
from .handler_table import Handler, Table

__all__ = ["Behaviour"]

M = TypeVar("M")

#: What the names of this package's modules begin with.
OWN_MODULES = __name__.partition(".")[0] + "."


class Behaviour(pykka.Actor):
    """The part of an actor that its cell knows: settings of the class, handlers, hooks."""

    #: "loop", "thread" (for handlers that block or compute), "process" (a process of its own, on a node), or None: the
    #: loop on a bus, a thread without one.
    dispatcher: ClassVar[Literal["loop", "thread", "process"] | None] = None
    #: Bounds of the mailbox and what happens beyond them; a reactor's channel says them instead.
    mailbox_limit: ClassVar[int] = DEFAULT_MAILBOX
    mailbox_bytes: ClassVar[int] = DEFAULT_MAILBOX_BYTES
    overflow: ClassVar[Overflow] = Overflow.WAIT
    #: What becomes of the actor when a handler of a `tell` raises (on a bus; without one it stops, as in Pykka).
    supervision: ClassVar[Supervision] = Supervision()
    #: When it ends as its bus closes; None: as its parent, and without one among the first.
    ends_in: ClassVar[Ending | None] = None
    #: The class of its cell, where it is no ordinary one: a pool's.
    cell_class: ClassVar[type[Any] | None] = None
    #: The same on a bus whose sends are traced; None: it is no other there.
    traced_cell_class: ClassVar[type[Any] | None] = None
    #: Whether a thread of its own keeps the program alive; see Pykka.
    use_daemon_thread: ClassVar[bool] = False

    __table__: ClassVar[Table] = Table(pykka.Actor)
    __handlers__: ClassVar[dict[type, Handler]] = {}
    __channel__: ClassVar[Channel[Any] | None] = None
    #: Takes its messages by Pykka's `on_receive` alone.
    __receives__: ClassVar[bool] = False
    #: Was found to handle all that its channel declares.
    __whole__: ClassVar[bool] = False
    #: Stands in Pykka's registry while it runs: users' actors do, the package's own do not.
    __registered__: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if inspect.iscoroutinefunction(cls.on_failure):
            raise TypeError(
                f"{cls.__name__}.on_failure is `async def`, and nobody awaits it: the actor is about to be rebuilt or "
                "to stop; write `def on_failure`"
            )
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

    @classmethod
    def check_whole(cls) -> None:
        """Raise TypeError where a message of the channel comes to these actors that nothing handles."""
        channel = cls.__channel__
        if channel is None or cls.__dict__.get("__whole__") or cls._takes_anything():
            return
        missing = ", ".join(each.__name__ for each in cls.__table__.unhandled(channel))
        if missing:
            raise TypeError(
                f"{cls.__name__} handles no {missing}, as its channel {channel.name!r} declares: give it a method with "
                f"@handles({missing}), or leave it out of the channel's messages"
            )
        cls.__whole__ = True

    @classmethod
    def _takes_anything(cls) -> bool:
        """What has no handler comes to a method of its own."""
        own = pykka.Actor
        return cls.on_receive is not own.on_receive or cls._handle_receive is not own._handle_receive

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

    # Hooks. `on_start`, `on_stop` and `on_failure` are Pykka's. The first two may be `async def` at run time, but Pykka
    # types them as plain functions, so there are two more that are `async def` for type checkers as well. The third is
    # called on the way from a failure to what follows it, and is a `def`.

    if TYPE_CHECKING:  # for editors: Pykka's own tell of Pykka

        def on_start(self) -> None:
            """Hook, once, before `on_started` and the first message: set timers, watch others, open what is needed.

            After a failure the actor is built anew, and this runs again. What it raises ends the start.
            """

        def on_stop(self) -> None:
            """Hook, once, behind the last message: close what `on_start` has opened."""

    async def on_started(self) -> None:
        """Hook, after `on_start`: the actor takes its first message when this has finished."""

    async def on_stopping(self) -> None:
        """Hook, before `on_stop`: the actor takes no more messages. Not called when a failure stops it."""

    def starting_hooks(self) -> tuple[Callable[[], object], ...]:
        """What runs before the first message, in order."""
        if type(self).on_started is Behaviour.on_started:
            return (self.on_start,)
        return (self.on_start, self.on_started)

    def stopping_hooks(self) -> tuple[Callable[[], object], ...]:
        """What runs after the last message, in order."""
        if type(self).on_stopping is Behaviour.on_stopping:
            return (self.on_stop,)
        return (self.on_stopping, self.on_stop)

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hook, a `def`: a handler or a task raised, and the actor is about to be rebuilt or to stop."""
