"""The mailbox of a pool's member: it says when its owner has nothing to do, and counts what is handled elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from ..mailbox import Mailbox
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
