"""What a peer sends to one reactor: its credit, those that wait beside a full mailbox, and what became of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from peerbus.actors import Account, Channel, MailboxFull
from peerbus.actors.base.errors import SendError
from peerbus.actors.mailbox.envelope import NEVER, Envelope
from peerbus.transports.lanes.in_lane import InLane, InSide
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Put:
    number: int


CODEC = ChannelCodec(Channel("store", messages=(Put,), window=4, window_bytes=100))


class Over:
    def __init__(self, over: bool) -> None:
        self.over = over

    def done(self) -> bool:
        return self.over

    def succeed(self, value: object) -> None: ...
    def raised(self, error: BaseException) -> None: ...
    def fail(self, error: BaseException) -> None: ...


class Side:
    """The receiving half of a connection, as a lane sees it."""

    def __init__(self) -> None:
        self.happened: list[tuple[object, ...]] = []

    def call(self, action: Callable[[], None]) -> None:
        action()

    def release(self, lane: InLane, messages: int, size: int) -> None:
        self.happened.append(("released", messages, size))

    def refused(self, lane: InLane, envelope: Envelope, sequence: int, error: SendError) -> None:
        lane.refuse(error.reason)
        self.happened.append(("refused", envelope.message, sequence))

    def settle(self) -> None:
        self.happened.append(("settled",))


def lane_of(side: Side) -> InLane:
    lane = InLane(cast("InSide", side), 0, CODEC.info, CODEC)
    for _ in range(2):
        lane.window.receive(10)
    return lane


def envelope(reply: Over | None = None) -> Envelope:
    return Envelope(Put(1), None, reply, NEVER, "peer", 10, None)


def test_what_left_the_mailbox_gives_its_credit_back() -> None:
    side = Side()
    lane_of(side).dequeued(2, 20)
    assert side.happened == [("released", 2, 20)]


def test_one_that_waits_is_pending_until_it_is_admitted() -> None:
    side = Side()
    lane = lane_of(side)
    arrival = lane.waits(envelope(), 1)
    assert lane.account == Account(2, 1, 1)
    assert arrival.admitted()
    assert lane.account == Account(2, 2, 0)
    assert side.happened == [("settled",)]


def test_an_ask_that_nobody_waits_for_any_more_is_not_admitted() -> None:
    side = Side()
    lane = lane_of(side)
    assert not lane.waits(envelope(Over(True)), 0).admitted()
    assert lane.account == Account(2, 1, 0, {"cancelled": 1})
    assert side.happened == [("released", 1, 10), ("settled",)]
    assert lane.waits(envelope(Over(False)), 0).admitted()


def test_one_whose_mailbox_closes_is_refused_with_its_place_among_the_tells() -> None:
    side = Side()
    lane = lane_of(side)
    lane.waits(envelope(), 7).refused(MailboxFull("closed"))
    assert side.happened == [("refused", Put(1), 7), ("settled",)]
    assert lane.account == Account(2, 1, 0, {"mailbox_full": 1})
