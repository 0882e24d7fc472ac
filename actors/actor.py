"""The base class of actors: Pykka's, with typed handlers, a bounded mailbox, deadlines, timers and supervision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

from .base import PeerbusError, current_bus
from .engine import Body, Ref, many_to_cell
from .messages import WAITS, Address, GroupAddress, How, Share, Stream, Supervision, check_reply
from .routing import routed_open, routed_stream
from .sender import asks, opens, streams, tells, tells_many
from .sends import Outcome, check_timeout
from .stream_sends import check_times
from .streams import OpenStream

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .bus import Bus

__all__ = ["Actor"]

V = TypeVar("V")
M = TypeVar("M")
A = TypeVar("A", bound=Body)


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
        raise PeerbusError(f"{actor} is on no bus: spawn its class, {type(actor).__name__}, on a Bus or a Node")
    return cast("Bus", bus)


def _address_of(actor: Actor) -> Address[object]:
    address = actor._cell.address
    if address is None:
        raise PeerbusError(f"{actor} is on no bus, so it has no address")
    return address


class Actor(Body):
    """An actor: it owns its state and handles one message at a time.

    Write handlers with `@handles(Type)`, or Pykka's `on_receive`; both may be `def` or `async def`. Around them:
    `on_start`, `async on_started`, messages, `async on_stopping`, `on_stop`. Spawned on a bus or a node it runs on
    the event loop. Started without one, by `MyActor.start()`, it has a thread of its own and behaves as a
    `pykka.ThreadingActor`, with a bounded mailbox.

    ```python
    class Counter(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.seen = 0

        @handles(str)
        def count(self, word: str) -> int:
            self.seen += 1
            return self.seen

    async with Bus() as bus:
        counter = bus.spawn(Counter)
        await bus.tell(counter, "one")
        assert await bus.ask(counter, "two", reply=int) == 2
    ```
    """

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> Ref[Self]:
        """Start an actor as in Pykka; the arguments go to the constructor.

        Inside a handler on a bus it is spawned on that bus; elsewhere it gets a thread of its own.
        """
        bus = current_bus()
        if bus is not None:
            return cast("Bus", bus).spawn(cls, *args, **kwargs)
        if cls.dispatcher == "loop":
            raise PeerbusError(f"{cls.__name__} runs on an event loop: spawn it on a Bus or a Node")
        return super().start(*args, **kwargs)  # type: ignore[return-value]  # the ref is ours, see __init__

    # Its place and names.

    #: The bus that the actor runs on. Raises PeerbusError for an actor that was started without one.
    bus: OfActor[Bus] = OfActor(_bus_of)
    #: Where the actor is on its bus. Raises PeerbusError without one.
    address: OfActor[Address[object]] = OfActor(_address_of)

    # Sending.

    @tells
    def tell(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None = None,  # by name alone, see `TellMethod`
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send without an answer. `await` it to wait for room and to learn of a failure.

        Done when the message is in a local receiver's mailbox, or accepted against a remote receiver's credit;
        `timeout` seconds at most (default: the channel's). To several receivers: one outcome per peer.
        `wait_for_peer`: where nobody answers to the address yet, wait for one until the deadline.
        Raises any `SendError`, see `peerbus.actors.base.errors`.
        """
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        cell = self._cell
        if isinstance(to, Ref):
            # The short way of `send`, a third of such a tell; without a bus there is no other. See `routed_tell`.
            return to._cell.tell(message, cell if to._cell.bus is cell.bus else None, timeout)
        return _bus_of(self).send(to, message, timeout, cell, WAITS if wait_for_peer else None)

    @tells_many
    def tell_many(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        messages: Iterable[object],
        *,
        timeout: float | None = None,
    ) -> Outcome[Any]:
        """Send many messages without an answer, in their order: a `tell` of each at a part of its price.

        `await` it to learn how many were accepted. What has room is accepted at once; where there is none it waits, in
        the midst of them, `timeout` seconds at most for all together (default: the channel's). A generator is drawn as
        there is room, so that a million messages need no list. All go to one receiver, also of a role; to several, of
        `Role(…, "all")` or EVERYONE, each gets all, and there is one outcome per peer.
        It stops at the first message that is not accepted, and raises what its `tell` would: any `SendError`, with that
        `message`, and `accepted` messages before it, which stay accepted. Those behind it in a list are dead letters,
        as it is; not what a generator would still have made.
        """
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        cell = self._cell
        if cell.bus is None and isinstance(to, Ref):
            return many_to_cell(to._cell, messages, timeout, cell if to._cell.bus is None else None)
        return _bus_of(self).send_many(to, messages, timeout, cell)

    @asks
    def ask(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        reply: TypeForm[Any] | None = None,  # by name alone, see `TellMethod`
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
        ends when that many have answered, and raises QuorumFailed as soon as they cannot any more.
        `wait_for_peer`: where nobody answers to the address yet, wait for one until the deadline.
        One of a role's is asked again elsewhere when it is gone, if the channel declares the message idempotent or it
        was certainly never sent. `hedge`: seconds after which a second one of the role is asked as well if no answer
        came; ValueError unless the message is idempotent.
        Raises RemoteError where the handler raised, MessageTypeError, DeadlineExceeded, and any `SendError`; TypeError
        where `reply` is no type.
        """
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        plain = hedge is None and quorum is None and not wait_for_peer
        how = None if plain else How(hedge, quorum, wait_for_peer)
        return _bus_of(self).request(to, message, timeout, reply, self._cell, how)

    @streams
    def stream(
        self,
        to: Ref[Any] | Address[Any],
        message: object,
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> Stream[Any]:
        """Send, and read the answer item by item: `async for block in self.stream(to, GetRange(1, 1_000))`.

        For handlers that are `async def` generators, or return one; a `Request[Stream[Block]]` names the items. The
        generator runs ahead of its reader by a window, and no further. Leaving the loop, `aclose()`, or letting go of
        the stream ends it at its next `yield`, and runs its `finally`. Of a role another one is asked where the first
        is gone before an item has come: let a generator change nothing before its first `yield`.
        `timeout`: seconds for all of it; `idle`: for each item. Where neither is said, an item may take as long as an
        answer, the channel's `timeout`, and all together as long as they like.
        `wait_for_peer`: where nobody answers to the address yet, wait for one, until the deadline of the first item.
        An error comes behind the items that were sent before it: RemoteError where the generator raised, PeerGone,
        DeadlineExceeded, and any `SendError`, whose `items` says how many had come. Raises TypeError for what is no
        address, ValueError for one of several receivers.
        """
        timeout, idle = check_times(timeout, idle)
        return routed_stream(_bus_of(self), to, message, timeout, idle, self._cell, wait=wait_for_peer)

    @opens
    def open_stream(
        self,
        to: Ref[Any] | Address[Any],
        message: object,
        *,
        timeout: float | None = None,
        idle: float | None = None,
        wait_for_peer: bool = False,
    ) -> OpenStream[Any]:
        """Send items along with a message: `async with self.open_stream(to, Upload("a")) as s: await s.send(chunk)`.

        For handlers with a parameter `AsyncIterator[Chunk]`. `await s.result()` is what the handler returns; one that
        is a generator sends items back, `async for item in s`. Times and errors as with `stream`.
        """
        timeout, idle = check_times(timeout, idle)
        return routed_open(_bus_of(self), to, message, timeout, idle, self._cell, wait=wait_for_peer)

    # Children, watches.

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
