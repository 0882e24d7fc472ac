"""How a pool is at this instant, read off its cell and its members'."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine import Cell
from ..mailbox import NEVER
from ..pool_view import MemberView, PoolView
from .pool_cell import PoolCell
from .pool_members import load_of

__all__ = ["idle_of", "oldest_of", "view_of_pool"]


def oldest_of(pool: PoolCell) -> float | None:
    """Seconds that the oldest message has waited, in the pool's own mailbox or a member's; None where none does."""
    ages = [_age(cell) for cell in (pool, *_members(pool))]
    return max((age for age in ages if age is not None), default=None)


def idle_of(pool: PoolCell) -> int:
    """Members that have nothing to do."""
    return sum(1 for each in pool.open if not load_of(each) and not each.at_work())


def view_of_pool(pool: PoolCell) -> PoolView:
    """The pool and its members. On the loop's thread."""
    plan = pool.plan
    lower, upper = plan.bounds
    channel = pool.actor_class.__channel__
    members = tuple(_view(each, pool.streams.open.get(each, 0)) for each in _members(pool))
    return PoolView(
        name=str(pool),
        actor_class=pool.actor_class.__name__,
        channel=None if channel is None else channel.name,
        state=pool.state.value,
        pick=plan.shown_pick,
        size=pool.size,
        members=members,
        lower=lower,
        upper=upper,
        automatic=plan.resizer is not None,
        held=len(pool.mailbox),
        oldest=oldest_of(pool),
        lost=pool.ended,
        moving=pool.moving,
        streams_each=pool.streams.each,
        streams_waiting=pool.streams.waiting,
    )


def _members(pool: PoolCell) -> Iterable[Cell]:
    return [child for child in pool.children or () if isinstance(child, Cell)]


def _age(cell: Cell) -> float | None:
    came = cell.mailbox.oldest()
    return None if came == NEVER else max(0.0, cell.now() - came)


def _view(cell: Cell, streams: int) -> MemberView:
    mailbox = cell.mailbox
    return MemberView(
        name=str(cell),
        state=cell.state.value,
        runs=cell.runs_on,
        queued=max(0, mailbox.queued + len(mailbox._foreign) - cell.worked_on_elsewhere),
        at_work=cell.at_work(),
        delivered=cell.came_in_all,
        restarts=0 if cell.supervisor is None else cell.supervisor.total,
        pid=cell.process,
        streams=streams,
    )
