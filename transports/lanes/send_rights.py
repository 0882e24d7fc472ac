"""What the operator of a peer lets this node send to one of its reactors, as the peer has said it."""

from __future__ import annotations

from ...actors.base import NotAllowed
from ...actors.mailbox import Waiter
from ..wire import NO_ASKS, NO_TELLS, ChannelCodec
from .credit_waiters import CreditWaiters

__all__ = ["SendRights", "not_allowed"]


class SendRights:
    """See the module. `refused`: bits of `ChannelInfo.refused`; others than two are of later versions.

    Law. Where a send looks up the number of its message, there is none that may not be sent: so one that may costs no
         look at what is refused.
    """

    __slots__ = ("askable", "askable_as", "kinds", "refused", "tellable")

    def __init__(self, codec: ChannelCodec | None, refused: int) -> None:
        self.refused = refused
        #: Type numbers of what may be told, asked, and asked by who says what the answer is read as.
        self.tellable: dict[type, int] = {}
        self.askable: dict[type, int] = {}
        self.askable_as: dict[type, int] = {}
        if codec is not None and not refused & NO_TELLS:
            self.tellable = codec.numbers
        if codec is not None and not refused & NO_ASKS:
            self.askable, self.askable_as = codec.asked, codec.asked_as
        #: The same by `Purpose`.
        self.kinds = (self.tellable, self.askable, self.askable_as)

    @property
    def verbs(self) -> tuple[str, ...]:
        """What is refused: `tell`, `ask`."""
        return tuple(verb for verb, bit in (("tell", NO_TELLS), ("ask", NO_ASKS)) if self.refused & bit)

    def forbids(self, *, ask: bool) -> bool:
        """This node may not tell, or ask, there."""
        return bool(self.refused & (NO_ASKS if ask else NO_TELLS))

    def shut_out(self, waiters: CreditWaiters) -> list[Waiter]:
        """Those that wait and may not send any more, who wait no longer."""
        waiting = [each for each in waiters if self.forbids(ask=each.envelope.reply is not None)]
        for waiter in waiting:
            waiters.remove(waiter)
        if waiters.streams is not None and self.forbids(ask=True):
            waiting += waiters.streams.waiting.take_all()
        return waiting


def not_allowed(peer: str, channel: str, message: object, *, ask: bool) -> NotAllowed:
    """What becomes of a send that the peer has said it refuses."""
    verb = "ask" if ask else "tell"
    text = f"{peer} does not let this node {verb} on channel {channel!r}: its operator's permissions say so"
    return NotAllowed(text, message=message)
