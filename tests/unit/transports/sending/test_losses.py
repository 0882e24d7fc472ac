"""What fails on the way to a peer is counted once, and its sender or dead letters hear of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from kept_writer import KeptWriter
from link_lines import CHANNELS, Get, Line, hello_of

from peerbus.actors import (
    Account,
    DeadlineExceeded,
    MailboxFull,
    NoSuchReactor,
    NotAllowed,
    Peer,
    PeerGone,
    ProtocolError,
    SendError,
    ShuttingDown,
)
from peerbus.actors.engine.timings import Timings
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.ledger import Books
from peerbus.testing import VirtualLoop
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.remote_ask import RemoteAsk
from peerbus.transports.sending.losses import Losses
from peerbus.transports.sending.open_asks import OpenAsks
from peerbus.transports.sending.out_lanes import OutLanes
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frames import Error
from peerbus.transports.wire.hello import NO_ASKS, NO_TELLS


def test_an_ask_whose_time_was_over_before_it_was_written_is_counted_so_when_the_connection_ends() -> None:
    line = Line()
    late, gone, lost = (line.ask("first", number, timeout) for number, timeout in enumerate((0.5, 5.0, 5.0)))
    line.settle(1.0)
    gone.cancel()
    line.settle()
    line.link.lost("over")
    line.settle()
    assert isinstance(late.exception(), DeadlineExceeded)
    assert isinstance(lost.exception(), PeerGone)
    account = line.link.lanes.statistics()["first"].account
    assert account == Account(3, 0, 0, {"deadline_writer": 1, "cancelled": 1, "peer_gone": 1})
    line.close()


class Hearers:
    """What is needed of the bus."""

    def __init__(self) -> None:
        self.books = Books(CHANNELS.__contains__)
        self.letters: list[tuple[object, str, str]] = []

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        self.letters.append((message, reason, str(to)))


class Waiting:
    withdrawn = ""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.error: SendError | None = None

    def admitted(self) -> bool:
        return True

    def refused(self, error: SendError) -> None:
        self.error = error


class Scene:
    """The lanes of a link to a peer that has granted room for two messages each."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.hearers = Hearers()
        self.lanes = OutLanes(Codecs(CHANNELS), "test", "b" * 64)
        for index, channel in enumerate(hello_of("b" * 64, window=2).channels):
            self.lanes.open(index, channel, lambda _: None, lambda: False, lambda: 0.0, lambda *_: None)
        self.lane = self.lanes.at(0)
        asks = OpenAsks(loop, KeptWriter(), Timings())
        asks.outbox = Outbox(asks.ids, asks.not_written)
        self.losses = Losses(self.hearers, self.lanes, asks, Peer("b" * 64))

    def tell(self, number: int) -> None:
        assert self.lane.accept(1, 0, b"x", Get(number), None) is not None


TO = f"bus://{'b' * 64}/first"


@pytest.fixture
def scene() -> Iterator[Scene]:
    loop = VirtualLoop()
    yield Scene(loop)
    loop.close()


def test_a_send_that_fails_at_once_has_never_been_sent_and_is_counted_at_its_lane(scene: Scene) -> None:
    error = NoSuchReactor("gone")
    outcome = scene.losses.fail("first", None, Get(1), error)
    assert (error.message, error.never_sent) == (Get(1), True)
    assert scene.hearers.letters == [(Get(1), "no_such_reactor", TO)]
    assert scene.lane.statistics().account == Account(1, 0, 0, {"no_such_reactor": 1})
    with contextlib.suppress(StopIteration), pytest.raises(NoSuchReactor):
        outcome.__await__().send(None)


def test_a_send_to_a_reactor_without_a_lane_is_counted_as_astray(scene: Scene) -> None:
    scene.losses.count("third", NoSuchReactor("nobody"))
    scene.losses.count("second", PeerGone("gone"))
    assert scene.hearers.letters == []
    ledger = scene.hearers.books.ledger({})
    assert ledger.astray == {"-": Account(1, 0, 0, {"no_such_reactor": 1})}
    assert scene.lanes.statistics()["second"].failed == {"peer_gone": 1}


