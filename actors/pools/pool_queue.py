"""The cell of a pool as far as its own mailbox goes: what cannot go to a member at once waits there, and is handed on.

What is handed on is counted where it goes, as if it had gone there at once. An ask that has gone this way is known here
until it is answered, so that an asker that waits can be told from one that has gone away.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from time import monotonic
from typing import cast

from ..base import MessageTypeError, SendError
from ..engine import PYKKA_MESSAGES, Addressee, Behaviour, Cell, Host, LoopCell, Supervisor, Tick
from ..mailbox import NEVER, Carrier, Envelope, MovableReply, ReplyTo, TracedEnvelope, Weighed, as_traced
from ..messages import Key
from ..sends import Search
from .member_mailbox import MemberMailbox
from .passing import Copy, GatheredReply, HeldCredit, SharedCredit
from .pool_members import PoolMembers
from .roster import number_of

__all__ = ["PoolQueue"]

#: The source, and so the lane, of what was taken back: it goes to members that have nothing else to do.
TAKEN_BACK = object()


class PoolQueue(PoolMembers):
    """See the module. On the loop's thread."""

    __slots__ = ("_answering", "_standing_copies", "_taken_back", "behind")

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
        #: Something that all members get is in the pool's own mailbox, or on its way there.
        self.behind = False
        #: Messages that were handed on and wait for room at their members.
        self._standing_copies = 0
        #: Asks that were taken back from members that stood still.
        self._taken_back = 0
        #: Asks that were handed on, by where their answer goes.
        self._answering: dict[object, GatheredReply] = {}

    def hold_back(self, envelope: Envelope) -> None:
        """A peer's message goes into the pool's own mailbox: its credit goes back when a member takes it."""
        if envelope.carrier is not None:
            envelope.carrier = HeldCredit(envelope.carrier)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`: its credit goes back."""
        if isinstance(envelope.carrier, HeldCredit):
            envelope.carrier.of.dequeued(1, envelope.size)
        super().undelivered(envelope, error)

    @property
    def held(self) -> bool:
        """It hands nothing on for now, or takes no message."""
        return self._blocked or not self._free(self.open, self.plan.prefetch) or super().held

    @property
    def _blocked(self) -> bool:
        return self._standing_copies > 0 or self._next is not None or not self.open

    def may_take(self, head: Envelope | None) -> bool:
        """As `HandingCell.may_take`."""
        return not self._blocked and self._has_place(head)

    def take_one(self, envelope: Envelope) -> object:
        """Handle what is the pool's own, and hand on the rest."""
        if self._is_own(envelope):
            return self.handle(envelope)
        self._hand_on(envelope)
        return None

    def _is_own(self, envelope: Envelope) -> bool:
        message = envelope.message
        return message.__class__ in self.handlers or isinstance(message, (Tick, *PYKKA_MESSAGES))

    def _has_place(self, head: Envelope | None) -> bool:
        """There is a member for what comes next, or it needs none."""
        if head is None or self._is_own(head):
            return True
        if self._pick_of(head.message) != "least":
            return True
        most = self._most_behind(head)
        found = self._free(self.open, most)
        if found is None and not most:
            for member in self.open:
                member.want_room()
        return found is not None

    def _most_behind(self, envelope: Envelope) -> int:
        if envelope.source is TAKEN_BACK:
            return 0
        return self.plan.prefetch if envelope.reply is None else self.most_for(envelope.sender)

    def emptied(self) -> None:
        """Nothing that all members get is in the mailbox any more."""
        mailbox = self.mailbox
        if self.behind:
            with self.guard:
                self.behind = not mailbox.empty() or bool(mailbox.waiting)

    # What is handed on.

    def _hand_on(self, envelope: Envelope) -> None:
        reply, mailbox = envelope.reply, self.mailbox
        if reply is not None and reply.done():
            self._expired(envelope)
            return
        try:
            to = self._receivers(envelope)
        except Exception as error:  # noqa: BLE001  # the program's function
            name = type(envelope.message).__name__
            wrong = MessageTypeError(f"{self} has no member for {name}: its pick failed, {error!r}")
            wrong.message = envelope.message
            if reply is not None:
                reply.fail(wrong)
            mailbox.drop(envelope, wrong)
            return
        streamed = reply is not None and hasattr(reply, "incoming")
        if streamed and len(to) != 1:
            wrong = MessageTypeError(f"a stream of {self} comes of one member, not of all")
            wrong.message = envelope.message
            assert reply is not None
            reply.fail(wrong)
            mailbox.drop(envelope, wrong)
            return
        # It is counted where it goes, as if it had gone there at once.
        mailbox.delivered -= 1
        carrier: Carrier | None = envelope.carrier.of if isinstance(envelope.carrier, HeldCredit) else envelope.carrier
        if carrier is not None and len(to) > 1:
            carrier = SharedCredit(carrier, len(to))
        if streamed:
            self.hand_on_stream(_copied(envelope, reply, carrier))
            return
        if reply is None or (len(to) == 1 and follows(reply, to[0])):
            for member in to:
                self._hand(member, _copied(envelope, reply, carrier))
            return
        whole = GatheredReply(reply, self.plan.combine if len(to) > 1 else None, self._answered)
        self._answering[reply] = whole
        for member in to:
            part = whole.part(member, self._bring_to(member))
            self._hand(member, _copied(envelope, part, carrier))

    def hand_on_stream(self, envelope: Envelope) -> None:
        """One that is answered in items was taken: it goes to a member that has a place, or waits for that."""
        raise NotImplementedError

    def _receivers(self, envelope: Envelope) -> tuple[Cell, ...]:
        """Those that get it: one, or all. Raises whatever the program's function does, TypeError for no pick."""
        pick = self.plan.pick if self._function is None else self._function(envelope.message)
        if pick == "all":
            return self.open
        if pick == "least":
            return (self._free(self.open, self._most_behind(envelope)) or self.open[0],)
        if type(pick) is Key:
            return (self.roster.owner(number_of(pick.key)),)
        raise TypeError(f"{pick!r} is no pick; 'least', 'all' or a Key")

    def _pick_of(self, message: object) -> object:
        try:
            return self.plan.pick if self._function is None else self._function(message)
        except Exception:  # noqa: BLE001  # the program's function
            return None

    def _bring_to(self, member: Cell) -> Callable[[Callable[[], object]], object] | None:
        assert self.bus is not None
        return None if member.mailbox.owner == self.mailbox.owner else self.bus.call

    def _hand(self, member: Cell, envelope: Envelope) -> None:
        mailbox = member.mailbox
        refused = partial(self._refused, member)
        try:
            if mailbox.owner == self.mailbox.owner:
                if not mailbox.offer(envelope):
                    self._standing_copies += 1
                    mailbox.wait(Copy(envelope, self._admitted, refused))
            else:
                envelope.came = monotonic()
                if not mailbox.offer_foreign(envelope):
                    self._standing_copies += 1
                    mailbox.put_foreign(Copy(envelope, self._admitted, refused))
        except SendError as error:
            refused(envelope, error)

    def _admitted(self) -> None:
        # From the member's thread.
        self.post(self._one_less)

    def _one_less(self) -> None:
        self._standing_copies -= 1
        if not self._standing_copies:
            self.go_on()

    def _refused(self, member: Cell, envelope: Envelope, error: SendError) -> None:
        """A member had no place for it, and has counted that."""
        error.message = envelope.message
        if envelope.reply is not None:
            envelope.reply.fail(error)
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)
        member.undelivered(envelope, error)

    # Asks.

    def _answered(self, whole: GatheredReply) -> None:
        self._answering.pop(whole.reply, None)
        for part in whole.parts:
            if not part.ended:
                cast("Cell", part.of).abandon(part)

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply: end the work on it, at each member that got it."""
        whole = self._answering.pop(reply, None)
        if whole is None:
            return "mailbox"
        whole.over = True
        phases = [cast("Cell", part.of).abandon(part) for part in whole.parts]
        return "handler" if "handler" in phases else "mailbox"

    def _asked(self, reply: object) -> list[tuple[Cell, ReplyTo]]:
        whole = self._answering.get(reply)
        return [] if whole is None else [(cast("Cell", part.of), part) for part in whole.parts]

    def has_begun(self, reply: object) -> bool:
        """As `Cell.has_begun`: at one of the members that got it."""
        return any(member.has_begun(part) for member, part in self._asked(reply)) or super().has_begun(reply)

    def answered_late(self, reply: object) -> bool:
        """As `Cell.answered_late`."""
        late = [member.answered_late(part) for member, part in self._asked(reply)]
        return any(late) or super().answered_late(reply)

    def task_of(self, reply: object) -> object:
        """As `Cell.task_of`: of the first member that is held up with it; the pool itself where all of them are."""
        asked = self._asked(reply)
        tasks = (member.task_of(part) for member, part in asked)
        return next((task for task in tasks if task is not None), None if asked else self)

    def follow(self, wait: object, search: Search) -> None:
        """A handler elsewhere waits for this pool: look what the members wait for that it waits for."""
        asked = self._asked(wait)
        for member, part in asked:
            member.follow(part, search)
        if not asked and self._standing_copies:
            for member in self.open:
                if member.mailbox.waiting:
                    member.follow(None, search)
        elif not asked and self._next is None and not self._may_grow and all(each.task_of(None) for each in self.open):
            search.any_of(self.open, sum(each.moves for each in self.open) + self._taken_back, wait)

    def takes_back(self, child: Addressee, wait: object, search: Search) -> bool:
        """As `Addressee.takes_back`: what a member has at hand, and has not begun, goes to whichever is free first.

        So whoever is asked by that member, and asks the pool, is in a circle with it only where no other will be free.
        """
        mailbox = child.mailbox
        if len(self.open) == 1 or child not in self.open or mailbox.owner != self.mailbox.owner:
            return False
        assert isinstance(mailbox, MemberMailbox)
        envelope = mailbox.ask_for(wait)
        if envelope is None or envelope.reply is None or not self._may_go_again(envelope):
            return False
        mailbox.give_back(envelope)
        self._taken_back += 1
        self.hold_back(envelope)
        self._goes_again(envelope)
        self.follow(wait, search)
        return True

    def takes_again(self, envelope: Envelope) -> bool:
        """As `Addressee.takes_again`."""
        if self.mailbox.closed is not None or not self._may_go_again(envelope):
            return False
        envelope.carrier = None  # its credit went back when it was taken
        self._goes_again(envelope)
        return True

    def _may_go_again(self, envelope: Envelope) -> bool:
        return moves(envelope.reply) and not self._is_own(envelope) and self._pick_of(envelope.message) == "least"

    def _goes_again(self, envelope: Envelope) -> None:
        envelope.source = TAKEN_BACK
        reply: object = envelope.reply
        assert reply is None or isinstance(reply, MovableReply)
        if reply is not None:
            reply.moved_to(self)
        self.mailbox.enter(envelope)

    @property
    def _may_grow(self) -> bool:
        return self.plan.resizer is not None and len(self.open) < self.plan.bounds[1]


def follows(reply: ReplyTo, member: Cell) -> bool:
    """Have the asker know the member that it was handed on to, as if it had asked that. False: it cannot know it."""
    if not isinstance(member, LoopCell) or not isinstance(reply, MovableReply):
        return False
    reply.moved_to(member)
    return True


def moves(reply: object) -> bool:
    """A message that is answered there, or not at all, may go to another member. A stream keeps its place."""
    return reply is None or (isinstance(reply, MovableReply) and not hasattr(reply, "incoming"))


def _copied(envelope: Envelope, reply: ReplyTo | None, carrier: Carrier | None) -> Envelope:
    made = Envelope(
        envelope.message, envelope.sender, reply, envelope.deadline if reply else NEVER, envelope.source, envelope.size
    )
    if isinstance(envelope, Weighed):
        made = Weighed(made.message, made.sender, reply, made.deadline, made.source, made.size, weight=envelope.weight)
    made.carrier = carrier
    return as_traced(made, envelope.trace) if isinstance(envelope, TracedEnvelope) else made
