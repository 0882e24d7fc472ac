"""Sends that wait for each other in a circle: found while their handlers stand still, and ended with an error.

A handler that awaits an answer, or room, holds its actor: the actor takes no other message. Where such waits form a
circle, nothing but the deadlines would end it. The graph is one of tasks (the AND model of Chandy, Misra and Haas,
"Distributed deadlock detection", ACM TOCS 1983): it is walked from a handler that has stood still for a while, and
where a wait leads to a peer, a probe goes there and is walked on.

Laws:
1.  A send costs nothing for this: which actor waits for which is read from the tasks themselves, and only of handlers
    that stand still.
2.  A circle counts only where each handler in it awaits the very send that leads on: what was sent and is not
    awaited, or is awaited in another task, holds nobody.
3.  Of a circle one wait fails: that of the actor whose address comes first. All others go on. Over several nodes the
    first one finds the circle itself, when others ask along it. Whoever is in it beside its messages is not the first.
    What waits for whichever member of a pool is free waits for all of them: the walk goes to one after the other, and
    a circle is one when it has been at each, and none of them has taken or ended a message meanwhile.
4.  What a peer says can end only a wait whose token it was sent, and no peer has more than MAX_PROBES of them
    walked on in a second, nor more than its share of MAX_PASSED passed on: those of one are no reason to leave out
    another's, here or further on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from random import Random
from typing import Protocol

from ..base import Deadlock, get_logger, printable
from .search import MAX_PATH, Holder, Search, Stander
from .steps import ring_of, waiting_first
from .waits import Wait

__all__ = ["DeadlockWatch"]

log = get_logger("peerbus.actors")

#: Seconds that a handler stands still before it is asked what it waits for: twenty times a busy node's round trip.
PATIENCE = 0.1
#: Each further look at the same handler comes after twice the time, up to this.
LONGEST = 12.8
#: Probes that one peer may have walked on here in a second. As many of its handlers may begin to stand still at once; a
#: handler that still does asks again. Walking one takes some microseconds, and what it leads to is bounded likewise.
MAX_PROBES = 250
#: Probes of peers that are passed on to other peers in a second, by shares: what is passed on uses up this node's own
#: MAX_PROBES there, and leaves more than half of them to its own.
MAX_PASSED = 100
#: The least share of it: whoever stands still asks again, so one that is passed on within a second is enough.
LEAST_PASSED = 2


class ProbedCell(Holder, Protocol):
    """An actor's cell, as far as a peer's probe knows it."""

    def task_of(self, reply: object) -> object:
        """What has to go on before this ask is answered; None where nothing holds it up."""


@dataclass(slots=True)
class Standing:
    """A handler that stands still, since the watch first saw it."""

    #: The same object while it is the same handler of the same message.
    mark: object
    due: float
    since: float
    pause: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Token:
    """What a probe of this node stands for."""

    cell: Stander
    mark: object
    wait: Wait


class DeadlockWatch:
    """Looks, now and then, at the handlers of one bus that stand still. On the loop's thread only."""

    __slots__ = (
        "_before",
        "_bus",
        "_context",
        "_loop",
        "_offered",
        "_own",
        "_own_until",
        "_passed",
        "_probes",
        "_rng",
        "_standing",
        "_timer",
        "_tokens",
        "_turning",
        "_until",
        "resting",
    )

    def __init__(self, bus: str, loop: asyncio.AbstractEventLoop, context: Context, rng: Random) -> None:
        #: The name of the bus, for the log.
        self._bus = bus
        self._loop = loop
        self._context = context
        self._rng = rng
        #: No look is planned within PATIENCE: whoever begins to await says so.
        self.resting = True
        self._timer: asyncio.TimerHandle | None = None
        #: Cells that may stand still.
        self._turning: dict[Stander, None] = {}
        self._standing: dict[Stander, Standing] = {}
        self._tokens: dict[int, Token] = {}
        #: Probes of this second, by the peer that they came from; how many were to be passed on, in the second before
        #: too, and how many were.
        self._probes: dict[str, int] = {}
        self._offered: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._passed: dict[str, int] = {}
        self._until = 0.0
        self._own, self._own_until = 0, 0.0  # the same of this node's own

    @property
    def busy(self) -> bool:
        """A look is planned: somebody waits, or did a moment ago."""
        return self._timer is not None

    def add(self, cell: Stander) -> None:
        """This cell has handlers or hooks that await."""
        self._turning[cell] = None

    def remove(self, cell: Stander) -> None:
        """It has not any more."""
        self._turning.pop(cell, None)
        self._standing.pop(cell, None)

    def wake(self) -> None:
        """A handler begins to await: look in a while."""
        self.resting = False
        if self._timer is not None:
            self._timer.cancel()
        self._plan(PATIENCE)

    def hurry(self, cell: Stander, *, first: bool) -> None:
        """Look at the `first` again soon: if it is in a circle, then as the one to fail."""
        known = self._standing.get(cell)
        if known is not None and first:
            known.due = min(known.due, self._loop.time() + PATIENCE)  # sooner, however often somebody asks
            if self.resting:
                self.wake()

    def standing(self) -> Iterator[tuple[Stander, float]]:
        """The cells that stand still now, and for how many seconds: since the watch first saw it, exact to PATIENCE."""
        now = self._loop.time()
        for cell in tuple(self._turning):
            mark = cell.standing()[1]
            if mark is not None:
                known = self._standing.get(cell)
                yield cell, now - known.since if known is not None and known.mark is mark else 0.0

    def close(self) -> None:
        """Look no more."""
        self.resting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._standing.clear()
        self._tokens.clear()

    def _plan(self, pause: float) -> None:
        self._timer = self._loop.call_later(pause, self._look, context=self._context.copy())

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        before, self._standing = self._standing, {}
        self._tokens = {
            number: token for number, token in self._tokens.items() if token.cell.standing()[1] is token.mark
        }
        late: list[Stander] = []
        for cell in tuple(self._turning):
            mark = cell.standing()[1]
            if mark is None:
                continue
            known = before.get(cell)
            if known is None or known.mark is not mark:
                known = Standing(mark, now + PATIENCE, now)
            elif known.due <= now + PATIENCE / 10:
                known.pause = min(2 * known.pause, LONGEST)
                known.due = now + known.pause
                late.append(cell)
            self._standing[cell] = known
        for cell in late:
            task = cell.standing()[0]
            if task is not None:
                Search(self, began=cell).walk(cell, task)
        spent = self._loop.time() - now
        self.resting = True
        if self._standing:
            # At most a fiftieth of the time goes into looking, however many actors there are.
            pause = max(min(known.due for known in self._standing.values()) - now, 50 * spent)
            self.resting = pause > PATIENCE
            self._plan(pause)

    # Circles.

    def resolve(self, circle: Sequence[tuple[str, Wait]]) -> None:
        """All of a circle is here: fail the wait of the first by address."""
        first = min(range(len(circle)), key=lambda place: circle[place][0])
        names = [name for name, _ in circle]
        self._fail(circle[first][1], [*names[first:], *names[:first]])

    def returns(self, cell: Stander, search: Search) -> bool:
        """A probe has come to `cell`; True where it began there, and so went round, by all that it had to."""
        token = self._tokens.get(search.token)
        if token is None or token.cell is not cell or search.owes():
            return False
        names = search.path(search.place)
        if names[0] == waiting_first(names) and not token.wait.over() and cell.standing()[1] is token.mark:
            del self._tokens[search.token]
            self._fail(token.wait, ring_of(names))
        return True

    def _fail(self, wait: Wait, names: list[str]) -> None:
        cycle = (*names, names[0])
        log.warning("deadlock", node=self._bus, cycle=cycle)
        wait.give_up(Deadlock(cycle))

    # Probes.

    def issue(self, cell: Stander, wait: Wait) -> int:
        """A number for the probe of this wait, which only those who were sent it can know."""
        mark = cell.standing()[1]
        for number, token in self._tokens.items():
            if token.wait is wait:
                return number
        number = self._rng.getrandbits(63) + 1
        self._tokens[number] = Token(cell, mark, wait)
        return number

    def probed(
        self, cell: ProbedCell, reply: object, token: int, path: Sequence[str], place: str, *, by: str = ""
    ) -> None:
        """A probe of the peer `by` has come along a wait to a cell: for the answer to `reply`, or None: for room.

        `place`: as peers call this node; `by`: "" for another process of it.
        """
        if cell.task_of(reply) is not None and self._takes(token, path, by):
            before = tuple(map(printable, path))
            cell.follow(reply, Search(self, token=token, before=before, place=place, by=by))

    def hands_on(self, token: int, path: Sequence[str], by: str) -> bool:
        """The same, to an actor that another process of this node runs: whether that is to be asked."""
        return self._takes(token, path, by) and (not by or self.passes(by))

    def _takes(self, token: int, path: Sequence[str], by: str) -> bool:
        # No probe has the token 0, which stands for a walk that began here.
        if not token or len(path) >= MAX_PATH:
            return False
        if not by:
            return True
        now = self._loop.time()
        if now >= self._until:
            self._before, self._offered = self._offered, {}
            self._probes, self._passed, self._until = {}, {}, now + 1.0
        probes = self._probes[by] = self._probes.get(by, 0) + 1
        return probes <= MAX_PROBES

    def begins(self) -> bool:
        """Whether one more probe of this node's own may go in this second: a peer follows no more of one node."""
        now = self._loop.time()
        if now >= self._own_until:
            self._own, self._own_until = 0, now + 1.0
        self._own += 1
        return self._own <= MAX_PROBES

    def passes(self, by: str) -> bool:
        """Whether one more probe of that peer may be passed on in this second: each peer has a share.

        Of more than that, chance decides: among those that a neighbour passes on are its own, which come again.
        """
        offered = self._offered[by] = self._offered.get(by, 0) + 1
        passed = self._passed.get(by, 0)
        share = max(MAX_PASSED // max(len(self._before), len(self._offered)), LEAST_PASSED)
        if passed >= share or self._rng.random() * max(self._before.get(by, 0), offered) > share:
            return False
        self._passed[by] = passed + 1
        return True
