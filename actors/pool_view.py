"""A pool and its members at an instant."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MemberView", "PoolView"]


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member. `name`: under which it stands among the actors; `runs`: on the `loop`, a `thread`, in a `process`."""

    name: str
    state: str
    runs: str
    #: Messages that wait for it, handlers that are at work, and messages that it has got in all.
    queued: int
    at_work: int
    delivered: int
    restarts: int
    #: Its process; 0: the node's own, or none at this moment.
    pid: int = 0
    #: Streams that it answers, of those that were sent to the pool.
    streams: int = 0


@dataclass(frozen=True, slots=True)
class PoolView:
    """One pool. `pick`: `least`, `all`, or by which function; `lower`, `upper`: how many members it may have."""

    name: str
    actor_class: str
    channel: str | None
    state: str
    pick: str
    #: Members that it is to have, and those that have not ended, those that leave too.
    size: int
    members: tuple[MemberView, ...]
    lower: int
    upper: int
    #: It changes its size by itself.
    automatic: bool
    #: Messages in its own mailbox: those that wait for a member, all of them or the one that has their key now.
    held: int
    #: Seconds that the oldest message has waited, in it or for a member; None where none waits.
    oldest: float | None
    #: Members that have ended for good, since the start, other than by a change of size.
    lost: int
    #: Keys move to other members, and what was sent before that is still to be handled.
    moving: bool
    #: Streams that a member answers at a time, and those that wait for a place at one.
    streams_each: int = 0
    streams_waiting: int = 0
