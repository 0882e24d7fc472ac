"""Who waits for whom at this moment: the sends that handlers stand in, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..mailbox import Envelope
from .deadlock import DeadlockWatch
from .waits import Wait, waits_in

__all__ = ["WaitView", "waits_of"]


@dataclass(frozen=True, slots=True)
class WaitView:
    """One send that the handler of an actor stands in: an edge of the wait-for graph. It names types, no contents.

    `actor` waits in its handler of `handling` (a type of message; "" in a hook, or on a thread) for `to`, an address
    (`bus://local/NAME`, `bus://<node id>/NAME`; "" where nobody can tell, as for a peer that is not there yet) since
    `seconds`, exact to a tenth. `sent` is the type of what it sent, and `what` it waits for is an `answer`, room in a
    `mailbox`, a peer's `credit`, or a `route`: somebody who answers to the address.
    """

    actor: str
    handling: str
    to: str
    sent: str
    what: str
    seconds: float


@runtime_checkable
class Placed(Protocol):
    """Somebody a send can wait for, who has an address."""

    def place_of(self, wait: Wait) -> str:
        """The address, as text, of whom `wait` is for."""


class WatchesWaits(Protocol):
    """A bus, as far as it knows whose handlers stand still."""

    deadlocks: DeadlockWatch


def waits_of(bus: WatchesWaits) -> tuple[WaitView, ...]:
    """Who waits for whom on that bus at this instant: the sends that handlers stand in. On the loop's thread."""
    return tuple(_views(bus))


def _views(bus: WatchesWaits) -> Iterator[WaitView]:
    for cell, seconds in bus.deadlocks.standing():
        awaited, mark = cell.standing()
        handling = type(mark.message).__name__ if isinstance(mark, Envelope) else ""
        for wait in waits_in(awaited):
            holder = wait.holder()
            envelope = getattr(wait, "envelope", None)
            sent = getattr(wait if envelope is None else envelope, "message", None)
            yield WaitView(
                actor=f"bus://local/{cell.name}",
                handling=handling,
                to=holder.place_of(wait) if isinstance(holder, Placed) else "",
                sent="" if sent is None else type(sent).__name__,
                what=_what(wait, envelope),
                seconds=seconds,
            )


def _what(wait: Wait, envelope: object) -> str:
    said: object = getattr(wait, "what", None) or getattr(getattr(wait, "room", None), "phase", None)
    return said if isinstance(said, str) else "answer" if envelope is None else "mailbox"
