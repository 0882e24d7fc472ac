"""Resolve a role or EVERYONE address to receivers: those that answer to it now, and which of them its pick takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..engine import Addressee, Cell, Load, OwnLatency, Ref
from ..messages import LOCAL, Address, Channel, Everyone, GroupAddress, Key, Local, Peer, Role
from ..sends import AskFuture, AskWaiting, Outcome
from .choice import best_of, better_of_two, least_of, rendezvous
from .directory import Directory
from .link import Link
from .purpose import Purpose

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = [
    "Receiver",
    "ask_here",
    "candidates",
    "check_address",
    "group",
    "hopeful",
    "likely",
    "name_of",
    "no_address",
    "one_of",
    "reaches",
    "streaming",
    "untried",
]

T = TypeVar("T")

#: A peer, or the reactor of this node itself where it offers the role.
Receiver = Link | Cell


def name_of(receiver: Receiver) -> str:
    """Its name in results and errors: the node id, `local` for this node."""
    return str(LOCAL) if isinstance(receiver, Cell) or receiver.inside else receiver.peer_id


def no_address(to: object) -> TypeError:
    """The error of a send to something that is no address."""
    if to is None:
        return TypeError("None is no address; a sender is None where plain code has sent, which can only be answered")
    if isinstance(to, str) and "://" in to:
        return TypeError(f"{to!r} is the text of an address, and no address; write parse_address({to!r})")
    text = f"{type(to).__name__}({to.name!r})" if isinstance(to, Role) else repr(to)
    where = text if isinstance(to, Role | Peer | Local | Everyone) else "LOCAL"
    name = to.name if isinstance(to, Channel) else to
    reactor = repr(name) if isinstance(name, str) else name.__name__ if isinstance(name, type) else "MyReactor"
    return TypeError(f"{text} is no address, which says where and to which reactor; write {where} / {reactor}")


def check_address(to: object) -> None:
    """Raise TypeError for what is no address, nor a ref, before anything is looked up by it."""
    if not isinstance(to, (Address, GroupAddress, Ref)):
        raise no_address(to)


def candidates(
    bus: Directory, to: Address[Any] | GroupAddress[Any], message: object = None, purpose: Purpose = Purpose.TELL
) -> list[Receiver]:
    """All that offer the role with the attributes that are wanted, this node included; or every peer.

    Of peers those that can take this `message` for this purpose, None for any, and let this node send it.
    """
    role, reactor = to.where, to.reactor
    kind = None if message is None else kind_of(bus, reactor, message)
    # A node that takes the message runs the reactor, so of a known message only that is asked.
    if isinstance(role, Everyone):
        links = bus.routes.with_reactor(reactor) if kind is None else [*bus.routes.peers.values()]
    elif isinstance(role, Role):
        links = bus.routes.offering(role.name, reactor if kind is None else None, role.where)
    else:
        raise no_address(to)
    found: list[Receiver] = [*(links if kind is None else able(links, reactor, kind, message, purpose))]
    if isinstance(role, Everyone):
        return found
    own = bus.roles.get(role.name)
    if own is not None and role.where.holds(own.attributes):
        here = bus.cell(to.reactor) or bus.routes.inside.get(to.reactor)
        if here is not None:
            found.append(here)
    return found


def likely(
    bus: Directory, to: Address[Any] | GroupAddress[Any], message: object, purpose: Purpose, more: Sequence[object] = ()
) -> list[Receiver]:
    """As `hopeful`; where none of those that are there can take the message all of them, each of which says why.

    `more`: what is sent to the same ones after it. Those that can take all of it go before those that cannot.
    """
    found = hopeful(bus, to, message, purpose)
    if more:
        found = able_of_all(bus, found, to.reactor, more) or found
    return found or candidates(bus, to)


def hopeful(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    message: object,
    purpose: Purpose,
    among: Callable[[Receiver], bool] | None = None,
) -> list[Receiver]:
    """As `candidates`; where there are none those of which one cannot say yet: what they declare is on its way.

    What is sent to one of these waits for that. `among`: which ones count, None: all.
    """
    found = [*filter(among, candidates(bus, to, message, purpose))] if among else candidates(bus, to, message, purpose)
    if found:
        return found
    found = [each for each in candidates(bus, to) if not isinstance(each, Cell) and each.awaits(to.reactor)]
    return [*filter(among, found)] if among else found


def untried(
    bus: Directory,
    to: Address[Any],
    message: object,
    purpose: Purpose,
    tried: Sequence[str],
    more: Sequence[object] = (),
) -> list[Receiver]:
    """As `hopeful`, less those of these names; `more` as for `likely`."""
    found = hopeful(bus, to, message, purpose, lambda each: name_of(each) not in tried)
    return (able_of_all(bus, found, to.reactor, more) or found) if more else found


def streaming(bus: Directory, to: Address[Any], message: object, tried: Sequence[str] = ()) -> list[Receiver]:
    """As `untried`, for a stream: those whose versions know streams."""

    def knows(one: Receiver) -> bool:
        return getattr(one, "knows_streams", isinstance(one, Cell)) and name_of(one) not in tried

    return hopeful(bus, to, message, Purpose.ASK, knows)


def able_of_all(bus: Directory, found: list[Receiver], reactor: str, messages: Sequence[object]) -> list[Receiver]:
    """Those that can take every one of these messages, which are told."""
    links = [each for each in found if not isinstance(each, Cell)]
    channel = bus.channels.get(reactor)
    kinds = set() if channel is None else {each.__class__ for each in messages}.intersection(channel.types)
    links = [link for link in links if all(link.takes(reactor, kind, Purpose.TELL) for kind in kinds)]
    if len({link.takes(reactor, kind, Purpose.TELL) for link in links for kind in kinds}) > 1:
        for message in messages:
            memo: dict[object, object] = {}
            links = [link for link in links if message.__class__ not in kinds or link.fits(reactor, message, memo)]
    return [each for each in found if isinstance(each, Cell) or each in links]


def able(links: list[Link], reactor: str, kind: type, message: object, purpose: Purpose) -> list[Link]:
    """Those of the peers that can take the message, which is of that class."""
    first = 0
    for link in links:
        limit = link.takes(reactor, kind, purpose)
        if not limit or (first and limit != first):
            break
        first = limit
    else:
        return links  # nearly always: all take it, and as large ones; it costs a send half of what is below
    limits = {link: link.takes(reactor, kind, purpose) for link in links}
    links = [link for link in links if limits[link]]
    if len({*limits.values()} - {0}) > 1:
        memo: dict[object, object] = {}
        links = [link for link in links if link.fits(reactor, message, memo)]
    return links


def kind_of(bus: Directory, reactor: str, message: object) -> type | None:
    """The class of a message that its channel declares here. None of any other: whoever it is sent to, it is wrong."""
    channel = bus.channels.get(reactor)
    return message.__class__ if channel is not None and message.__class__ in channel.types else None


def one_of(bus: Directory, to: Address[Any], found: list[Receiver]) -> Receiver:
    """The one that the pick takes of these."""
    if len(found) == 1:
        return found[0]
    assert isinstance(to.where, Role)
    pick = to.where.pick
    if isinstance(pick, Key):
        by_id = {bus.node_id if isinstance(each, Cell) or each.inside else each.peer_id: each for each in found}
        return by_id[rendezvous(pick.key, by_id)[0]]
    choose = least_of if pick == "least" else better_of_two
    return choose(found, partial(_load, bus, to.reactor), bus.rng)


def group(
    bus: Directory, to: GroupAddress[Any], message: object, purpose: Purpose, more: Sequence[object] = ()
) -> dict[str, Receiver]:
    """Those that the pick takes of all candidates, by name and in the order of names; `more` as for `likely`."""
    found = likely(bus, to, message, purpose, more)
    if isinstance(to.where, Role) and to.where.pick != "all":
        found = best_of(found, to.where.pick.of(len(found)), partial(_load, bus, to.reactor), bus.rng)
    return dict(sorted((name_of(each), each) for each in found))


def reaches(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    need: int,
    message: object = None,
    purpose: Purpose = Purpose.TELL,
) -> bool:
    """At least `need` receivers answer to the address now, and can take this message; see `candidates`."""
    where = to.where
    if isinstance(where, Local):
        return bus.cell(to.reactor) is not None or to.reactor in bus.routes.inside
    if isinstance(where, Peer):
        if where.id == bus.node_id:
            return bus.cell(to.reactor) is not None
        link = bus.routes.peers.get(where.id)
        if link is None or not link.has(to.reactor):
            return False
        kind = kind_of(bus, to.reactor, message)
        # Where it refuses, nobody else will come of that address: the send is made, and says so.
        return kind is None or link.takes(to.reactor, kind, purpose) > 0 or not link.lets(to.reactor, purpose)
    return len(candidates(bus, to, message, purpose)) >= need


def ask_here(
    bus: Directory, cell: Cell, message: object, sender: Cell | None, timeout: float | None, reply: TypeForm[Any] | None
) -> Outcome[Any]:
    """Ask the reactor of this node that a role's address means, and see how long its answer takes."""
    outcome = cell.ask(message, sender, timeout, reply, bus)
    future = outcome._future if isinstance(outcome, AskWaiting) else outcome
    if isinstance(future, AskFuture) and not future.done():
        if cell.latency is None:
            cell.latency = OwnLatency()
        member = future.holder()
        if isinstance(member, Cell) and member is not cell:  # of a pool, whose it counts for
            member.latency = cell.latency
        future.__class__ = MeasuredAsk  # it adds nothing that an object has
        cell.latency.begun[future] = bus.loop.time()
    return outcome


