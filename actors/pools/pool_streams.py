"""The cell of a pool as far as answers in items go: which member gets a stream, and which streams wait for a place.

A generator holds no turn of its member, so a pool bounds streams apart from messages: see `StreamRoom`. Laws:
1. A stream with a key goes to the member that has it, behind what was sent there before; without one to the member with
   the least to do that has a place. Streams that are open count there, beside messages.
2. One for which there is no place waits where it was sent, and what its sender sends after it goes before it.
3. Where messages wait in the pool's own mailbox as well, streams and they have turns.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from ..engine import Cell, State, ThreadCell
from ..mailbox import Envelope, Mailbox
from ..messages import Key
from ..streams import StreamedReply, ThreadStreamReply
from .passing import Copy, HeldCredit
from .pool_queue import PoolQueue
from .roster import number_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from ..engine import Behaviour, Host, Supervisor

__all__ = ["PoolStreams"]


class PoolStreams(PoolQueue):
    """See the module. On the loop's thread."""

    __slots__ = ("_streams_first",)

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
        #: Whose turn it is: that of streams, or of messages.
        self._streams_first = False

    @property
    def takes_items(self) -> bool:
        """As `Addressee.takes_items`."""
        return not self.plan.on_threads

    def opens(self, message: object, reply: object) -> tuple[Cell, Mailbox]:
        """As `Cell.opens`."""
        if not self.open or self.mailbox._closed is not None:
            return self, self.mailbox
        pick = self._pick_of(message)
        if type(pick) is Key:
            to = self.receiver(message)
            if to is self:
                return self, self.mailbox  # its key moves, or it comes behind what all get
            if self.streams.waits_for(to) or not self.streams.has_place(to):
                return self, self.streams
        elif pick == "least":
            mailbox = self.mailbox
            others = mailbox._free < mailbox.limit or mailbox._foreign or self.streams.waits_for(None)
            found = None if others else self.member_for(None)
            if found is None:
                return self, self.streams
            to = found
        else:
            return self, self.mailbox  # where it fails, which says why
        streamed = cast("StreamedReply", reply)
        self.streams.give_place(to, streamed)
        streamed.moved_to(to)
        return to, to.mailbox

    # As `StreamPool`.

    def target_of(self, message: object) -> Cell | None:
        """The member that has the message's key; None: any member does."""
        pick = self._pick_of(message)
        return self.roster.owner(number_of(pick.key)) if type(pick) is Key and self.roster.alive else None

    def member_for(self, target: Cell | None) -> Cell | None:
        """One that can be handed a stream now which waits for `target`; None: there is none."""
        if self.behind or (target is not None and self._next is not None):
            return None
        return self._with_place(target)

    def _with_place(self, target: Cell | None) -> Cell | None:
        has_place = self.streams.has_place
        if target is None:
            return self._free(tuple(member for member in self.open if has_place(member)), self.plan.prefetch)
        return target if has_place(target) and target.mailbox._free > 0 else None

    def hand_stream(self, member: Cell, envelope: Envelope) -> None:
        """It has a place there, and goes there."""
        reply = cast("StreamedReply", envelope.reply)
        self.streams.give_place(member, reply)
        reply.moved_to(member)
        if isinstance(envelope.carrier, HeldCredit):
            envelope.carrier = envelope.carrier.of
        if isinstance(member, ThreadCell):
            envelope.reply = ThreadStreamReply(reply, self.loop, member, envelope.message)
        self._hand(member, envelope)

    # Those that wait.

    def drain(self) -> None:
        """Handle what is the pool's own, and hand on the rest, streams too."""
        streams, mailbox = self.streams, self.mailbox
        if not streams.waiting:
            super().drain()
            return
        self._streams_first = not self._streams_first
        if self._streams_first and self.state is State.RUNNING:
            streams.let_in(1 if mailbox.filled else streams.waiting)
        super().drain()
        if streams.waiting and self.state is State.RUNNING:
            streams.let_in(streams.waiting)

    def hand_on_stream(self, envelope: Envelope) -> None:
        """One that is answered in items was taken: it goes to a member that has a place, or waits for that."""
        target = self.target_of(envelope.message)
        member = None if self.streams.waits_for(target) else self._with_place(target)
        if member is None:
            self.streams.begin_wait(Copy(envelope, int, partial(self._refused, self)))
        else:
            self.hand_stream(member, envelope)
