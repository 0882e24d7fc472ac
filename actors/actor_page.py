"""Actors as a list in pages, each actor with what it is, how it fares, and its mailbox."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from .engine import Cell, ThreadCell
from .mailbox import MailboxStatistics

__all__ = ["PAGE", "ActorPage", "ActorView", "page_of", "view_of_actor"]

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


def page_of(cells: Mapping[str, Cell], after: str, limit: int) -> ActorPage:
    """The first `limit` of these cells, by name, behind the name `after`."""
    names = heapq.nsmallest(limit + 1, (name for name in tuple(cells) if name > after))
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
        mailbox=cell.mailbox.statistics(),
    )
