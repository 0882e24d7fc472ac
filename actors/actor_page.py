"""Actors as a list in pages, each actor with what it is, how it fares, and its mailbox."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .engine import Cell, ThreadCell
from .mailbox import MailboxStatistics

__all__ = ["ORDERS", "PAGE", "ActorPage", "ActorView", "foremost", "page_of", "view_of_actor"]

#: Actors in one page, where nobody says how many.
PAGE = 100


@dataclass(frozen=True, slots=True)
class ActorView:
    """One actor at an instant. `handling`: the type of the message that its handler is at, "" while it is at none."""

    name: str
    actor_class: str
    channel: str | None
    state: str
    on_thread: bool
    parent: str | None
    children: int
    restarts: int
    handling: str
    mailbox: MailboxStatistics


@dataclass(frozen=True, slots=True)
class ActorPage:
    """Some actors, in the order of their names. `next`: what to give as `after` for those behind; None: no more."""

    actors: tuple[ActorView, ...]
    next: str | None


#: By what actors are foremost, the largest first: messages in the mailbox, messages handled, times made anew.
ORDERS: Final[Mapping[str, Callable[[Cell], int]]] = {
    "fullest": lambda cell: cell.mailbox.queued,
    "busiest": lambda cell: cell.mailbox.delivered,
    "restarts": lambda cell: 0 if cell.supervisor is None else cell.supervisor.total,
}


def foremost(cells: Mapping[str, Cell], order: str, limit: int, match: str = "") -> ActorPage:
    """The `limit` that are foremost by a word of `ORDERS`, of those with `match` in their names; there is no `next`.

    Raises KeyError for another word.
    """
    rank = ORDERS[order]
    found = heapq.nlargest(limit, (cell for name, cell in tuple(cells.items()) if match in name), key=rank)
    return ActorPage(tuple(map(view_of_actor, found)), None)


def page_of(cells: Mapping[str, Cell], after: str, limit: int, match: str = "") -> ActorPage:
    """The first `limit` of these cells, by name, behind the name `after`, that have `match` in their names."""
    names = heapq.nsmallest(limit + 1, (name for name in tuple(cells) if name > after and match in name))
    views = tuple(view_of_actor(cells[name]) for name in names[:limit])
    return ActorPage(views, names[limit - 1] if len(names) > limit > 0 else None)


def view_of_actor(cell: Cell) -> ActorView:
    """One cell at this instant."""
    channel, current = cell.actor_class.__channel__, cell.current
    return ActorView(
        name=str(cell),
        actor_class=cell.actor_class.__name__,
        channel=None if channel is None else channel.name,
        state=cell.state.value,
        on_thread=isinstance(cell, ThreadCell),
        parent=None if cell.parent is None else str(cell.parent),
        children=len(cell.children or ()),
        restarts=0 if cell.supervisor is None else cell.supervisor.total,
        handling="" if current is None else type(current.message).__name__,
        mailbox=cell.mailbox.statistics(cell.now()),
    )
