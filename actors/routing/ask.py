"""An ask on its way: of an actor here, a peer, one of a role's, several, or nobody yet. `Bus.request` is this."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from ..base import SendError
from ..engine import Cell, Ref, ThreadCell
from ..messages import LOCAL, Address, GroupAddress, How, Peer, QuorumFailed, Results, Role, Share
from ..sends import AskFuture, Bridged, FailedOutcome, Gathered, Outcome, spent
from .deferred import Deferred
from .directory import Directory
from .dispatch import Awaited, ByLoop, Group, way_to
from .nobody import unroutable
from .outward import Outward
from .purpose import Purpose
from .receivers import Receiver, ask_here, check_address
from .role_ask import RoleAsk
from .time_limit import deadline_of, seconds_of

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["check_how", "routed_ask"]


def routed_ask(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    message: object,
    timeout: float | None,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    how: How | None = None,
) -> Outcome[Any]:
    """An ask from `sender` (None: plain code). From any thread.

    Raises TypeError for what is no address, ValueError where an ask cannot be made so.
    """
    if type(to) is Address and how is None and get_ident() == bus.thread and (sender is not None or not bus.closing):
        # The short way of what is below, as in `routed_tell`.
        where, find = to.where, bus.cell  # loaded first: called as a method, a slot is slow
        if where is LOCAL:
            cell = find(to.reactor)
            if cell is not None:
                return cell.ask(message, sender, timeout, reply, bus)
        elif type(where) is Peer and (timeout is None or timeout > 0):
            link = bus.routes.peers.get(where.id)
            if link is not None:
                address, deadline = None if sender is None else sender.address, deadline_of(bus, to.reactor, timeout)
                return link.ask(to.reactor, message, sender=address, deadline=deadline, reply=reply)
    need = 0
    if how is not None:
        check_how(bus, how, to, message)
        if how.wait_for_peer:
            need = how.quorum if isinstance(how.quorum, int) else 1
    way = way_to(bus, to, sender, message, by_loop=True, need=need, purpose=Purpose.of_ask(reply))
    if isinstance(way, Cell) and (isinstance(to, Ref) or not isinstance(to.where, Role)):
        # On another bus, where its address would mean another actor or none, it is no sender.
        return way.ask(message, sender if way.bus is bus else None, timeout, reply, bus)
    if isinstance(way, SendError):
        return unroutable(bus, way, to, sender)
    if isinstance(way, ByLoop):
        if isinstance(sender, ThreadCell) and (to._cell is sender if isinstance(to, Ref) else to == sender.address):
            error = sender.ask_itself()
            if error is not None:
                return FailedOutcome(error)
        known = sender if way.bus is bus else None
        later = partial(_ask_later, way.bus, to, message, reply, known, how)
        return Bridged(way.bus, message, seconds_of(bus, to, timeout), later).future
    assert not isinstance(to, Ref)
    if isinstance(way, Outward):
        return way.ask(to, message, timeout, reply, None if sender is None else sender.address, how)
    if timeout is not None and not timeout > 0:
        return unroutable(bus, spent(timeout, message), to, sender)
    if isinstance(way, Awaited):
        assert how is not None
        later = partial(_ask_later, bus, to, message, reply, sender, replace(how, wait_for_peer=False))
        deadline = deadline_of(bus, to.reactor, timeout)
        purpose = Purpose.of_ask(reply)
        return Deferred(bus, to, message, sender, need=need, deadline=deadline, purpose=purpose, send=later)
    if isinstance(way, Group):
        assert isinstance(to, GroupAddress)
        return _ask_group(bus, to, message, way, timeout, reply, sender, None if how is None else how.quorum)
    assert isinstance(to, Address)
    if isinstance(to.where, Role):
        return _ask_role(bus, to, message, way, timeout, reply, sender, None if how is None else how.hedge)
    assert not isinstance(way, Cell)
    address = None if sender is None else sender.address
    return way.ask(to.reactor, message, sender=address, deadline=deadline_of(bus, to.reactor, timeout), reply=reply)


def check_how(bus: Directory, how: How, to: Ref[Any] | Address[Any] | GroupAddress[Any], message: object) -> None:
    """Raise ValueError where an ask cannot be made so, TypeError for what is no address. From any thread."""
    check_address(to)
    if how.quorum is not None and not isinstance(to, GroupAddress):
        raise ValueError(f"a quorum needs several receivers: {to} is one, Role(…, 'all') or EVERYONE are several")
    if how.hedge is not None:
        if isinstance(to, Ref | GroupAddress) or not isinstance(to.where, Role):
            raise ValueError(f"a hedged ask goes to one of a role's, Role(…) / …, not to {to}")
        if not _idempotent(bus, to.reactor, message):
            name = type(message).__name__
            raise ValueError(
                f"a hedged ask may be handled twice: if a {name} may, say so in its channel, "
                f"Channel({to.reactor!r}, …, idempotent=({name},))"
            )


def _idempotent(bus: Directory, reactor: str, message: object) -> bool:
    channel = bus.channels.get(reactor)
    return channel is not None and message.__class__ in channel.idempotent


def _ask_role(
    bus: Directory,
    to: Address[Any],
    message: object,
    receiver: Receiver,
    timeout: float | None,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    hedge: float | None,
) -> Outcome[Any]:
    idempotent, asked = _idempotent(bus, to.reactor, message), None
    if isinstance(receiver, Cell) and not idempotent:
        asked = ask_here(bus, receiver, message, sender, timeout, reply)
        if isinstance(asked, AskFuture) and not asked.done():
            return asked  # it lies in the mailbox: nobody else is asked after it, as it may have been handled
    deadline = deadline_of(bus, to.reactor, timeout)
    return RoleAsk(
        bus,
        to,
        message,
        receiver,
        deadline=deadline,
        reply=reply,
        sender=sender,
        idempotent=idempotent,
        hedge=hedge,
        asked=asked,
    )


def _ask_group(
    bus: Directory,
    to: GroupAddress[Any],
    message: object,
    way: Group,
    timeout: float | None,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    quorum: int | Share | None,
) -> Outcome[Any]:
    receivers = way.receivers
    address = None if sender is None else sender.address
    count = max(1, quorum.of(len(receivers))) if isinstance(quorum, Share) else quorum
    if count is not None and len(receivers) < count:
        text = f"{len(receivers)} answer to {to}, a quorum is {count}: nobody was asked"
        bus.dead_letter(message, QuorumFailed.reason, to=to, sender=address)
        return FailedOutcome(QuorumFailed(text, results=Results({}, {}), message=message))
    deadline = deadline_of(bus, to.reactor, timeout)
    memo: dict[object, object] = {}
    asks: dict[str, Outcome[Any]] = {
        peer: ask_here(bus, each, message, sender, timeout, reply)
        if isinstance(each, Cell)
        else each.ask(to.reactor, message, sender=address, deadline=deadline, reply=reply, memo=memo)
        for peer, each in receivers.items()
    }
    return Gathered(asks, quorum=count, message=message)


# A function, not a closure: a closure makes a cell of each argument of the function that it stands in, used or not.


def _ask_later(
    bus: Directory,
    to: Ref[Any] | Address[Any] | GroupAddress[Any],
    message: object,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    how: How | None,
    left: float,
) -> Outcome[Any]:
    return bus.request(to, message, left, reply, sender, how)