def test_who_waits_for_credit_is_told_and_so_is_who_comes_later(scene: Scene) -> None:
    scene.tell(1)
    scene.tell(2)
    first, late = (Waiting(Outgoing(Get(number), None, None, payload=b"x")) for number in (3, 4))
    scene.lane.wait(first)
    scene.losses.refuse_waiting(scene.lane, ShuttingDown, "the peer shuts down")
    scene.lane.wait(late)
    for waiting in (first, late):
        assert isinstance(waiting.error, ShuttingDown)
    assert first.error is not None
    assert first.error.never_sent
    assert scene.lane.statistics().failed == {"shutting_down": 2}


def test_what_was_written_may_have_arrived_and_what_is_queued_has_not(scene: Scene) -> None:
    scene.tell(1)
    scene.lane.wrote(scene.lane.pop())
    scene.tell(2)
    scene.losses.lose_all(scene.lane, "over")
    assert scene.hearers.letters == [(Get(1), "peer_gone", TO), (Get(2), "peer_gone", TO)]
    assert scene.lane.statistics().account == Account(2, 0, 0, {"peer_gone": 2})


def test_a_tell_that_the_peer_refuses_is_a_dead_letter_once(scene: Scene) -> None:
    scene.tell(1)
    scene.lane.wrote(scene.lane.pop())
    assert scene.losses.refused_by_peer(scene.lane, Error(0, 0, 0, "mailbox_full", "full"), 0.0)
    assert not scene.losses.refused_by_peer(scene.lane, Error(0, 0, 0, "mailbox_full", "again"), 0.0)
    assert not scene.losses.refused_by_peer(scene.lane, Error(0, 0, 9, "mailbox_full", "never written", 7), 0.0)
    assert scene.hearers.letters == [(Get(1), "mailbox_full", TO)]
    scene.lane.granted(1, 1)
    scene.losses.lose_all(scene.lane, "over")
    assert scene.hearers.letters == [(Get(1), "mailbox_full", TO)]


def test_a_send_that_waited_in_vain_is_a_dead_letter(scene: Scene) -> None:
    scene.losses.undelivered(scene.lane, Outgoing(Get(1), None, None), MailboxFull("no credit"))
    assert scene.hearers.letters == [(Get(1), "mailbox_full", TO)]


@pytest.mark.parametrize(("refused", "ask"), [(NO_TELLS, False), (NO_ASKS, True), (NO_TELLS | NO_ASKS, False)])
def test_who_waits_to_send_what_is_refused_from_now_on_waits_no_longer(scene: Scene, refused: int, ask: bool) -> None:
    scene.tell(1)
    scene.tell(2)
    telling = Waiting(Outgoing(Get(3), None, None, payload=b"x"))
    asking = Waiting(Outgoing(Get(4), None, RemoteAsk(loop=scene.loop), payload=b"x"))
    for each in (telling, asking):
        scene.lane.wait(each)
    assert not scene.losses.let([(1, 0)], "peer b")
    assert scene.losses.let([(0, refused)], "peer b")
    out, stay = (asking, telling) if ask else (telling, asking)
    assert isinstance(out.error, NotAllowed)
    assert (out.error.never_sent, out.error.message) == (True, Get(4) if ask else Get(3))
    assert "peer b does not let this node" in str(out.error)
    if refused != NO_TELLS | NO_ASKS:
        assert stay.error is None
    account = scene.lane.statistics().account
    assert (account.sent, account.failed) == (4, {"not_allowed": 2 if refused == NO_TELLS | NO_ASKS else 1})
    assert account.balanced
    assert scene.losses.let([], "peer b")
    assert scene.lane.rights.refused == 0
    with pytest.raises(ProtocolError, match="channel 9 of 2"):
        scene.losses.let([(9, 1)], "peer b")
