"""In a worker: the seat of its only actor, where that is a member of a pool. It tells the node what is handled.

The node has to know when a message is handled: to give the member the next one, and to know when a key may move. Of an
ask its answer says that. Of a tell, and of an ask that nobody waits for any more, it is said when the member rests.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, ClassVar

from ...actors.actor import Actor
from ...actors.engine import Body, Cell, Ref, handles
from ...actors.messages import LOCAL, Terminated
from ...transports.connection import InsideConnection
from .seat_cell import SeatCell
from .talk import GATE, WORKER, MemberOver, MemberRests

__all__ = ["SEAT", "MemberSeat"]

#: Its name.
SEAT = "peerbus.seat"


class MemberSeat(Actor):
    """See the module. `name`: of the member, which `factory` makes; `link`: the connection with the node."""

    cell_class: ClassVar[type[Any] | None] = SeatCell

    def __init__(self, name: str, factory: Callable[[], Body], link: InsideConnection) -> None:
        super().__init__()
        self._name = name
        self._factory = factory
        self._link = link
        self._member: Ref[Any] | None = None
        #: Messages that the node knows to be handled, and of which it wants to know.
        self._said = self._wanted = 0
        #: Of the tells among those that came, how many there were when it was last said.
        self._told = 0

    async def on_started(self) -> None:
        """Make the member; it has started when that has."""
        cell = self._cell
        assert isinstance(cell, SeatCell)
        cell.rested = self._rested
        self._member = ref = self.bus.actors.spawn(self._factory, self._name, None, cell)
        self.watch(ref)
        await self.bus.started(ref)

    def _rested(self) -> None:
        # From the member's thread.
        bus = self.bus
        if bus.thread == get_ident():
            self._look()
        else:
            bus.call(self._look)

    def _look(self) -> None:
        """Say what is handled, if the member rests and there is something to say."""
        if self._member is None:
            return
        mailbox = self._member._cell.mailbox
        if mailbox.scheduled or len(mailbox) or mailbox.waiting:
            return  # it will rest once more
        came, tells = self._link.received(self._name)
        if came > self._said and (tells > self._told or self._wanted > self._said):
            self._say(came, tells)

    def _say(self, came: int, tells: int) -> None:
        self._said, self._told = came, tells
        self._link.way.tell(GATE.name, MemberRests(self._name, came), LOCAL / WORKER.name, None)

    def want(self, handled: int) -> None:
        """The node wants to know when that many messages are handled."""
        self._wanted = max(self._wanted, handled)
        member = None if self._member is None else self._member._cell
        if member is not None and not _at_work(member):
            self._look()

    @handles(Terminated)
    def _ended(self, end: Terminated) -> None:
        self._link.way.tell(GATE.name, MemberOver(self._name, end.reason), LOCAL / WORKER.name, None)


def _at_work(member: Cell) -> bool:
    """A handler holds it, or it does not run."""
    return member.standing()[0] is not None
