"""Where the code writes out a call to save it, both do the same: random programs go one way and the other.

The short ways are `Bus.tell`, `Bus.ask` and `Actor.tell` for `send` and `request`, the first lines of `routed_tell` and
`routed_ask` for their last ones and `way_to`, `LoopCell.tell` and `LoopCell.ask` for `enter` and `enter_ask`,
`Mailbox.offer` for `admit`, `PeerLink.tell` for `_encoded`, `run_turn` for `Cell.drain`, and what `tell_many` delivers
together for one by one. Each saves more than 3 % of a tell.
"""

from __future__ import annotations

from typing import Any

import pytest
from program_runs import run
from programs import Program
from stories import Story

from peerbus.actors import Actor, Bus
from peerbus.actors.engine import loop_cell
from peerbus.actors.engine.cell import Cell
from peerbus.actors.engine.loop_cell import LoopCell
from peerbus.actors.engine.to_cell import pour_singly
from peerbus.actors.mailbox.envelope import NEVER, Envelope
from peerbus.actors.mailbox.mailbox import Mailbox
from peerbus.actors.messages import Address
from peerbus.actors.messages.how import WAITS, How
from peerbus.actors.routing import ask, tell
from peerbus.actors.sends.ask import AskFuture
from peerbus.actors.sends.supply import Supply, Within
from peerbus.transports.lanes.out_many import Taken
from peerbus.transports.sending import link
from peerbus.transports.sending.link import PeerLink

tell_by_link = PeerLink.tell


def bus_tell(bus: Bus, to: Any, message: object, *, timeout: float | None = None, wait_for_peer: bool = False) -> Any:
    return bus.send(to, message, timeout, None, WAITS if wait_for_peer else None)


def actor_tell(
    actor: Actor, to: Any, message: object, *, timeout: float | None = None, wait_for_peer: bool = False
) -> Any:
    return actor.bus.send(to, message, timeout, actor._cell, WAITS if wait_for_peer else None)


def bus_ask(
    bus: Bus,
    to: Any,
    message: object,
    *,
    reply: Any = None,
    timeout: float | None = None,
    hedge: float | None = None,
    quorum: Any = None,
    wait_for_peer: bool = False,
) -> Any:
    plain = hedge is None and quorum is None and not wait_for_peer
    how = None if plain else How(hedge, quorum, wait_for_peer)
    return bus.request(to, message, timeout, reply, None, how)


def cell_tell(cell: LoopCell, message: object, sender: Cell | None, timeout: float | None) -> Any:
    assert cell.bus is not None
    envelope = Envelope(message, None if sender is None else sender.address, None, NEVER, sender)
    return cell.enter(envelope, sender, timeout, cell.bus.wheel)


def cell_ask(cell: LoopCell, message: object, sender: Cell | None, timeout: float | None, reply: Any, bus: Bus) -> Any:
    deadline = cell.loop.time() + (cell.timeout if timeout is None else timeout)
    future: AskFuture[Any] = AskFuture.of(cell.loop, message, reply, cell.abandon)
    envelope = Envelope(message, None if sender is None else sender.address, future, deadline, sender)
    return cell.enter_ask(envelope, future, sender, timeout, bus.wheel)


def offer(mailbox: Mailbox, envelope: Envelope) -> bool:
    if mailbox._foreign:
        mailbox._admit_foreign()
    return mailbox.admit(envelope)


def cell_pour(cell: LoopCell, supply: Supply, sender: Cell | None, within: Within) -> Any:
    while messages := supply.take(1):
        outcome = pour_singly(cell, messages, 0, supply, sender, within)
        if outcome is not None:
            return outcome
    return None


def link_tell(
    link: PeerLink,
    reactor: str,
    message: object,
    sender: Address[object] | None,
    timeout: float | None,
    memo: Any = None,
) -> Any:
    # The memo of a send to several is the long way.
    return tell_by_link(link, reactor, message, sender, timeout, {} if memo is None else memo)


def transcript(story: Story) -> list[object]:
    """What everybody saw, and when."""
    ended = [
        (sent.number, sent.text, sent.ended, type(sent.result).__name__, str(sent.result))
        for sent in story.sends.values()
    ]
    return [*ended, sorted(story.begun.items()), sorted(story.dead.items())]


@pytest.mark.pure("it puts other ways in the place of those of the core")
@pytest.mark.seeds(20)
def test_the_short_ways_of_a_send_and_the_long_ones_tell_one_story(
    peerbus_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program.random(peerbus_seed, nodes=1 + peerbus_seed % 2)
    short = transcript(run(program))
    for verb in (tell, ask):
        monkeypatch.setattr(verb, "LOCAL", None)  # only the short way looks at these
        monkeypatch.setattr(verb, "Peer", None)
    monkeypatch.setattr(Actor, "tell", actor_tell)
    monkeypatch.setattr(Bus, "tell", bus_tell)
    monkeypatch.setattr(Bus, "ask", bus_ask)
    monkeypatch.setattr(LoopCell, "tell", cell_tell)
    monkeypatch.setattr(LoopCell, "ask", cell_ask)
    monkeypatch.setattr(LoopCell, "pour", cell_pour)
    monkeypatch.setattr(Mailbox, "offer", offer)
    monkeypatch.setattr(PeerLink, "tell", link_tell)
    monkeypatch.setattr(link, "accept_many", lambda *_of: Taken(0, None, False))
    assert transcript(run(program)) == short


@pytest.mark.pure("it puts other ways in the place of those of the core")
@pytest.mark.seeds(20)
def test_the_short_way_of_a_turn_and_the_long_one_tell_one_story(
    peerbus_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On one bus: a peer's credit goes back once a turn by the short way, and once a message by the other.
    program = Program.random(peerbus_seed)
    short = transcript(run(program))
    monkeypatch.setattr(loop_cell, "run_turn", Cell.drain)
    assert transcript(run(program)) == short
