"""A pool's member that a process of its own runs, as the actor here that stands for it, and keeps that process.

It is supervised as the class of the member says: where the process ends the actor here has failed, its mailbox stays,
and another process takes what it holds. What the process had goes down with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ...actors.bus import Bus
from ...actors.engine import Handler
from ...actors.mailbox import Envelope
from ...transports.connection import ConnectionEnded, InsideConnection
from ...transports.sending import InsideLink
from ...transports.wire import ChannelInfo, Codecs
from .keeper import Begins, ProcessOver, WorkerKeeper, WorkerPlace
from .member_cell import MemberCell
from .talk import WORKER, MemberOver, MemberRests, WantRest
from .traced_member_cell import TracedMemberCell
from .worker import Worker

__all__ = ["MemberKeeper", "MemberPlace", "keeper_class"]


class MemberPlace(WorkerPlace):
    """That of a member, whichever process runs it. `prefetch`: as `Pool` has it."""

    def __init__(
        self, name: str, worker: Worker, bus: Bus, codecs: Codecs, incarnation: int, begins: Begins, prefetch: int
    ) -> None:
        super().__init__(name, worker, bus, codecs, incarnation, begins)
        self.member = name
        self.prefetch = prefetch
        #: Called when the actor here has ended.
        self.ended_for_good: Callable[[], object] = int
        #: The cell of the actor here.
        self.cell: MemberCell | None = None

    async def begin(self, keeper: WorkerKeeper) -> None:
        """As `WorkerPlace.begin`."""
        cell = keeper._cell
        assert isinstance(cell, MemberCell)
        if self.cell is None:
            self.cell = cell
            cell.want = self._want
            end = keeper.bus.actors.end_of(cell)
            end.add_done_callback(self._cell_ended)
        cell.forget()
        await super().begin(keeper)

    def _cell_ended(self, _: object) -> None:
        self.finish("it is not begun any more")
        self.ended_for_good()

    async def _enter(self, actor: InsideConnection) -> None:
        assert self.cell is not None
        assert self.process is not None
        self.cell.connect(actor.way, self.process.pid, 1 + self.prefetch)

    def _info(self, name: str) -> ChannelInfo | None:
        return None if name == self.name else super()._info(name)

    def _keep(self, _link: InsideLink) -> None:
        if self.cell is not None:
            self.cell.disconnect()  # what waits does so in the mailbox of the actor here

    def _tell_over(self, keeper: WorkerKeeper, text: str) -> None:
        if self.cell is not None:
            self.cell.disconnect()
            self.cell.mailbox.put_system(Envelope(ProcessOver(text)))

    def _link_ended(self, number: int, event: ConnectionEnded) -> None:
        if self.cell is not None and number == self.begun:
            self.cell.disconnect()
        super()._link_ended(number, event)

    def _want(self, handled: int) -> None:
        if self.connection is not None:
            self.connection.way.tell(WORKER.name, WantRest(handled), None, None)

    def hear(self, said: MemberRests | MemberOver) -> None:
        """The worker says something of the member."""
        cell = self.cell
        if cell is None:
            return
        if isinstance(said, MemberRests):
            cell.handled(said.handled)
        else:
            cell.disconnect()
            cell.kill(f"it has ended in its process: {said.reason}")


class MemberKeeper(WorkerKeeper):
    """See the module. Of each pool there is a class of its own, which has the channel and the supervision."""

    cell_class: ClassVar[type[Any] | None] = MemberCell
    traced_cell_class: ClassVar[type[Any] | None] = TracedMemberCell
    #: Those of the member, by message type.
    member_handlers: ClassVar[Mapping[type, Handler]] = {}

    async def on_started(self) -> None:
        """Start the process; the member has started when its actor there has."""
        await self._place.begin(self)


def keeper_class(worker: Worker) -> Callable[..., MemberKeeper]:
    """The class of keepers of a pool's members, of which `worker` has one."""
    (kind,) = worker.classes
    said = {
        "channel": kind.declared_channel(),
        "supervision": worker.policy,
        "member_handlers": kind.__table__.handlers,
        "__module__": MemberKeeper.__module__,
    }
    return type(f"{kind.__name__}Member", (MemberKeeper,), said)
