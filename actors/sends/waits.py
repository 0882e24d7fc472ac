"""What a handler stands in: the sends that it awaits, as the search for circles reads them from its task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from ..base import SendError

__all__ = ["Wait", "waits_in"]

#: Of the sends that one handler awaits at once, this many are followed.
MAX_WAITS = 64


class Wait(Protocol):
    """A send that a handler awaits: for its answer, or for room."""

    def holder(self) -> object:
        """What has to do something before it ends: a cell here, a link to a peer, or something that leads nowhere."""

    def over(self) -> bool:
        """It has ended."""

    def give_up(self, error: SendError) -> None:
        """End it with an error; the other end hears that nobody waits any more."""


@runtime_checkable
class Waited(Protocol):
    """A future that a send is awaited by."""

    @property
    def wait(self) -> Wait:
        """That send."""


def waits_in(awaited: object, left: int = MAX_WAITS) -> Iterator[Wait]:
    """The sends that must end before `awaited` (what a task stands in) does: directly, in tasks, or gathered."""
    # What a task awaits, and what a future of another thread is for, stands in a private attribute before Python 3.14.
    while (further := getattr(awaited, "_fut_waiter", None) or getattr(awaited, "stands_for", None)) is not None:
        awaited = further
    if isinstance(awaited, Waited):
        wait = awaited.wait
        if not wait.over():
            yield wait
        return
    for child in tuple(getattr(awaited, "_children", ()))[:left]:
        yield from waits_in(child, left // 2)
