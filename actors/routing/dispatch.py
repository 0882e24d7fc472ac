"""Which way a send goes: the one place that looks at its address, at the caller's thread, and at the state of the bus.

Tells, asks, many tells and watches all ask here first, and differ only in what they do on the way that they are given.
Where a short way stands written out (`Bus.tell`, `Bus.ask`), it is a part of this and names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import get_ident
from typing import Any, cast

from ..base import NoRoute, NoSuchReactor, SendError
from ..engine import Cell, Ref
from ..messages import Address, GroupAddress, Local, Peer
from .directory import Directory
from .nobody import not_sent, why_nobody
from .outward import Outward
from .purpose import Purpose
from .receivers import Receiver, group, likely, no_address, one_of, reaches

__all__ = ["AWAITED", "Awaited", "ByLoop", "Group", "Way", "way_to"]


@dataclass(frozen=True, slots=True)
class ByLoop:
    """It is made on the loop of `bus`: the caller's thread is another one."""

    bus: Directory


@dataclass(frozen=True, slots=True)
class Group:
    """To each of these, by name; there may be none."""

    receivers: Mapping[str, Receiver]


class Awaited:
    """Fewer answer to the address than are needed, and the send is one that waits for more."""

    __slots__ = ()


AWAITED = Awaited()
#: An error: nobody is there, or nothing new is taken.
Way = Receiver | Group | ByLoop | Awaited | Outward | SendError


def way_to(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    sender: Cell | None,
    message: object = None,
    *,
    by_loop: bool = False,
    need: int = 0,
    purpose: Purpose = Purpose.TELL,
    more: Sequence[object] = (),
) -> Way:
    """The way of a send of `sender` (None: plain code) at this moment. From any thread.

    `by_loop`: it can only be made on a loop, as what is asked is answered there; else an actor of this process is sent
    to from the caller's own thread. `need`: receivers that it waits for where there are fewer. `more`: messages that
    follow it to the same receivers.
    Raises TypeError for what is no address; PeerbusError where the loop is needed and the bus does not run yet.
    """
    if not isinstance(to, Address | Ref | GroupAddress):
        raise no_address(to)
    if bus.closing and sender is None:
        return bus.refusal(message)
    here = get_ident() == bus.thread
    if isinstance(to, Address):
        if (here or not by_loop) and isinstance(to.where, Local):
            cell = bus.cell(to.reactor)
            if cell is not None:
                return cell
    elif isinstance(to, Ref):
        cell = to._cell
        if not by_loop:
            return cell
        if here:
            other = cell.bus
            return cell if other is None or other.thread == bus.thread else ByLoop(cast("Directory", other))
    if not here:
        bus.life.check_running()
        return ByLoop(bus)
    assert not isinstance(to, Ref)
    if bus.outward is not None and not isinstance(to.where, Local):
        return bus.outward
    if need and not reaches(bus, to, need, message, purpose):
        return AWAITED
    if isinstance(to, GroupAddress):
        return Group(group(bus, to, message, purpose, more))
    return _one(bus, to, message, purpose, more)


def _one(
    bus: Directory, to: Address[Any], message: object, purpose: Purpose, more: Sequence[object]
) -> Receiver | SendError:
    """The one that an address means at this moment."""
    where = to.where
    if isinstance(where, Local):
        return _here(bus, to.reactor, message)
    if isinstance(where, Peer):
        link = bus.routes.peers.get(where.id)
        if link is not None:
            return link
        # An address that was carried to its own node, or that names it.
        return _here(bus, to.reactor, message) if where.id == bus.node_id else _no_route(bus, to, message)
    found = likely(bus, to, message, purpose, more)
    if found:
        return one_of(bus, to, found)
    return _no_route(bus, to, message)


def _here(bus: Directory, reactor: str, message: object) -> Receiver | SendError:
    here = bus.cell(reactor) or bus.routes.inside.get(reactor)
    return here or NoSuchReactor(f"{bus.name} runs no actor called {reactor!r}", message=message)


def _no_route(bus: Directory, to: Address[Any], message: object) -> NoRoute:
    return NoRoute(f"{not_sent(to, message)}: {why_nobody(bus, to)}", message=message)
