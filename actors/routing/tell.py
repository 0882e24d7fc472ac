"""A tell on its way: to an actor here, a peer, one of a role's, several, or nobody yet. `Bus.send` is this."""

from __future__ import annotations

from functools import partial
from threading import get_ident
from typing import Any

from ..base import SendError
from ..engine import Cell, Ref
from ..messages import LOCAL, Address, GroupAddress, How, Peer, Role
from ..sends import DELIVERED, Bridged, Delivered, Gathered, Outcome, spent
from .deferred import Deferred
from .directory import Directory
from .dispatch import Awaited, ByLoop, Group, way_to
from .nobody import unroutable
from .outward import Outward
from .role_tell import told_or_another
from .time_limit import deadline_of, seconds_of

__all__ = ["routed_tell"]


def routed_tell(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    message: object,
    timeout: float | None,
    sender: Cell | None,
    how: How | None = None,
) -> Outcome[Any]:
    """A tell from `sender` (None: plain code). From any thread. Raises TypeError for what is no address."""
    if type(to) is Address and how is None and (sender is not None or not bus.closing):
        # The short way of what is below, which is a fifth of an actor's tell: what `way_to` says most often.
        where, find = to.where, bus.cell  # loaded first: called as a method, a slot is slow
        if where is LOCAL:
            cell = find(to.reactor)
            if cell is not None:
                return cell.tell(message, sender, timeout)
        elif type(where) is Peer and (timeout is None or timeout >= 0) and get_ident() == bus.thread:
            link = bus.routes.peers.get(where.id)
            if link is not None:
                return link.tell(to.reactor, message, None if sender is None else sender.address, timeout)
    way = way_to(bus, to, sender, message, need=0 if how is None else 1)
    if isinstance(way, Cell):
        # On another bus, where its address would mean another actor or none, it is no sender.
        outcome = way.tell(message, sender if way.bus is bus else None, timeout)
        if outcome is DELIVERED or not (isinstance(to, Address) and isinstance(to.where, Role)):
            return outcome
        return told_or_another(bus, to, message, way, outcome, sender, timeout)
    if isinstance(way, SendError):
        return unroutable(bus, way, to, sender)
    if isinstance(way, ByLoop):
        later = partial(_tell_later, bus, to, message, sender, how)
        return Bridged(bus, message, seconds_of(bus, to, timeout), later).future
    assert not isinstance(to, Ref)
    if isinstance(way, Outward):
        return way.tell(to, message, timeout, None if sender is None else sender.address, how)
    if timeout is not None and not timeout >= 0:
        return unroutable(bus, spent(timeout, message), to, sender)
    if isinstance(way, Awaited):
        later, deadline = partial(_tell_later, bus, to, message, sender, None), deadline_of(bus, to.reactor, timeout)
        return Deferred(bus, to, message, sender, need=1, deadline=deadline, send=later)
    if isinstance(way, Group):
        return _tell_several(way, to.reactor, message, timeout, sender)
    if isinstance(to, Address) and isinstance(to.where, Role):
        outcome = way.tell(to.reactor, message, None if sender is None else sender.address, timeout)
        if isinstance(outcome, Delivered):
            return outcome
        return told_or_another(bus, to, message, way, outcome, sender, timeout)
    return way.tell(to.reactor, message, None if sender is None else sender.address, timeout)


# Functions, not closures: a closure makes a cell of each argument of the function that it stands in, used or not.


def _tell_several(
    way: Group, reactor: str, message: object, timeout: float | None, sender: Cell | None
) -> Outcome[Any]:
    address = None if sender is None else sender.address
    memo: dict[object, object] = {}
    return Gathered(
        {
            peer: each.tell(message, sender, timeout)
            if isinstance(each, Cell)
            else each.tell(reactor, message, address, timeout, memo)
            for peer, each in way.receivers.items()
        }
    )


def _tell_later(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    message: object,
    sender: Cell | None,
    how: How | None,
    left: float,
) -> Outcome[Any]:
    return bus.send(to, message, left, sender, how)
