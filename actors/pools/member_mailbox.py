"""The mailbox of a pool's member: it says when its owner has nothing to do, and counts what is handled elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from ..mailbox import Envelope, Mailbox
from ..messages import Overflow

__all__ = ["MemberMailbox"]


class MemberMailbox(Mailbox):
    """As any. `on_rest` is called, on the owner's thread, when it goes idle."""

    __slots__ = ("on_rest",)

    def __init__(self, limit: int, byte_limit: int, overflow: Overflow) -> None:
        super().__init__(limit, byte_limit, overflow)
        self.on_rest: Callable[[], object] = _nobody

    def rest(self) -> bool:
        """As `Mailbox.rest`."""
        if not super().rest():
            return False
        self.on_rest()
        return True

    # What the pool takes back, as another member may be free before the owner is. On the owner's thread.

    def ask_for(self, reply: object) -> Envelope | None:
        """The ask that is answered there, if it lies here."""
        if self._foreign:
            self._admit_foreign()
        return next((each for each in self._user if each.reply is reply), None)

    def give_back(self, envelope: Envelope) -> None:
        """One that lies here goes elsewhere, where it is counted."""
        self._user.take_out(envelope)
        self.delivered -= 1
        self._free += 1
        self.bytes -= envelope.size
        if self.waiting:
            self.admit_waiting()
            self._settle()

    # Of a member in a process of its own: what that has at hand keeps its place here.

    def keep_place(self) -> None:
        """A message that was taken goes on counting, until it is handled elsewhere."""
        self._free -= 1

    def give_place(self) -> None:
        """It is handled: others have its place."""
        if self._free < self.limit:
            self._free += 1
        if self.waiting:
            self.admit_waiting()
            self._settle()


def _nobody() -> None:
    """Nobody wants to know yet."""
