"""One walk along the waits, from one handler that stands still, here or at a peer; see `deadlock` for its laws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .steps import ANY_OF, BESIDE, chosen, chosen_in, owes
from .waits import Wait, waits_in

__all__ = ["MAX_PATH", "Holder", "Search", "Stander"]

#: Actors in a circle. A longer one ends with its deadlines.
MAX_PATH = 64


@runtime_checkable
class Holder(Protocol):
    """Somebody a send can wait for."""

    def follow(self, wait: object, search: Search) -> None:
        """Go on with `search` where `wait` stands."""


class Stander(Protocol):
    """An actor's cell: its handlers may stand still."""

    @property
    def name(self) -> str | None:
        """The actor's name on its bus."""

    def standing(self) -> tuple[object, object]:
        """What the handler that holds the actor awaits, and a mark of it; (None, None) where none does."""


class StandingMember(Stander, Holder, Protocol):
    """A member of a pool."""


class CircleWatch(Protocol):
    """Whoever began the walk, and what becomes of it; `DeadlockWatch` is it."""

    def hurry(self, cell: Stander, *, first: bool) -> None:
        """Look at the `first` again soon."""

    def resolve(self, circle: Sequence[tuple[str, Wait]]) -> None:
        """All of a circle is here."""

    def returns(self, cell: Stander, search: Search) -> bool:
        """A probe has come to `cell`; True where it began there."""

    def issue(self, cell: Stander, wait: Wait) -> int:
        """A number for the probe of this wait."""

    def begins(self) -> bool:
        """Whether one more probe of this node's own may go."""

    def passes(self, by: str) -> bool:
        """Whether one more probe of that peer may be passed on."""


class Search:
    """See the module."""

    __slots__ = ("_began", "_by", "_path", "_seen", "_watch", "before", "place", "token")

    def __init__(
        self,
        watch: CircleWatch,
        *,
        token: int = 0,
        before: Sequence[str] = (),
        place: str = "local",
        began: Stander | None = None,
        by: str = "",
    ) -> None:
        self._watch = watch
        self._by = by
        #: Where a peer's probe came from, as texts, and its token; empty, and 0, for a walk that began here.
        self.before = tuple(before)
        self.token = token
        #: How peers call this node.
        self.place = place
        self._began = began
        #: Who waits, for what, and what stands behind its name; no wait: a member that was chosen of a pool's.
        self._path: list[tuple[Stander, Wait | None, str]] = []
        self._seen: set[object] = set()

    def walk(self, cell: Stander, task: object) -> None:
        """Follow everything that this task of the cell waits for."""
        at = task, sum(wait is None for _, wait, _ in self._path)
        if at in self._seen or len(self.before) + len(self._path) >= MAX_PATH:
            return
        self._seen.add(at)
        beside = "" if task is cell.standing()[0] else BESIDE
        if self.before:
            name = self._name(cell, self.place) + beside
            # Once more it may be, in another of its handlers; and for each member of a pool that is to be seen.
            if self.before.count(name) > 1 + chosen_in(self.before):
                return  # round a circle that the first is not in: whoever is in it asks as well
            self._watch.hurry(cell, first=name < self.before[0])
        for wait in waits_in(task):
            if wait.over():  # a circle that was found on the way has ended it
                continue
            holder = wait.holder()
            if isinstance(holder, Holder):
                self._path.append((cell, wait, beside))
                holder.follow(wait, self)
                self._path.pop()

    def reach(self, cell: Stander, task: object) -> None:
        """A wait leads to this task of a cell here: on from there, or round."""
        if cell is self._began and task is cell.standing()[0] and not self.owes():
            circle = [(self._name(cell, self.place), wait) for cell, wait, _ in self._path if wait is not None]
            self._watch.resolve(circle)
        elif self.token and self._watch.returns(cell, self):
            return
        else:
            self.walk(cell, task)

    def any_of(self, members: Sequence[StandingMember], mark: int, wait: object) -> None:
        """`wait` is for whichever of a pool's members is free first, and none is: on to one that was not seen yet.

        `mark` is another one as soon as any of them has taken or ended a message. Whoever began is the last.
        """
        if len(members) == 1:
            members[0].follow(wait, self)
            return
        behind, path = chosen(len(members), mark), self.path(self.place)
        named = [(self._name(member, self.place), member) for member in members]
        if any(entry.startswith(f"{name}{ANY_OF}") and entry != name + behind for entry in path for name, _ in named):
            return  # somebody has gone on since
        been = {name: path.count(name + behind) for name, _ in named}
        further = sorted((name == path[0], name) for name, _ in named if not been[name])[:1]
        if not further and max(been.values()) == 1:  # all were seen: whoever began waits for one of them, or for nobody
            further = [(False, name) for name, _ in named]
        by_name = dict(named)
        for _, name in further:
            member = by_name[name]
            self._path.append((member, None, behind))
            member.follow(wait, self)
            self._path.pop()

    def owes(self) -> bool:
        """Not all members of the pools on its way were seen."""
        return owes(self.path(self.place))

    def passes(self, *, inside: bool) -> bool:
        """Whether a probe of it may go on now: to a peer, or to another process of this node (`inside`)."""
        if not self.token:
            return self._watch.begins()
        return (inside and not self._by) or self._watch.passes(self._by)

    def path(self, place: str) -> list[str]:
        """The actors so far, for a peer: `place` is how it calls this node."""
        first = 0 if self.before else 1  # the first is named, whoever that is
        own = [*self._path[:first], *(step for step in self._path[first:] if not _of_the_bus(step[0]))]
        return [*self.before, *(self._name(cell, place) + behind for cell, _, behind in own)]

    @staticmethod
    def _name(cell: Stander, place: str) -> str:
        return f"bus://{place}/{cell.name}"

    def probe(self) -> int:
        """The number that goes with this walk to a peer: its own, or one for the first wait of this node."""
        if self.token:
            return self.token
        cell, wait, _ = self._path[0]
        assert wait is not None
        return self._watch.issue(cell, wait)


def _of_the_bus(cell: Stander) -> bool:
    """An actor of the bus's own, in which sends of others pass through: no circle is named after it."""
    return cell.name is not None and cell.name.startswith("peerbus.")
