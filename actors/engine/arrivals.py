"""When what lies in mailboxes came, exact to a turn of the loop: what the age of the oldest message is told by.

Laws:
1. What is taken in the turn after it came costs nothing, and has no age.
2. Where something stays, the newest message of each sender is stamped once a turn. So what stands before a stamped one,
   and behind the one that was stamped before, came in the same turn as it.
3. An actor that takes nothing for now (its handler is awaited, it starts, it backs off) has its mailbox call when
   something comes, at most once in RING seconds: how often is not for senders to say.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Protocol

from ..mailbox import NEVER, Mailbox

__all__ = ["Arrivals", "Keeps"]

#: Seconds: the resolution of uvloop's clock. A message that comes within them of another counts as one with it.
RING = 0.001


class Keeps(Protocol):
    """An actor's cell, as far as messages wait for it."""

    mailbox: Mailbox

    @property
    def channel_name(self) -> str:
        """Under which name it is counted."""

    @property
    def held(self) -> bool:
        """It takes no message for now."""

    def now(self) -> float:
        """The clock of its deadlines."""


class Arrivals:
    """Those of one bus. On the loop's thread."""

    __slots__ = ("_context", "_kept", "_loop", "_selves", "_timer", "rung")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._loop = loop
        self._context = context
        #: Those in whose mailboxes something may have stayed, and those that stamp it themselves.
        self._kept: dict[Keeps, None] = {}
        self._selves: dict[Keeps, None] = {}
        #: Those that are not to call before the timer.
        self.rung: dict[Keeps, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, cell: Keeps) -> None:
        """Something stays in its mailbox, or has come to it."""
        cell.mailbox.stamp(self._loop.time())
        self._kept[cell] = None

    def keep(self, cell: Keeps) -> None:
        """It stamps itself what comes to it."""
        self._selves[cell] = None

    def hold(self, cell: Keeps) -> None:
        """It takes nothing for now: its mailbox shall call for what comes."""
        if cell not in self.rung:
            if cell.mailbox.filled:
                self.rang(cell)
            else:
                cell.mailbox.scheduled = False

    def rang(self, cell: Keeps) -> None:
        """Something has come to one that takes nothing for now, or was there when that began."""
        self.note(cell)
        self.rung[cell] = None
        if self._timer is None:
            self._timer = self._loop.call_later(RING, self._ring, context=self._context)

    def _ring(self) -> None:
        self._timer = None
        rung, self.rung = self.rung, {}
        for cell in rung:
            if cell.held:
                self.note(cell)  # what came meanwhile
                cell.mailbox.scheduled = False

    def ages(self) -> dict[str, float]:
        """Seconds since the oldest message came, by channel; none where nothing has stayed for longer than a turn."""
        found: dict[str, float] = {}
        now = self._loop.time()
        for cell in tuple(self._kept):
            mailbox = cell.mailbox
            turns = mailbox._user.turns
            if len(turns) == 1 and (came := turns[0][0].came) != NEVER:
                _add(found, cell, now - came)  # without a call: of thousands that hold something this is the most
            elif not mailbox.filled:
                self._kept.pop(cell, None)
            elif (came := mailbox.oldest()) != NEVER:
                _add(found, cell, now - came)
        for cell in tuple(self._selves):
            if cell.mailbox.filled and (came := cell.mailbox.oldest()) != NEVER:
                _add(found, cell, cell.now() - came)
        return found

    def forget(self, cell: Keeps) -> None:
        """It has ended."""
        self._kept.pop(cell, None)
        self._selves.pop(cell, None)
        self.rung.pop(cell, None)

    def close(self) -> None:
        """The bus has ended: leave no timer to its loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _add(found: dict[str, float], cell: Keeps, age: float) -> None:
    """Of a channel the oldest counts."""
    name = cell.channel_name
    found[name] = max(found.get(name, 0.0), age)
