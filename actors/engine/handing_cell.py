"""A cell that hands messages on, to members of a pool or to a process, and takes each only when it may.

Its turn is that of any cell but for one question, `may_take`: while the answer is no, what users have sent stays in the
mailbox, with its place, its deadline and its sender's credit. What is for the cell itself goes first and always.
"""

from __future__ import annotations

from ..mailbox import Envelope
from .cell import HALT
from .loop_cell import LoopCell
from .state import State
from .turn_pace import TurnPace

__all__ = ["HandingCell"]


class HandingCell(LoopCell):
    """See the module. On the loop's thread. Whoever makes it able to take the next message calls `go_on`."""

    __slots__ = ()

    def may_take(self, head: Envelope | None) -> bool:
        """What comes next may be taken; `head`: what users have sent, None where that is nothing."""
        raise NotImplementedError

    def take_one(self, envelope: Envelope) -> object:
        """A message was taken: handle it, or hand it on. Returns HALT or None, as `handle`."""
        raise NotImplementedError

    def emptied(self) -> None:
        """There is nothing left to take."""

    def go_on(self) -> None:
        """What stood against taking the next message may be over."""
        if self.state is State.RUNNING and not self.mailbox.scheduled:
            self.mailbox.scheduled = True
            self.again()

    def drain(self) -> None:
        """As `LoopCell.drain`: one message after the other, as far as they may be taken."""
        if self.state is not State.RUNNING:
            super().drain()
            return
        try:
            self._take_turn()
        except BaseException as error:  # noqa: BLE001  # as `LoopCell.drain`
            self.turn_failed(error)

    def _take_turn(self) -> None:
        mailbox, pace = self.mailbox, TurnPace(self.now)
        while pace.goes_on():
            if not mailbox._system and not self.may_take(mailbox.head()):
                self.current = None
                mailbox.scheduled = False
                if mailbox._system:  # by another thread, just now
                    mailbox.scheduled = True
                    continue
                if mailbox.filled:
                    assert self.bus is not None
                    self.bus.arrivals.note(self)
                return
            envelope = mailbox.take()
            if envelope is None:
                self.current = None
                self.emptied()
                if mailbox.rest():
                    return
                continue
            if self.take_one(envelope) is HALT:
                return
        self.current = None
        self.again()
