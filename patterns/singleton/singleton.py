"""A reactor that one of several nodes runs, and another one when that is gone."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, ClassVar

from ...actors.base import PeerbusError, SendError, get_logger, spelled
from ...actors.engine import Ref, handles
from ...actors.messages import Address, Channel, Message, Peer, Request, ShutdownStarted, Terminated
from ...actors.reactor import Reactor
from ...actors.router import LinkChanged, LinkDown, LinkUp
from .core import ClaimOf, SingletonCore, StartIt, StopIt

__all__ = ["NodeSingleton", "Singleton"]

log = get_logger("peerbus.patterns")

#: Seconds between two looks at what is to be done, where nothing happens.
LOOK = 0.5
#: Seconds beyond `hand_over` that a holder that was asked to stop has for its answer.
ANSWER = 2.0


@dataclass(frozen=True, slots=True)
class NodeSingleton:
    """One singleton. `reactor`: the name of what only one node runs; `offered`: this node offers the role.

    `state`: `here`, where this node runs it; `elsewhere`, where a peer does; else `nowhere`, as far as this node sees.
    `holders`: the nodes that run it, by id: one, or several while a partition heals.
    """

    name: str
    reactor: str
    role: str
    state: str
    holders: tuple[str, ...]
    members: int
    offered: bool


class ClaimIt(Message, Request[bool]):
    """I am the first of those that I see: may I run it? True: yes, and it has stopped at you."""


class LetGo(Message):
    """I leave, and it has stopped here."""


@dataclass(frozen=True, slots=True)
class _Look:
    """See what is to be done."""


@spelled
class Singleton(Reactor):
    """Runs `reactor` on one of the nodes that offer `role` and are connected, and moves it when that one is gone.

    ```python
    class OneLedger(Singleton):
        reactor = Ledger
        role = "bank"

    bank = Node("bob", offers={"bank"}, reactors=[OneLedger])
    # anywhere: await node.ask(Role("bank") / Ledger, Balance(), wait_for_peer=True)
    ```

    Under a partition there is one on each side, and one again soon after: see docs/long-work.md. `settle`: seconds for
    which the members must have stayed the same before it starts or moves. `hand_over`: seconds that the old one has to
    handle what it has, before it is killed. Tasks: one for each claim (waits for: a member's answer; feeds: the core),
    one that stops the reactor (waits for: its end).
    """

    reactor: ClassVar[type[Reactor]]
    role: ClassVar[str] = ""
    settle: ClassVar[float] = 2.0
    hand_over: ClassVar[float] = 10.0

    def __init_subclass__(cls) -> None:
        of = getattr(cls, "reactor", None)
        if of is not None:
            if not (isinstance(of, type) and issubclass(of, Reactor)) or of.__channel__ is None:
                raise TypeError(f"{cls.__name__}.reactor is {of!r}; write the class of a reactor that has a channel")
            if not cls.role:
                raise TypeError(f'{cls.__name__} says no role: role = "…", which the nodes offer that may run it')
            if not (cls.settle >= 0 and cls.hand_over > 0):
                raise ValueError(f"{cls.__name__}: settle is 0 or more and hand_over above 0, in seconds")
            messages: Any = (ClaimIt, LetGo)
            cls.channel = Channel(f"{of.__channel__.name}.one", messages=messages, idempotent=(ClaimIt,))  # type: ignore[attr-defined]
        super().__init_subclass__()

    def __init__(self) -> None:
        super().__init__()
        self._name = self.declared_channel().name
        self._core = SingletonCore(self._name, self.bus.node_id, self.settle, self.hand_over)
        self._running: Ref[Any] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._leaving = False

    def on_start(self) -> None:
        """Look who is there, from now on."""
        self.bus.declare(self.reactor.declared_channel())
        self.bus.subscribe_actor(self.actor_ref, LinkUp, LinkChanged, LinkDown)
        self.bus.actors.views[str(self)] = self.view
        self.every(min(LOOK, max(self.settle / 2, 0.01)), _Look())
        self._look()

    def view(self) -> NodeSingleton:
        """As whoever runs the node sees it. On the loop's thread."""
        core, reactor = self._core, self.reactor.declared_channel().name
        holders = [link.peer_id for link in self.bus.routes.offering(self.role, reactor)]
        if self._running is not None:
            holders.append(core.me)
        state = "here" if self._running is not None else "elsewhere" if holders else "nowhere"
        members = len(core.members) + core.offers
        return NodeSingleton(str(self), reactor, self.role, state, tuple(sorted(holders)), members, core.offers)

    @property
    def _now(self) -> float:
        return self.bus.loop.time()

    @handles(LinkUp, LinkChanged, _Look)
    def _changed(self, _: LinkUp | LinkChanged | _Look) -> None:
        self._look()

    @handles(LinkDown)
    def _down(self, event: LinkDown) -> None:
        self._core.lost(event.link.peer_id, self._now, in_order=event.reason == "shutting_down")
        self._look()

    @handles(LetGo)
    def _released(self, _: LetGo, sender: Address[object] | None) -> None:
        if sender is not None and isinstance(sender.where, Peer):
            self._core.released(sender.where.id, self._now)
            self._look()

    @handles(ClaimIt, reentrant=True)
    async def _claimed(self, _: ClaimIt, sender: Address[object] | None) -> bool:
        if sender is None or not isinstance(sender.where, Peer) or not self._core.claimed(sender.where.id):
            return False
        await self._put_down()
        return True

    @handles(Terminated)
    def _ended(self, _: Terminated) -> None:
        """It has ended, by itself or as it was stopped."""
        self._running, self._core.running = None, False

    @handles(ShutdownStarted)
    async def _leaves(self, _: ShutdownStarted) -> None:
        self._leaving = True
        if self._running is None:
            return
        await self._put_down()
        for peer in sorted(self._core.members):
            with contextlib.suppress(SendError):
                await self.tell(Peer(peer) / self._name, LetGo(), timeout=1.0)

    def _look(self) -> None:
        """See who is there, and do what follows from it."""
        if self._leaving:
            return
        links = self.bus.routes.offering(self.role, self._name)
        self._core.saw((link.peer_id for link in links), self.role in self.bus.roles, self._now)
        for action in self._core.next(self._now):
            match action:
                case ClaimOf(peer):
                    self.create_task(self._claim(peer))
                case StartIt():
                    self._start()
                case StopIt():
                    self.create_task(self._put_down())

    async def _claim(self, peer: str) -> None:
        granted = False
        with contextlib.suppress(PeerbusError):
            granted = await self.ask(Peer(peer) / self._name, ClaimIt(), timeout=self.hand_over + ANSWER)
        if not granted:
            await asyncio.sleep(LOOK)  # it sees another one, or was not reached: soon again
        self._core.answered(peer, granted)
        self._look()

    def _start(self) -> None:
        if self._stopping is not None:
            return
        log.info("runs here from now on", node=self.bus.name, reactor=self.reactor.__name__, role=self.role)
        self._running = self.spawn(self.reactor)
        self._core.running = True
        self.watch(self._running)

    async def _put_down(self) -> None:
        """Stop it: what it has is handled first, for `hand_over` seconds at most. Idempotent."""
        if self._stopping is None:
            if self._running is None:
                return
            self._stopping = self.create_task(self._end(self._running))
        await asyncio.shield(self._stopping)

    async def _end(self, ref: Ref[Any]) -> None:
        log.info("runs here no longer", node=self.bus.name, reactor=self.reactor.__name__, role=self.role)
        try:
            stopped = ref.stop(block=False)
            try:
                async with asyncio.timeout(self.hand_over):
                    await stopped
            except TimeoutError:
                ref._cell.kill("another node runs it now, and its mailbox was not drained in time")
                await ref.stop(block=False)
        finally:
            self._running, self._stopping, self._core.running = None, None, False
