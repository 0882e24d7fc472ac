"""`tell_many` to one actor of this process: into its mailbox, as many at once as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import get_ident
from time import monotonic
from typing import Any

from ..base import SendError
from ..mailbox import NEVER, Envelope
from ..sends import CHUNK, DELIVERED, Outcome, Supply, Within, send_all
from .addressee import Addressee
from .cell import Cell
from .host import Host

__all__ = ["many_to_cell", "pour_foreign", "pour_owned", "pour_singly", "refuse_here", "within"]


def many_to_cell(
    cell: Cell, messages: Iterable[object], timeout: float | None, sender: Addressee | None
) -> Outcome[int]:
    """To one actor, wherever it runs. From any thread."""
    return send_all(ToCell(cell, sender, within(cell.bus, cell.timeout, timeout)), messages)


def within(bus: Host | None, seconds: float, timeout: float | None) -> Within:
    """The deadline of what the caller's thread sends: `timeout`, None for `seconds`."""
    clock = monotonic if bus is None or get_ident() != bus.thread else bus.loop.time
    return Within(clock, seconds if timeout is None else timeout, timeout)


class ToCell:
    """The way to one actor, by its ref; see `many.Way`."""

    __slots__ = ("_cell", "_sender", "_within")

    def __init__(self, cell: Cell, sender: Addressee | None, within: Within) -> None:
        self._cell = cell
        self._sender = sender
        self._within = within

    def pour(self, supply: Supply) -> Outcome[Any] | None:
        """As `Way.pour`."""
        return self._cell.pour(supply, self._sender, self._within)

    def refuse(self, message: object, error: SendError, *, letter: bool) -> None:
        """As `Way.refuse`."""
        refuse_here(self._cell, message, self._sender, error, letter=letter)

    def elsewhere(self, error: SendError, *, begun: bool) -> bool:
        """As `Way.elsewhere`."""
        return False

    def lost(self) -> bool:
        """As `Way.lost`."""
        bus = self._cell.bus
        return bus is not None and bus.loop.is_closed()


def pour_owned(cell: Cell, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
    """As `Cell.pour`, on the thread that owns the mailbox: as many at once as there is room for."""
    mailbox, types = cell.mailbox, cell.types
    address = None if sender is None else sender.address
    while True:
        room = mailbox._free if within.open and not mailbox._slow else 0
        messages = supply.take(min(room, CHUNK) or 1)
        if not messages:
            return None
        if room and (types is None or types.issuperset(map(type, messages))):
            envelopes = [Envelope(message, address, None, NEVER, sender) for message in messages]
            if mailbox.has_room_for(len(envelopes), 0):  # still: a generator may have sent as well
                mailbox.offer_all(envelopes, 0)
                supply.accepted += len(envelopes)
                continue
        outcome = pour_singly(cell, messages, 0, supply, sender, within)
        if outcome is not None:
            return outcome


def pour_foreign(cell: Cell, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
    """As `Cell.pour`, from a thread that does not own the mailbox."""
    address = None if sender is None else sender.address
    types = cell.types
    while True:
        room = cell.mailbox.room_outside if within.open else 0
        messages = supply.take(min(room, CHUNK) or 1)
        if not messages:
            return None
        sent = 0
        if room and (types is None or types.issuperset(map(type, messages))):
            envelopes = [Envelope(message, address, None, NEVER, sender) for message in messages]
            envelopes[-1].came = cell.now()
            sent = cell.mailbox.offer_some_foreign(envelopes)
            supply.accepted += sent
        if sent < len(messages):
            outcome = pour_singly(cell, messages, sent, supply, sender, within)
            if outcome is not None:
                return outcome


def pour_singly(
    cell: Cell, messages: Sequence[object], sent: int, supply: Supply, sender: Addressee | None, within: Within
) -> Outcome[None] | None:
    """Tell, one by one, those of `messages` that were not sent together: from the place `sent` on."""
    for place in range(sent, len(messages)):
        outcome = cell.tell(messages[place], sender, within.left())
        if outcome is not DELIVERED:
            supply.put_back(len(messages) - place - 1)
            return outcome
        supply.accepted += 1
    return None


def refuse_here(cell: Cell, message: object, sender: Addressee | None, error: SendError, *, letter: bool) -> None:
    """A message that was to be delivered is not: count it; `letter`: dead letters know. From any thread."""
    if letter:
        cell.fail(Envelope(message, None if sender is None else sender.address, None, NEVER, sender), error)
    else:
        cell.mailbox.refuse(error)
