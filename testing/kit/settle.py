"""Waiting until nothing moves on a bus any more: counted in turns of its loop, not in seconds."""

from __future__ import annotations

import asyncio

from ...actors.bus import Bus

__all__ = ["settled"]

#: Turns without any change after which a bus is at rest: a message to an actor and the answer take two.
QUIET_TURNS = 5
#: Turns after which a bus counts as one that never rests.
MAX_TURNS = 100_000


async def settled(bus: Bus) -> None:
    """Return when no actor of the bus has anything to do that is due now.

    At rest: for some turns of the loop no mailbox, no actor's state and no dead letter has changed. A timer that is not
    due, a handler that waits for an answer, and a thread that computes are rest. Raises AssertionError where the actors
    never come to rest, as two that answer one another for ever.
    """
    last, quiet = _level(bus), 0
    for _ in range(MAX_TURNS):
        await asyncio.sleep(0)
        level = _level(bus)
        quiet = quiet + 1 if level == last else 0
        if quiet >= QUIET_TURNS:
            return
        last = level
    raise AssertionError(f"{bus.name} does not come to rest: its actors go on sending without end")


def _level(bus: Bus) -> object:
    cells = tuple(
        (name, cell.state, mailbox.sent, mailbox.delivered, mailbox.queued, mailbox.waiting)
        for name, cell in tuple(bus.actors.by_name.items())
        for mailbox in (cell.mailbox.statistics(),)
    )
    return cells, tuple(bus.statistics().dead_letters.items())
