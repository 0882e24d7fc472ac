"""The bus's event stream: an actor that passes facts on to subscribers, and the door to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from threading import get_ident
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from .base import PeerbusError, SendError
from .engine import Body, Ending, Ref
from .mailbox import Envelope
from .messages import Overflow, Retained

__all__ = ["EventStream", "Events", "Subscription"]

E = TypeVar("E")

#: Events that a subscriber may lag behind before it loses the oldest.
MAX_LAG = 1024


class Subscription(Generic[E]):
    """Events of some types, for plain code: `async with bus.subscribe(DeadLetter) as events: async for e in events`.

    A subscriber that reads too slowly loses the oldest events; `missed` counts them. Nobody waits for it.

    ```python
    with node.subscribe(DeadLetter) as letters:
        lost = letters.get_nowait()  # or: await letters.get(), async for letter in letters
    ```
    """

    def __init__(self, stream: EventStream, types: tuple[type[E], ...]) -> None:
        self.types = types
        self.missed: int = 0
        self._stream = stream
        self._events: deque[E] = deque()
        #: Set when an event arrives, and when none will come any more.
        self._arrival = asyncio.Event()
        self._ended = False
        stream.listeners[self] = None

    def accept(self, event: E) -> None:
        """An event of one of the types."""
        if len(self._events) >= MAX_LAG:
            self._events.popleft()
            self.missed += 1
        self._events.append(event)
        self._arrival.set()

    async def get(self) -> E:
        """Wait for the next event. Raises PeerbusError where none will come: closed, or the bus has stopped."""
        while not self._events:
            if self._ended:
                raise PeerbusError("the subscription has ended: it was closed, or the bus has stopped")
            self._arrival.clear()
            await self._arrival.wait()
        return self._events.popleft()

    def get_nowait(self) -> E | None:
        """The next event that is here already, or None."""
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """Take no more events; a reader that waits for one is told so. Idempotent."""
        self._stream.listeners.pop(self, None)
        self._ended = True
        self._arrival.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[E]:
        while True:
            try:
                event = await self.get()
            except PeerbusError:
                return
            yield event


def event_types(types: tuple[type[E], ...]) -> tuple[type[E], ...]:
    """The types of a subscription. Raises TypeError where there is none, or one is no class."""
    for each in types:
        if not isinstance(each, type):
            raise TypeError(f"a subscription takes types of events, as in subscribe(DeadLetter), not {each!r}")
    if not types:
        raise TypeError("a subscription names the types of events that it wants, as in subscribe(DeadLetter)")
    return types


@dataclass(frozen=True, slots=True)
class _Joined:
    """An actor has subscribed on another thread: what stands is told it between two facts."""

    ref: Ref[Any]


class EventStream(Body):
    """Gets every fact as a message and passes it on. Its mailbox drops the oldest: facts are not worth a wait.

    Law: what stands is what was passed on. An actor that subscribes hears each fact that stands once, whenever that is.
    """

    ends_in: ClassVar[Ending | None] = Ending.BUS
    overflow: ClassVar[Overflow] = Overflow.DROP_OLDEST
    mailbox_limit: ClassVar[int] = 4096

    def __init__(self) -> None:
        super().__init__()
        self.listeners: dict[Subscription[Any], None] = {}
        self.actors: dict[Ref[Any], tuple[type, ...]] = {}
        #: What stands, by what it is about; and the subscriptions that have not been told it yet.
        self._standing: dict[object, Retained] = {}
        self._joining: set[Ref[Any]] = set()

    def wants(self, event: object) -> bool:
        """Anybody listens for it, or it stands. From any thread."""
        if isinstance(event, Retained):
            return True
        if not self.listeners and not self.actors:
            return False
        return any(isinstance(event, listener.types) for listener in tuple(self.listeners)) or any(
            isinstance(event, types) for types in tuple(self.actors.values())
        )

    def on_receive(self, message: object) -> None:
        """Pass the fact on."""
        if isinstance(message, _Joined):
            self._tell_what_stands(message.ref)
            return
        stands = isinstance(message, Retained)
        if isinstance(message, Retained):
            self._keep(message)
        for subscription in tuple(self.listeners):
            if isinstance(message, subscription.types):
                subscription.accept(message)
        for ref, types in tuple(self.actors.items()):
            if not ref.is_alive():
                del self.actors[ref]
                self._joining.discard(ref)
            elif isinstance(message, types) and not (stands and ref in self._joining):
                ref._cell.inform(message)

    def join(self, ref: Ref[Any], types: tuple[type, ...]) -> None:
        """The actor hears facts of these types from now on, and first what stands. On the loop."""
        self.actors[ref] = types
        self._tell_what_stands(ref)

    def join_from_afar(self, ref: Ref[Any], types: tuple[type, ...]) -> _Joined:
        """As `join`, from another thread: what stands is told it once the stream has got what is returned."""
        self._joining.add(ref)
        self.actors[ref] = types
        return _Joined(ref)

    def leave(self, ref: Ref[Any]) -> None:
        """The actor hears no more. From any thread."""
        self.actors.pop(ref, None)
        self._joining.discard(ref)

    def lost(self, envelope: Envelope, _error: SendError) -> None:
        """There was no room for it: nobody hears of it, but it stands, or ends what stood."""
        if isinstance(envelope.message, _Joined):
            self._tell_what_stands(envelope.message.ref)
        elif isinstance(envelope.message, Retained):
            self._keep(envelope.message)

    def _keep(self, fact: Retained) -> None:
        if fact.clears:
            self._standing.pop(fact.about, None)
        else:
            self._standing[fact.about] = fact

    def _tell_what_stands(self, ref: Ref[Any]) -> None:
        self._joining.discard(ref)
        types = self.actors.get(ref, ())
        for fact in self._standing.values():
            if isinstance(fact, types):
                ref._cell.inform(fact)

    def on_stop(self) -> None:
        """Nothing happens on the bus any more."""
        for subscription in tuple(self.listeners):
            subscription.close()


class Events:
    """The door to the event stream of one bus: facts go in, subscriptions come out."""

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._ref: Ref[EventStream] | None = None
        self._stream: EventStream | None = None
        self._thread = 0

    @property
    def stream(self) -> EventStream:
        """The actor. Raises PeerbusError before the bus runs."""
        if self._stream is None:
            raise PeerbusError(f"{self._bus} does not run: enter it, `async with`")
        return self._stream

    def begin(self, ref: Ref[EventStream]) -> None:
        """The stream runs."""
        cell = ref._cell
        assert isinstance(cell.actor, EventStream)
        self._ref, self._stream = ref, cell.actor
        # What it drops is no dead letter: that is an event, and would be lost as well. Its mailbox has counted it.
        cell.mailbox.on_drop = cell.actor.lost
        self._thread = get_ident()

    def publish(self, event: object) -> None:
        """As `Bus.publish`."""
        stream = self._stream
        if stream is not None and stream.wants(event):
            self._hand(event)

    def subscribe(self, *types: type[E]) -> Subscription[E]:
        """As `Bus.subscribe`."""
        return Subscription(self.stream, event_types(types))

    def subscribe_actor(self, ref: Ref[Any], *types: type) -> None:
        """As `Bus.subscribe_actor`."""
        stream: EventStream = self.stream
        wanted: tuple[type, ...] = event_types(types)
        if get_ident() == self._thread:
            stream.join(ref, wanted)
        else:
            self._hand(stream.join_from_afar(ref, wanted))

    def unsubscribe_actor(self, ref: Ref[Any]) -> None:
        """As `Bus.unsubscribe_actor`."""
        if self._stream is not None:
            self._stream.leave(ref)

    def _hand(self, message: object) -> None:
        assert self._ref is not None
        with contextlib.suppress(SendError):  # the bus has stopped
            self._ref._cell.mailbox.offer_foreign(Envelope(message))
