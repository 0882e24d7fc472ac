"""Sends that are not simply for an actor here: to a peer, to those of a role, to several, to nobody yet.

On the loop's thread. `Bus.send` and `Bus.request` come here for all that they do not do themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..base import NoRoute, NoSuchReactor, SendError
from ..engine import Cell, Ref
from ..messages import Address, GroupAddress, How, Local, Peer, QuorumFailed, Results, Role, Share
from ..sends import FailedOutcome, Gathered, Outcome, spent
from .deferred import Deferred
from .directory import Directory
from .nobody import not_sent, why_nobody
from .receivers import Receiver, ask_here, candidates, check_address, group, no_address, one_of, reaches
from .role_ask import RoleAsk

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["check_how", "resolve", "routed_ask", "routed_tell"]


def routed_tell(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    message: object,
    timeout: float | None,
    sender: Cell | None,
    how: How | None,
) -> Outcome[Any]:
    """A tell from `sender`. Raises TypeError for what is no address."""
    check_address(to)
    if timeout is not None and not timeout >= 0:
        return bus.unroutable(spent(timeout, message), to, sender)
    if how is not None and not reaches(bus, to, 1):
        return _deferred(bus, to, message, timeout, sender, 1, partial(_tell_later, bus, to, message, sender))
    address = None if sender is None else sender.address
    if isinstance(to, GroupAddress):
        memo: dict[object, object] = {}
        sends: dict[str, Outcome[Any]] = {
            peer: each.tell(message, sender, timeout)
            if isinstance(each, Cell)
            else each.tell(to.reactor, message, address, timeout, memo)
            for peer, each in group(bus, to).items()
        }
        return Gathered(sends)
    target = resolve(bus, to, message)
    if isinstance(target, Cell):
        return target.tell(message, sender, timeout)
    if isinstance(target, SendError):
        return bus.unroutable(target, to, sender)
    return target.tell(to.reactor, message, address, timeout)


def routed_ask(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    message: object,
    timeout: float | None,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    how: How | None,
) -> Outcome[Any]:
    """An ask from `sender`. Raises TypeError for what is no address."""
    check_address(to)
    if timeout is not None and not timeout > 0:
        return bus.unroutable(spent(timeout, message), to, sender)
    if how is not None and how.wait_for_peer:
        need = how.quorum if isinstance(how.quorum, int) else 1
        if not reaches(bus, to, need):
            after = replace(how, wait_for_peer=False)
            later = partial(_ask_later, bus, to, message, reply, sender, after)
            return _deferred(bus, to, message, timeout, sender, need, later)
    if isinstance(to, GroupAddress):
        return _ask_group(bus, to, message, timeout, reply, sender, None if how is None else how.quorum)
    target = resolve(bus, to, message)
    if isinstance(target, SendError):
        return bus.unroutable(target, to, sender)
    if isinstance(to.where, Role):
        return _ask_role(bus, to, message, target, timeout, reply, sender, None if how is None else how.hedge)
    if isinstance(target, Cell):
        return target.ask(message, sender, timeout, reply, bus)
    address = None if sender is None else sender.address
    return target.ask(to.reactor, message, sender=address, deadline=bus.deadline(to.reactor, timeout), reply=reply)


def resolve(bus: Directory, to: Address[Any], message: object) -> Receiver | SendError:
    """The one that an address means at this moment."""
    try:
        where = to.where
    except AttributeError:
        raise no_address(to) from None
    if isinstance(where, Local):
        return bus.cell(to.reactor) or NoSuchReactor(f"{bus.name} runs no actor called {to.reactor!r}", message=message)
    if isinstance(where, Peer):
        link = bus.routes.peers.get(where.id)
        return _no_route(bus, to, message) if link is None else link
    found = candidates(bus, to)
    if found:
        return one_of(bus, to, found)
    return _no_route(bus, to, message)


def _no_route(bus: Directory, to: Address[Any], message: object) -> NoRoute:
    return NoRoute(f"{not_sent(to, message)}: {why_nobody(bus, to)}", message=message)


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
    idempotent = _idempotent(bus, to.reactor, message)
    if isinstance(receiver, Cell) and not idempotent:
        # Nobody else is asked after it: it may have been handled, whatever becomes of it.
        return ask_here(bus, receiver, message, sender, timeout, reply)
    deadline = bus.deadline(to.reactor, timeout)
    return RoleAsk(
        bus, to, message, receiver, deadline=deadline, reply=reply, sender=sender, idempotent=idempotent, hedge=hedge
    )


def _ask_group(
    bus: Directory,
    to: GroupAddress[Any],
    message: object,
    timeout: float | None,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    quorum: int | Share | None,
) -> Outcome[Any]:
    receivers = group(bus, to)
    address = None if sender is None else sender.address
    count = max(1, quorum.of(len(receivers))) if isinstance(quorum, Share) else quorum
    if count is not None and len(receivers) < count:
        text = f"{len(receivers)} answer to {to}, a quorum is {count}: nobody was asked"
        bus.dead_letter(message, QuorumFailed.reason, to=to, sender=address)
        return FailedOutcome(QuorumFailed(text, results=Results({}, {}), message=message))
    deadline = bus.deadline(to.reactor, timeout)
    memo: dict[object, object] = {}
    asks: dict[str, Outcome[Any]] = {
        peer: ask_here(bus, each, message, sender, timeout, reply)
        if isinstance(each, Cell)
        else each.ask(to.reactor, message, sender=address, deadline=deadline, reply=reply, memo=memo)
        for peer, each in receivers.items()
    }
    return Gathered(asks, quorum=count, message=message)


# Functions, not closures: a closure makes a cell of each argument of the function that it stands in, used or not.


def _tell_later(
    bus: Directory, to: Address[Any] | GroupAddress[Any], message: object, sender: Cell | None, left: float
) -> Outcome[Any]:
    return bus.send(to, message, left, sender)


def _ask_later(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    message: object,
    reply: TypeForm[Any] | None,
    sender: Cell | None,
    how: How,
    left: float,
) -> Outcome[Any]:
    return bus.request(to, message, left, reply, sender, how)


def _deferred(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    message: object,
    timeout: float | None,
    sender: Cell | None,
    need: int,
    send: Callable[[float], Outcome[Any]],
) -> Outcome[Any]:
    deadline = bus.deadline(to.reactor, timeout)
    return Deferred(bus, to, message, sender, need=need, deadline=deadline, send=send)
