"""What a link needs of the bus that it is on: no more than this, so that a test can stand in for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ...actors.base import SendError
from ...actors.engine import Cell, Timings
from ...actors.mailbox import Books, Envelope
from ...actors.messages import Terminated
from ...actors.routing import Routes
from ...actors.sends import DeadlineWheel

__all__ = ["LedgerHost", "SendingHost", "declares", "notify"]


class LedgerHost(Protocol):
    """What those need of it who count what fails: its accounts, and its dead letters."""

    @property
    def books(self) -> Books:
        """What became of all messages."""

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        """Let dead letters know of a message."""


class RunsActors(Protocol):
    """What those need of it who look for an actor by its name."""

    def cell(self, name: str, /) -> Cell | None:
        """The actor of that name that runs here."""


class FindsActors(RunsActors, Protocol):
    """What those need of it who tell an actor of this node, whichever process runs it."""

    @property
    def routes(self) -> Routes:
        """The published table."""


@runtime_checkable
class TellsOfEnds(Protocol):
    """A link to another process of this node."""

    #: Tells the actor of that name over there that what it watches has ended.
    tell_of_end: Callable[[str, Terminated], None]


class SendingHost(LedgerHost, FindsActors, Protocol):
    """What the link itself needs."""

    @property
    def name(self) -> str:
        """The node's name, for the log."""

    @property
    def node_id(self) -> str:
        """The node's id."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs on."""

    @property
    def wheel(self) -> DeadlineWheel:
        """Says when time is up."""

    @property
    def timings(self) -> Timings:
        """How long asks take."""

    def deadline(self, reactor: str, timeout: float | None) -> float:
        """Deadline (loop clock) of a send to `reactor`; `timeout` in seconds, None: the channel's."""


def declares(host: RunsActors, name: str) -> bool:
    """An actor of that name runs here, and is a reactor of that name: peers may be told of it."""
    cell = host.cell(name)
    channel = None if cell is None else cell.actor_class.__channel__
    return channel is not None and channel.name == name


def notify(host: FindsActors, name: str, event: Terminated) -> None:
    """Tell the actor of that name, if it runs here, ahead of its other messages; or the process that runs it."""
    cell = host.cell(name)
    if cell is not None:
        cell.mailbox.put_system(Envelope(event))
        return
    link: object = host.routes.inside.get(name)
    if isinstance(link, TellsOfEnds):
        link.tell_of_end(name, event)
