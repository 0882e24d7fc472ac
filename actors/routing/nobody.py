"""A send that reaches nobody: why, in one sentence that says what to do, and what becomes of its message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..base import SendError
from ..engine import Cell, Ref
from ..mailbox import NO_CHANNEL, Side
from ..messages import Address, GroupAddress, Local, Peer, Role, article
from ..sends import FailedOutcome
from .directory import Directory
from .link import Link
from .purpose import Purpose

__all__ = ["no_search", "not_sent", "offered", "unroutable", "why_nobody"]

#: Roles that a text names.
NAMED = 8
WAIT = "; tell, ask and stream wait for one with wait_for_peer=True"


def not_sent(to: Address[Any] | GroupAddress[Any], message: object) -> str:
    """How such a sentence begins. `message`: None for one that was not drawn yet."""
    return f"{'a message' if message is None else type(message).__name__} was not sent to {to}"


def why_nobody(
    bus: Directory,
    to: Address[Any] | GroupAddress[Any],
    need: int = 1,
    *,
    waited: bool = False,
    message: object = None,
    purpose: Purpose = Purpose.TELL,
) -> str:
    """What none of those who are there has, and what to do; where there is no peer, how peers are looked for.

    `need`: receivers that there must be. `waited`: the send has waited for them already. `message`, `purpose`:
    see `reaches`.
    """
    where, reactor = to.where, to.reactor
    wait = "" if waited else WAIT
    if isinstance(where, Local) or (isinstance(where, Peer) and where.id == bus.node_id):
        return f"{bus.name} runs no actor called {reactor!r}; spawn it, or list it in reactors=[…]{wait}"
    links = tuple(bus.routes.peers.values())
    if isinstance(where, Peer):
        link = bus.routes.peers.get(where.id)
        if link is not None and link.has(reactor):
            return f"that peer {_cannot(message, reactor, (link,))}{wait}"
        if link is not None:
            return f"that peer is connected but runs no reactor {reactor!r}; start it there{wait}"
        return f"that peer is not connected; {bus.search()}{wait}"
    if not links:
        return f"no peer is connected; {bus.search()}{wait}"
    start = f"; start a node that does{wait}"
    fitting, which, those = links, "", f"{len(links)} connected"
    if isinstance(where, Role):
        offering = tuple(link for link in links if where.name in link.roles)
        if not offering:
            return f"no connected peer offers the role {where.name!r} ({those}, {offered(links)}){start}"
        which, those = " that offers it", f"{len(offering)} of {len(links)} offer the role {where.name!r}"
        fitting = tuple(link for link in offering if where.where.holds(link.roles[where.name].attributes))
        if not fitting:
            return f"no connected peer offers it with {where.where} ({those}){start}"
    running = sum(link.has(reactor) for link in fitting)
    if running:
        kind = None if message is None else type(message)
        able = running if kind is None else sum(link.takes(reactor, kind, purpose) > 0 for link in fitting)
        refusing = sum(link.has(reactor) and not link.lets(reactor, purpose) for link in fitting)
        if able < running:
            others = [f"{refusing} {_refuse(refusing, purpose)}"] if refusing else []
            others += (
                [f"{running - able - refusing} {_cannot(message, reactor, fitting)}"]
                if running - able - refusing
                else []
            )
            return f"{able} of the {need} receivers that it needs can be sent to; {'; '.join(others)}{wait}"
        return (
            f"{running} of the {need} receivers that it needs {'is' if running == 1 else 'are'} there; start more{wait}"
        )
    return f"no connected peer{which} runs the reactor {reactor!r} ({those}){start}"


def _cannot(message: object, reactor: str, links: Iterable[Link]) -> str:
    """`links`: of which one may say why."""
    start = f"cannot be sent {article(type(message).__name__)}, as its channel is declared otherwise there"
    why = next((found for link in links if (found := link.why_not(reactor, type(message)))), "")
    return f"{start}: {why or 'see the log, or `peerbus schema diff`'}"


def _refuse(count: int, purpose: Purpose) -> str:
    verb = "tell" if purpose is Purpose.TELL else "ask"
    return f"{'does' if count == 1 else 'do'} not let this node {verb} there: `peerbus peers ID` says who"


def no_search() -> str:
    """How a bus looks for peers that no node has given a network."""
    return "a bus has no network of its own, so give the program a Node"


def offered(links: Iterable[Link]) -> str:
    """`offering archive, words`: the roles of these, of many the first."""
    offered = sorted({name for link in links for name in link.roles})
    return f"offering {', '.join(offered[:NAMED]) or 'no role'}{', …' if len(offered) > NAMED else ''}"


def unroutable(
    bus: Directory, error: SendError, to: Ref[Any] | Address[Any] | GroupAddress[Any], sender: Cell | None
) -> FailedOutcome:
    """Count the send, and let dead letters know. Returns its outcome."""
    bus.dead_letters.count_failed(error.reason)
    reactor = to.reactor if isinstance(to, Address | GroupAddress) else NO_CHANNEL
    bus.books.tally(Side.ASTRAY, reactor).refused(error.reason)
    address = None if sender is None else sender.address
    bus.dead_letter(error.message, error.reason, to=to, sender=address, error=error)
    return FailedOutcome(error)
