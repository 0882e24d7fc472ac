"""The cell of a pool: a send to it goes to a member, picked where it is made, and not by way of the pool's own mailbox.

Laws:
1. A message goes straight into the mailbox of the member that is picked: with its room, its policy, its waiting senders
   and its account. Without a key it is one that has nothing to do, or no more than `prefetch` messages at hand. What
   a member asks goes to none that is at something: it could be behind itself, or behind one that waits for it.
2. The pool's own mailbox, bounded as any, holds what cannot go yet: what has no key while all members are at work, what
   all get, what has a key that moves to another member. It is handed on in order, as members come to need it. So no
   message waits behind a long one while another member rests, and new members share in what has waited.
3. What is sent behind a message that all members get goes behind it: so the order of one sender's messages to one
   member is that in which they were sent.
4. Where keys move, those that had them come first to the end of what they have got by then (`Fence`); until then what
   has such a key waits. Other keys do not notice.

On the loop's thread, but for the sends. `guard` holds those of other threads apart from a change of members.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, TypeVar

from ..engine import Addressee, Cell, Host, pour_singly
from ..mailbox import Envelope, Mailbox
from ..messages import Address, Key
from ..sends import CHUNK, DELIVERED, AskFuture, Outcome, Supply, Within
from .pool_streams import PoolStreams
from .resizing import ResizePool
from .roster import number_of

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["PoolCell"]

R = TypeVar("R")


class PoolCell(PoolStreams):
    """See the module."""

    __slots__ = ()

    spreads = True

    # Picking.

    def receiver(self, message: object, asker: Address[object] | None = None) -> Cell:
        """The member that gets a message which is sent now; the pool itself where that is not for now to say."""
        open_ = self.open
        if not open_ or self.mailbox._closed is not None or message.__class__ is ResizePool:
            return self
        function = self._function
        if function is None:
            return self._least(open_, asker) if self.least_only else self
        try:
            pick = function(message)
        except Exception:  # noqa: BLE001  # the program's function; said when it is handed on
            return self
        if pick == "all":
            self.behind = True
        if self.behind:
            return self
        if type(pick) is Key:
            number = number_of(pick.key)
            owner = self.roster.owner(number) if self.roster.alive else self
            return owner if self._next is None or self._next.owner(number) is owner else self
        return self._least(open_, asker) if pick == "least" else self

    def _least(self, members: tuple[Cell, ...], asker: Address[object] | None) -> Cell:
        """A member that can do with a message; the pool itself where none can, or others wait for one."""
        mailbox = self.mailbox
        if mailbox._free < mailbox.limit or mailbox._foreign:
            return self
        return self._free(members, self.plan.prefetch if asker is None else self.most_for(asker)) or self

    # Sending to it.

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `LoopCell.tell`, to the member that is picked."""
        if message.__class__ is ResizePool:
            self.mailbox.put_system(Envelope(message))
            return DELIVERED
        if self.least_only or self.mailbox.owner == get_ident():
            to = self.receiver(message)
            return self.hold_tell(message, sender, timeout) if to is self else to.tell(message, sender, timeout)
        with self.guard:
            to = self.receiver(message)
            return self.hold_tell(message, sender, timeout) if to is self else to.tell(message, sender, timeout)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `LoopCell.ask`, of the member that is picked."""
        if message.__class__ is ResizePool:
            deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
            future: AskFuture[R] = AskFuture.of(self.loop, message, reply, self.abandon)
            self.mailbox.put_system(Envelope(message, None, future, deadline))
            future.arm(bus.wheel, deadline)
            return future
        to = self.receiver(message, None if sender is None else sender.address)
        if to is self:
            return self.hold_ask(message, sender, timeout, reply, bus)
        return to.ask(message, sender, timeout, reply, bus)

    def hold_tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `LoopCell.tell`, into the pool's own mailbox."""
        return super().tell(message, sender, timeout)

    def hold_ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `LoopCell.ask`, by the pool's own mailbox."""
        return super().ask(message, sender, timeout, reply, bus)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`: as many at once as the members have room for, each picked for itself."""
        while True:
            room = self.mailbox._free if within.open else 0
            messages = supply.take(max(1, min(room, CHUNK)))
            if not messages:
                return None
            outcome = pour_singly(self, messages, 0, supply, sender, within)
            if outcome is not None:
                return outcome

    def mailbox_for(self, envelope: Envelope) -> Mailbox:
        """The mailbox that a peer's message goes into."""
        to = self.receiver(envelope.message)
        if to is not self:
            return to.mailbox
        self.hold_back(envelope)
        return self.mailbox
