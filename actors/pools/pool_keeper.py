"""The actor behind a pool's address: parent of the members, whom it makes and lets go. No message passes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, cast

from ..actor import Actor
from ..base import PeerbusError, get_logger, shown
from ..engine import Cell, Ref, State, handles
from ..messages import PoolResized, Terminated
from ..pool_view import PoolView
from .plan import PoolPlan
from .pool_cell import PoolCell
from .pool_figures import idle_of, oldest_of, view_of_pool
from .resizer import PoolSizing
from .resizing import ResizePool
from .roster import Roster
from .traced_pool_cell import TracedPoolCell

__all__ = ["PoolKeeper"]

log = get_logger("peerbus.actors")

#: Seconds between two looks at a member that leaves: it is stopped when nobody waits for room at it any more.
LOOK = 0.02
#: Seconds between two looks whether a member that leaves, whose streams have had their time, still handles messages.
LATE_LOOK = 1.0


class PoolKeeper(Actor):
    """See the module. Where there is a rule, it looks from time to time whether the size should be another.

    A member that ends for good, its budget spent or stopped by somebody, is not made anew: the others have its keys,
    and what it had in its mailbox fails. The next change of size puts another one in its place. When none is left the
    pool has failed, and its own supervision decides.
    """

    plan: ClassVar[PoolPlan]
    cell_class: ClassVar[type[Any] | None] = PoolCell
    traced_cell_class: ClassVar[type[Any] | None] = TracedPoolCell

    def __init__(self) -> None:
        super().__init__()
        self._pool = cast("PoolCell", self._cell)
        self._leaving: list[Cell] = []
        #: Of members that leave: takes back the look whether their streams have had their time.
        self._cuts: dict[Cell, Callable[[], object]] = {}
        #: What its size was set to while keys moved, and why.
        self._wanted: tuple[int, str] | None = None
        self._sizing: PoolSizing | None = None
        #: Takes back the next look.
        self._unset: Callable[[], object] = int

    def on_start(self) -> None:
        """Make the members."""
        pool = self._pool
        pool.leave_members()
        pool.moved = self._moved
        members = {place: self._spawn() for place in range(pool.size)}
        self._refs = [cast("Ref[Any]", each.ref) for each in members.values()]
        pool.adopt(Roster[Cell]().filled(members))
        self.bus.actors.pools[str(pool)] = partial(view_of_pool, pool)

    async def on_started(self) -> None:
        """The pool has started when its members have."""
        await self.bus.started(*self._refs)
        self._refs.clear()
        if self.plan.resizer is not None:
            self._sizing = PoolSizing(self.plan.resizer, self._pool.now())
            self._look_later()

    def on_stop(self) -> None:
        """Look no more."""
        self._look_no_more()

    def on_failure(self, *_: object) -> None:
        """Look no more; whoever comes after it does."""
        self._look_no_more()

    def _look_no_more(self) -> None:
        self._unset()
        for cut in self._cuts.values():
            cut()
        self._cuts.clear()

    def _spawn(self) -> Cell:
        pool, plan, actors = self._pool, self.plan, self.bus.actors
        factory, dispatcher = plan.factory, plan.dispatcher
        pool.serial += 1
        name = f"{pool.name}.{pool.serial}"
        if plan.in_processes:
            if actors.processes is None:
                raise PeerbusError(
                    f"members of {pool} run in processes of their own, which a node has and a bus alone has not: give "
                    f"the pool to a node, Node(reactors=[…]), or write threads={pool.size}"
                )
            factory = actors.processes.stand_in(name, factory, plan.prefetch)
            dispatcher = "loop" if plan.factory_dispatcher == "process" else None
        ref = actors.spawn(factory, name, None, pool, None, dispatcher)
        self.watch(ref)
        return ref._cell

    # Size.

    @handles(ResizePool)
    def _resize_pool(self, wanted: ResizePool) -> PoolView:
        lower, upper = self.plan.bounds
        if not lower <= wanted.members <= upper:
            raise ValueError(f"{self._pool} has {lower} to {upper} members, not {wanted.members}")
        if self._sizing is not None:
            self._sizing.changed(self._pool.now())
        self._resize(wanted.members, "asked for")
        return view_of_pool(self._pool)

    def _resize(self, size: int, why: str) -> None:
        pool = self._pool
        if pool.moving:
            self._wanted = size, why
            return
        roster, before = pool.roster, pool.size
        more: dict[int, Cell] = {}
        try:
            for place in roster.free(size):
                more[place] = self._spawn()
        except BaseException:
            for cell in more.values():
                cell.request_stop()
            raise
        self._leaving += [each for each in roster.slots[size:] if each is not None]
        pool.size = size
        if more or len(roster.slots) > size:
            log.info("pool resized", node=self.bus.name, pool=str(pool), members=size, before=before, why=why)
            self.bus.publish(PoolResized(str(pool), size, before, why))
            pool.adopt(roster.first(size).filled(more))

    def _moved(self) -> None:
        """No key is with a member that leaves."""
        leaving, self._leaving = self._leaving, []
        for cell in leaving:
            self._dismiss(cell)
        if self._wanted is not None:
            (size, why), self._wanted = self._wanted, None
            self._resize(size, why)

    def _dismiss(self, cell: Cell) -> None:
        """Stop a member behind what it has, once nobody waits for room at it."""
        if cell.state in (State.STOPPING, State.STOPPED):
            return
        if cell.mailbox.waiting or cell.mailbox._outside_waiters:
            self._pool.call_later(LOOK, partial(self._dismiss, cell))
        else:
            cell.request_stop()
            self._cut_later(cell, self.bus.shutdown_timeout)

    def _cut_later(self, cell: Cell, seconds: float) -> None:
        self._cuts[cell] = self._pool.call_later(seconds, partial(self._cut_short, cell))

    def _cut_short(self, cell: Cell) -> None:
        """The streams of a member that leaves have had their time: end those that have not ended."""
        del self._cuts[cell]
        if cell.state is State.STOPPING and cell.busy() and cell.standing()[0] is None:
            cell.kill(f"{self._pool} has fewer members, and the streams of this one did not end in time")
        elif cell.state is not State.STOPPED:
            self._cut_later(cell, LATE_LOOK)

    def _look_later(self) -> None:
        rule = self.plan.resizer
        assert rule is not None
        self._unset = self._pool.call_later(rule.interval, self._look)

    def _look(self) -> None:
        pool, sizing = self._pool, self._sizing
        assert sizing is not None
        if pool.state is not State.RUNNING:
            return
        self._look_later()
        count = len(pool.open)
        size = sizing.look(pool.now(), count, oldest_of(pool) or 0.0, idle_of(pool))
        if size != count and not pool.moving:
            waited = f"the oldest message has waited for {oldest_of(pool) or 0.0:.1f} s"
            try:
                self._resize(size, waited if size > count else "members had nothing to do")
            except Exception as error:  # noqa: BLE001  # the program's constructor; the pool is as it was
                log.error("the pool cannot grow", node=self.bus.name, pool=str(pool), error=shown(error))

    # Members that end.

    @handles(Terminated)
    def _ended(self, end: Terminated) -> None:
        pool = self._pool
        name = end.address.reactor
        for cell in [each for each in self._cuts if each.name == name]:
            self._cuts.pop(cell)()
        known = [each for each in (*pool.open, *pool.roster.alive) if each.name == name]
        if not known or not pool.gone(known[0]):
            return
        pool.ended += 1
        log.warning(
            "a member of a pool has ended", node=self.bus.name, pool=str(pool), member=name, why=end.reason,
            left=len(pool.open), of=pool.size,
        )  # fmt: skip
        if not pool.open and pool.state is State.RUNNING:
            raise PeerbusError(f"{pool} has no member left: the last one, {name}, has ended ({end.reason})")