class MeasuredAsk(AskFuture[T]):
    """One that says at its end how long it took. Not by a callback, which is a sixth of such an ask."""

    __slots__ = ()

    def set_result(self, value: T, /) -> None:
        """The answer is there."""
        super().set_result(value)
        latency, began, now = self._measured()
        latency.answered(now - began, now)

    def set_exception(self, error: BaseException | type[BaseException], /) -> None:
        """It ended with an error."""
        super().set_exception(error)
        latency, began, now = self._measured()
        latency.failed(now - began, now)

    def cancel(self, msg: object = None) -> bool:
        """The asker goes away."""
        if not super().cancel(msg):
            return False
        latency, began, now = self._measured()
        latency.waited(now - began, now)
        return True

    def _measured(self) -> tuple[OwnLatency, float, float]:
        cell = self.holder()
        assert isinstance(cell, Cell)
        assert cell.latency is not None
        return cell.latency, cell.latency.begun.pop(self), self.get_loop().time()


def _in_flight(cell: Addressee) -> int:
    return len(cell.mailbox) + cell.mailbox.waiting + cell.at_work()


def _load(bus: Directory, reactor: str, receiver: Receiver) -> Load:
    if not isinstance(receiver, Cell):
        return receiver.load(reactor)
    in_flight, latency = sum(map(_in_flight, receiver.each())), receiver.latency
    if latency is None:
        return Load(in_flight)
    now = bus.loop.time()
    return Load(in_flight, latency.seconds, latency.weight(now), vain=latency.least(now))
