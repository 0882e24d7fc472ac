"""A stand-in for a whole peer: it enters the bus's table of peers without a connection, and is sent to as one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from ...actors.actor import Actor
from ...actors.base import NoSuchReactor, PeerbusError, SendError
from ...actors.bus import Bus
from ...actors.mailbox import Envelope, ReplyTo
from ...actors.messages import Address, Asks, Capability, Channel, Peer, check_reply
from ...actors.router import LinkChanged, LinkDown, LinkUp
from ...actors.sends import DELIVERED, AskFuture, Outcome, check_timeout
from ...actors.streams import is_items
from .probe import HasBus
from .probe_link import ProbeLink
from .recorder import Received, Recorder

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["PeerProbe"]

R = TypeVar("R")

#: Seconds in which the router takes a peer in or out; it takes one turn of the loop.
ROUTER_PATIENCE = 5.0


class PeerProbe(Recorder):
    """Stands in for a peer of this node: for `Peer(probe.id) / …`, for its roles, for everyone.

    `on`: a bus that runs, or what has one. `reactors`: what the peer runs, as Channels, Reactor classes, or names of
    channels that the bus knows. `roles`: what it offers, `archive` or `archive{from=1000}`. Its id is made from `name`.
    Messages and answers are encoded and decoded as on the wire, so what would not survive it fails here too. Nothing
    else of a connection is there: no handshake, no heartbeat, and of credit only `stall`. To be used on the bus's loop.

    ```python
    async with PeerProbe(node, roles={"archive"}, reactors=[Blocks]) as peer:
        peer.answer(GetBlock, Block(7, b""))
        assert await node.ask(Role("archive") / "blocks", GetBlock(7)) == Block(7, b"")
    ```
    """

    def __init__(
        self,
        on: Bus | HasBus,
        *,
        reactors: Iterable[str | Channel[Any] | type[Actor]] = (),
        roles: Iterable[str] = (),
        name: str = "peer",
    ) -> None:
        bus = on if isinstance(on, Bus) else on.bus
        #: Its node id.
        self.id: str = hashlib.sha256(f"peerbus peer probe {name}".encode()).hexdigest()
        self._link = ProbeLink(bus, self.id, self._arrived)
        self._link.roles = _capabilities(roles)
        self._link.gone = "it has not joined yet"
        for reactor in reactors:
            self._link.reactors.add(_declared(bus, reactor))
        super().__init__(f"the peer probe {name!r}", bus)

    # Coming and going.

    async def join(self) -> Self:
        """Enter the table of peers; returns when it can be sent to."""
        self._link.gone = None
        await self._route(LinkUp(self._link), lambda: self.bus.routes.peers.get(self.id) is self._link)
        return self

    async def offer(self, *roles: str) -> None:
        """Offer these roles, and no others, from now on."""
        self._link.roles = _capabilities(roles)
        before = self.bus.routes
        await self._route(LinkChanged(self._link), lambda: self.bus.routes is not before)

    async def leave(self, reason: str = "gone") -> None:
        """End the connection: open asks and waiting sends fail with PeerGone, watchers hear of it. Idempotent."""
        if self._link.gone is None:
            self._link.end(reason)
            await self._route(
                LinkDown(self._link, reason), lambda: self.bus.routes.peers.get(self.id) is not self._link
            )

    def stop_reactor(self, reactor: str, reason: str = "stopped") -> None:
        """A reactor of the peer stops: sends to it fail with NoSuchReactor, watchers hear of it."""
        self._link.reactors.discard(reactor)
        self._link.end_reactor(reactor, reason)

    async def aclose(self) -> None:
        """Leave, and listen to the bus no longer. Idempotent."""
        self._end()
        await self.leave()

    async def __aenter__(self) -> Self:
        return await self.join()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _route(self, change: LinkUp | LinkChanged | LinkDown, there: Callable[[], bool]) -> None:
        cell = self.bus.router._cell
        if self.bus.closing or cell.stopped.is_set():
            return  # the table goes with the bus
        cell.mailbox.put_system(Envelope(change))
        async with asyncio.timeout(ROUTER_PATIENCE):
            while not there():  # noqa: ASYNC110  # the table is a value, it tells nobody
                await asyncio.sleep(0)

    # What it sends.

    def tell(self, to: str, message: object, *, sender: str = "probe") -> Outcome[None]:
        """Send from the peer's reactor `sender` to the reactor `to` here; where it is "", from plain code.

        Raises NoSuchReactor, MessageTypeError, ActorStopped, and SendError where its mailbox is full.
        """
        self._deliver(to, message, sender, None)
        return DELIVERED

    @overload
    def ask(self, to: str, message: Asks[object, R], *, sender: str = "probe", timeout: float = 5.0) -> Outcome[R]: ...
    @overload
    def ask(
        self, to: str, message: object, *, reply: TypeForm[R], sender: str = "probe", timeout: float = 5.0
    ) -> Outcome[R]: ...
    @overload
    def ask(self, to: str, message: object, *, sender: str = "probe", timeout: float = 5.0) -> Outcome[object]: ...
    def ask(
        self,
        to: str,
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        sender: str = "probe",
        timeout: float = 5.0,
    ) -> Outcome[Any]:
        """Ask from the peer's reactor `sender` the reactor `to` here. Raises as `tell`; see `Actor.ask` for `reply`."""
        timeout = check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        future: AskFuture[Any] = AskFuture.of(self.bus.loop, message, reply, _abandoned)
        self._deliver(to, message, sender, future)
        future.arm(self.bus.wheel, self.bus.loop.time() + timeout)
        return future

    def _deliver(self, to: str, message: object, sender: str, reply: ReplyTo | None) -> None:
        cell = self.bus.cell(to)
        if cell is None:
            raise NoSuchReactor(f"{self.bus.name} runs no actor called {to!r}", message=message)
        error: SendError | None = cell.check_type(message, None)
        if error is None:
            whose = Address[object](Peer(self.id), sender) if sender else None
            envelope = Envelope(message, whose, reply, source=self.id)
            if cell.mailbox.offer(envelope):
                return
            error = SendError(cell.mailbox.no_room(), message=message)
        raise cell.mailbox.refuse(error)

    # As a peer that is slow.

    @property
    def stalled(self) -> bool:
        """It grants no credit."""
        return self._link.stalled

    def stall(self) -> None:
        """Grant no more credit: sends wait for it, and end with DeadlineExceeded("credit") at their deadline."""
        self._link.stalled = True

    def resume(self) -> None:
        """Grant credit again: what waits is sent."""
        self._link.resume()

    # What arrives.

    def _arrived(self, reactor: str, envelope: Envelope) -> None:
        message, reply = envelope.message, envelope.reply
        script = None if reply is None else self._script(message)
        received = Received(message, envelope.sender, reactor, reply is not None)
        self._take(received, None if script is not None else reply, _nothing)
        if script is not None and reply is not None:
            try:
                value = script()
                if is_items(value):
                    value = self._travelling(reactor, cast("AsyncIterator[object]", value), reply)
                else:
                    value = self._link.travel_back(reactor, value, reply)
            except Exception as error:  # noqa: BLE001  # what a script raises is for the asker
                reply.raised(error)
            else:
                reply.succeed(value)

    async def _travelling(self, reactor: str, items: AsyncIterator[object], reply: ReplyTo) -> AsyncIterator[object]:
        async for item in items:
            yield self._link.travel_back(reactor, item, reply)

    def _checked(self, value: object) -> object:
        return self._link.travel_back(self.last.reactor, value, self._open_ask())


def _declared(bus: Bus, reactor: str | Channel[Any] | type[Actor]) -> str:
    if isinstance(reactor, str):
        return reactor
    channel = reactor if isinstance(reactor, Channel) else reactor.__channel__
    if channel is None:
        raise PeerbusError(f"{reactor!r} declares no channel, so no peer can run it")
    bus.declare(channel)
    return channel.name


def _capabilities(roles: Iterable[str]) -> dict[str, Capability]:
    return {capability.role: capability for capability in map(Capability.parse, roles)}


def _abandoned(_future: object) -> str:
    return "reply"


def _nothing() -> None:
    return
