"""The cell of a pool as far as its members go: who they are, who has which key, and what is so while keys move.

`PoolQueue` adds the pool's own mailbox, `PoolStreams` what is answered in items, `PoolCell` the sends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from threading import RLock, get_ident
from typing import cast

from ..engine import Addressee, Behaviour, Cell, HandingCell, Host, State, Supervisor
from ..mailbox import Envelope
from ..messages import LOCAL, Address
from .member_mailbox import MemberMailbox
from .moving import place_fences
from .plan import PoolPlan
from .pool_mailbox import PoolMailbox
from .roster import Roster
from .stream_room import StreamRoom

__all__ = ["PoolMembers", "load_of"]

#: What a member counts for that does not take messages now: more than any mailbox holds.
HELD_UP = 1 << 40


class PoolMembers(HandingCell):
    """See the module. On the loop's thread; `guard` holds sends of other threads apart from a change of members."""

    __slots__ = (
        "_at",
        "_fenced",
        "_function",
        "_names",
        "_next",
        "ended",
        "guard",
        "least_only",
        "moved",
        "open",
        "plan",
        "roster",
        "serial",
        "size",
        "streams",
    )

    def __init__(
        self,
        actor_class: type[Behaviour],
        factory: Callable[[], Behaviour] | None,
        bus: Host | None = None,
        name: str | None = None,
        parent: Cell | None = None,
        supervisor: Supervisor | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(actor_class, factory, bus, name, parent, supervisor, context)
        self.plan = cast("PoolPlan", actor_class.plan)  # type: ignore[attr-defined]  # a PoolKeeper's
        #: Members that it is to have; how many were made, and how many have ended that were not asked to.
        self.size = self.plan.size
        #: Where streams wait for a place at a member.
        self.streams = StreamRoom(self, self.plan.streams)
        mailbox = self.mailbox
        self.mailbox = PoolMailbox(mailbox.limit, mailbox.byte_limit, mailbox.overflow, self.streams)
        self.mailbox.on_drop = mailbox.on_drop
        self.serial = self.ended = 0
        self.roster: Roster[Cell] = Roster()
        #: Those of the members.
        self._names: frozenset[str | None] = frozenset()
        #: The members as they will be once the keys have moved; None while none move.
        self._next: Roster[Cell] | None = None
        #: Members that may be picked where the message has no key.
        self.open: tuple[Cell, ...] = ()
        #: Of each member what is still to come of what it had when keys began to move.
        self._fenced: dict[Cell, int] = {}
        #: Called when keys have moved.
        self.moved: Callable[[], object] = int
        self._at = 0
        #: No message has a key, and none is for all.
        self.least_only = self.plan.pick == "least"
        self._function = None if isinstance(self.plan.pick, str) else self.plan.pick
        #: Reentrant: the program's function that picks may send.
        self.guard = RLock()

    def start(self) -> None:
        """As `LoopCell.start`."""
        super().start()
        self.streams.owner = self.mailbox.owner

    # As `StreamPool`; `PoolStreams` says how.

    def target_of(self, message: object) -> Cell | None:
        """The member that has the message's key; None: any member does."""
        raise NotImplementedError

    def member_for(self, target: Cell | None) -> Cell | None:
        """One that can be handed a stream now which waits for `target`; None: there is none."""
        raise NotImplementedError

    def hand_stream(self, member: Cell, envelope: Envelope) -> None:
        """It has a place there, and goes there."""
        raise NotImplementedError

    @property
    def moving(self) -> bool:
        """Keys move to other members, and what was sent before that is still to be handled."""
        return self._next is not None

    def each(self) -> tuple[Addressee, ...]:
        """The pool and its members: all in whose mailboxes its messages may be."""
        return (self, *(child for child in self.children or () if isinstance(child, Addressee)))

    def has_child(self, child: Addressee) -> None:
        """A member is being made: it is to say when it has nothing to do."""
        mailbox = child.mailbox
        child.mailbox = MemberMailbox(mailbox.limit, mailbox.byte_limit, mailbox.overflow)
        child.mailbox.on_drop = mailbox.on_drop
        child.mailbox.on_rest = self._rested

    def _rested(self) -> None:
        # From the member's thread. Where it sees nothing here, what comes now sees it rest.
        if self.mailbox.filled or self.streams.waiting:
            if self.mailbox.owner == get_ident():
                self.go_on()
            else:
                self.post(self.go_on)

    def most_for(self, asker: Address[object] | None) -> int:
        """How much a member may have to do that gets what this one asks."""
        if asker is None or asker.reactor not in self._names or asker.where != LOCAL:
            return self.plan.prefetch
        return 0 if len(self.open) > 1 else self.plan.prefetch  # one that is alone can only be behind itself

    def _free(self, members: tuple[Cell, ...], most: int) -> Cell | None:
        """The one with the least to do, by turns where several have as little; None where all have more than `most`."""
        count, at, best = len(members), self._at, None
        least = HELD_UP
        for _ in range(count):
            at += 1
            if at >= count:
                at = 0
            member = members[at]
            load = load_of(member)
            if load > most or member.mailbox._free <= 0:
                continue
            load += member.at_work()  # beside its messages too
            if load < least:
                best, least, self._at = member, load, at
                if not load:
                    break
        return best

    def adopt(self, roster: Roster[Cell]) -> None:
        """Have these members from now on; those that leave are to be stopped when `moved` was called."""
        with self.guard:
            before = self.roster
            self.open = roster.alive
            self._names = frozenset(each.name for each in (*before.alive, *roster.alive))
            more = [each for each in roster.alive if each not in before.alive]
            fenced = before.alive if more else [each for each in before.alive if each not in roster.alive]
            if self._function is None or not fenced:
                self.roster = roster
            else:
                self._next = roster
                for member in fenced:
                    self._fenced[member] = 1  # until the fences stand
                for member in fenced:
                    self._fence(member)
        if self._next is None:
            self._has_moved()

    def _fence(self, member: Cell) -> None:
        assert self.bus is not None
        passed = partial(self.bus.call, partial(self._passed, member))
        place_fences(member, passed, partial(self._placed, member), self.bus)

    def _placed(self, member: Cell, count: int) -> None:
        if member in self._fenced:
            self._fenced[member] += count
            self._passed(member)

    def _passed(self, member: Cell) -> None:
        left = self._fenced.get(member)
        if left is not None:
            if left > 1:
                self._fenced[member] = left - 1
            else:
                self._clear(member)

    def _clear(self, member: Cell) -> None:
        if self._fenced.pop(member, None) is not None and not self._fenced and self._next is not None:
            with self.guard:
                self.roster, self._next = self._next, None
            self._has_moved()

    def _has_moved(self) -> None:
        self.streams.sort_anew()
        self.moved()
        self.go_on()

    def gone(self, member: Cell) -> bool:
        """A member has ended. False: it was none of those that are to be there."""
        with self.guard:
            known = member in self.open
            self.roster = self.roster.without(member)
            if self._next is not None:
                self._next = self._next.without(member)
            self.open = tuple(each for each in self.open if each is not member)
        self.streams.forget(member)
        self.streams.sort_anew()
        self._clear(member)
        self.go_on()
        return known

    def leave_members(self) -> None:
        """The pool is rebuilt: the members that it had are gone, or about to."""
        with self.guard:
            self.roster, self._next, self.open = Roster(), None, ()
            self._fenced.clear()
        self.streams.open.clear()


def load_of(member: Cell) -> int:
    """How much a member has at hand: messages in its mailbox, senders that wait, a handler that holds it."""
    mailbox = member.mailbox
    load = mailbox.limit - mailbox._free + len(mailbox._foreign) + mailbox.waiting
    if member.state is not State.RUNNING:
        return load + HELD_UP
    return load + (member.current is not None)  # None beside reentrant handlers, until there are as many as may be
