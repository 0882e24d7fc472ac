"""The mailbox of a pool's member: it says when its owner has nothing to do."""

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


def _nobody() -> None:
    """Nobody wants to know yet."""
