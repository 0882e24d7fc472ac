"""Marks behind all that a member has got, so that it is known when it has come to the end of that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ..base import SendError
from ..engine import Cell, State, Tick
from ..mailbox import NEVER, Envelope
from .passing import Copy, Fence

__all__ = ["place_fences"]


class OnLoop(Protocol):
    """The bus."""

    #: The thread of its loop.
    thread: int

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""


def place_fences(member: Cell, passed: Callable[[], object], placed: Callable[[int], object], bus: OnLoop) -> None:
    """Call `placed` with the number of fences, and `passed` for each of them once it is taken. On the loop's thread.

    None stands where a member on the loop rests already. One that is about to end gets none: its end is the last fence.
    """
    if member.mailbox.owner == bus.thread:
        placed(_place(member, passed, rests=member.state is State.RUNNING and not member.at_work()))
        return

    def place() -> None:  # on the member's thread, between two messages
        count = _place(member, passed, rests=False)
        bus.call(partial(placed, count))

    member.post(place)


def _place(member: Cell, passed: Callable[[], object], *, rests: bool) -> int:
    mailbox = member.mailbox
    sources = mailbox.sources()
    if rests and not sources:
        return 0
    if mailbox.closed is not None:
        return 1
    sources.append(passed)  # behind the handler that is at work, where nothing is queued
    for source in sources:
        fence = Fence(passed)
        mailbox.put_behind(Copy(Envelope(Tick(fence), None, None, NEVER, source), int, partial(_refused, fence)))  # type: ignore[arg-type]
    return len(sources)


def _refused(fence: Fence, _envelope: Envelope, _error: SendError) -> None:
    fence.dropped()
