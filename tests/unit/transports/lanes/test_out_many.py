"""Many tells at once, and the tells that write out a call: as one by one, by the way that is written once.

`OutLane.accept` saves the calls of `_admits` and `_queue_tell`, `offer_ask` that of `_admits`, `accept_many` those of
`accept`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from peerbus.actors import Channel, MailboxFull
from peerbus.actors.base.errors import SendError
from peerbus.actors.mailbox.envelope import NEVER, Envelope
from peerbus.actors.messages.address import Address, Local
from peerbus.actors.sends.outcome import GAVE_WAY
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.item import Item
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.out_many import Taken, accept_many
from peerbus.transports.wire.payload import ChannelCodec, Payload

SIZES = st.sampled_from([0, 10, 100, 100, 100, 3000, 9000, 17_000, 24_000])


@dataclass(frozen=True)
class Block:
    data: bytes


@dataclass(frozen=True)
class Odd:
    data: bytes


CODEC = ChannelCodec(Channel("blocks", messages=(Block,), window=200, window_bytes=40_000, max_message=30_000))
SENDER: Address[object] = Address(Local(), "sender")


class Asker:
    """The answer that an ask waits for."""

    def done(self) -> bool:
        return False

    def succeed(self, value: object) -> None: ...
    def raised(self, error: BaseException) -> None: ...
    def fail(self, error: BaseException) -> None: ...


class Waiting:
    withdrawn = ""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.over: object = None

    def admitted(self) -> bool:
        self.over = "admitted"
        return True

    def refused(self, error: SendError) -> None:
        self.over = error.reason


@dataclass
class Sent:
    """How far some messages came, and whether their sender should let others have a turn."""

    accepted: int
    gives_way: bool


def lane_of() -> OutLane:
    lane = OutLane(0, CODEC.info, CODEC, lambda _: None)
    lane.clock = lambda: 0.0
    return lane


def encoded(message: object) -> Payload:
    return CODEC.encode(message, 30_000)


def by_accept(lane: OutLane, messages: Sequence[object], sender: Address[object] | None) -> Sent:
    gives_way = False
    for place, message in enumerate(messages):
        outcome = lane.accept(*numbered(message), message, sender)
        if outcome is None:
            return Sent(place, gives_way)
        gives_way = gives_way or outcome is GAVE_WAY
    return Sent(len(messages), gives_way)


def by_the_long_way(lane: OutLane, messages: Sequence[object], sender: Address[object] | None) -> Sent:
    gives_way = False
    for place, message in enumerate(messages):
        number, origin, payload = numbered(message)
        if not lane._admits(len(payload)):
            return Sent(place, gives_way)
        outcome = lane._queue_tell(Item(number, origin, payload), len(payload), message, sender)
        gives_way = gives_way or outcome is GAVE_WAY
    return Sent(len(messages), gives_way)


def by_many(lane: OutLane, messages: Sequence[object], sender: Address[object] | None) -> Sent:
    """As `PeerLink.pour` does."""
    place, gives_way = 0, False
    while place < len(messages):
        some = messages[place : place + (lane.window.messages or 1)]
        taken = accept_many(lane, CODEC, some, 0, sender) if lane.window.messages else Taken(0, None, False)
        place, gives_way = place + taken.accepted, gives_way or taken.full
        if taken.accepted == len(some):
            continue
        if taken.encoded is not None:
            return Sent(place, gives_way)
        one = by_accept(lane, [messages[place]], sender)
        place, gives_way = place + one.accepted, gives_way or one.gives_way
        if not one.accepted:
            return Sent(place, gives_way)
    return Sent(place, gives_way)


def numbered(message: object) -> tuple[int, int, bytes]:
    number, payload = encoded(message)
    return number, 0, payload


def test_a_message_that_is_larger_than_the_credit_goes_as_the_last_one() -> None:
    lane = lane_of()
    accepted = accept_many(lane, CODEC, [Block(bytes(15_000)), Block(bytes(29_000)), Block(b"")], 0, None)
    assert (accepted.accepted, accepted.encoded) == (2, None)
    assert lane.window.bytes < 0
    refused = accept_many(lane, CODEC, [Block(b"")], 0, None)
    assert (refused.accepted, refused.encoded) == (0, encoded(Block(b"")))


def test_what_finds_no_credit_is_handed_back_with_its_bytes() -> None:
    lane = lane_of()
    messages = [Block(bytes(24_000)), Block(bytes(24_000)), Block(b"")]
    assert accept_many(lane, CODEC, messages, 0, None) == (1, encoded(messages[1]), False)


def test_what_cannot_be_encoded_ends_the_pass_and_is_left_to_a_tell_of_its_own() -> None:
    lane = lane_of()
    assert accept_many(lane, CODEC, [Block(b"1"), Odd(b"2"), Block(b"3")], 0, None) == (1, None, False)
    assert accept_many(lane, CODEC, [Block(bytes(40_000))], 0, None) == (0, None, False)


def test_what_was_encoded_for_one_peer_is_not_encoded_for_the_next() -> None:
    messages = [Block(b"1"), Block(b"2")]
    known: dict[int, Payload] = {}
    first, second = lane_of(), lane_of()
    assert accept_many(first, CODEC, messages, 0, None, known, 7).accepted == 2
    assert known == {7: encoded(messages[0]), 8: encoded(messages[1])}
    known[8] = encoded(Block(b"as it was told"))
    assert accept_many(second, CODEC, messages, 0, None, known, 7).accepted == 2
    assert [item.payload for item in second.queue[0].items] == [known[7][1], known[8][1]]


@pytest.mark.pure("a dict of a class of its own is not asked by its methods")
def test_a_message_whose_own_code_sends_is_left_to_a_tell_of_its_own() -> None:
    lane = lane_of()

    class Talking(dict[int, Payload]):
        def get(self, key: int, default: object = None) -> None:  # type: ignore[override]  # as a message's code would
            lane.accept(*numbered(Block(b"sent meanwhile")), Block(b"sent meanwhile"), None)

    assert accept_many(lane, CODEC, [Block(b"1")], 0, None, Talking()) == (0, None, False)
    assert lane.sent == 1


class ThreeWays(RuleBasedStateMachine):
    """The same program on a lane that is told by `accept`, one that takes the calls, and one that is told many."""

    @initialize(alone=st.booleans())
    def begin(self, alone: bool) -> None:
        self.lanes = [lane_of(), lane_of(), lane_of()]
        self.alone = alone
        for lane in self.lanes:
            lane.alone = lambda: self.alone
        self.waiting: list[list[Waiting]] = []
        self.written: list[int] = []

    @rule(sizes=st.lists(SIZES, min_size=1, max_size=150), named=st.booleans(), waits=st.booleans())
    def tell(self, sizes: list[int], named: bool, waits: bool) -> None:
        messages, sender = [Block(bytes(size)) for size in sizes], SENDER if named else None
        sent = [
            way(lane, messages, sender)
            for way, lane in zip((by_accept, by_the_long_way, by_many), self.lanes, strict=True)
        ]
        assert sent[0] == sent[1] == sent[2]
        if sent[0].accepted == len(messages):
            return
        if not waits:
            for lane in self.lanes:
                lane.refuse(MailboxFull("not awaited"))
            return
        message = messages[sent[0].accepted]
        number, origin, payload = numbered(message)
        self.waiting.append([])
        for lane in self.lanes:
            outgoing = Outgoing(message, sender, None, NEVER, None, len(payload), None, NEVER, number, origin, payload)
            waiting = Waiting(outgoing)
            self.waiting[-1].append(waiting)
            lane.wait(waiting)

    @rule(size=SIZES)
    def ask(self, size: int) -> None:
        message = Block(bytes(size))
        number, origin, payload = numbered(message)
        standing = set()
        for lane in self.lanes:
            reply = Asker()
            outgoing = Outgoing(message, None, reply, NEVER, None, len(payload), None, NEVER, number, origin, payload)
            if lane is self.lanes[1]:  # the one by the long way
                waiting = lane._queue_ask(outgoing, len(payload)) if lane._admits(len(payload)) else 0
            else:
                waiting = lane.offer_ask(outgoing)
            standing.add(waiting)
            if not waiting:
                lane.refuse(MailboxFull("not awaited"))
        assert len(standing) == 1

    @rule()
    def turn(self) -> None:
        self.alone = not self.alone

    @rule(frames=st.integers(1, 5))
    def write(self, frames: int) -> None:
        for _ in range(min(frames, len(self.lanes[0].queue))):
            batches = [lane.pop() for lane in self.lanes]
            for lane, batch in zip(self.lanes, batches, strict=True):
                lane.wrote(batch)
            self.written += [len(each.payload) for each in batches[0].items or batches[0].asks or []]

    @precondition(lambda self: self.written)
    @rule(count=st.integers(1, 120))
    def grant(self, count: int) -> None:
        granted, self.written = self.written[:count], self.written[count:]
        for lane in self.lanes:
            lane.granted(len(granted), sum(granted))

    @invariant()
    def all_have_the_same_queue_and_credit(self) -> None:
        first, *others = [(lane.statistics(), lane.backlog, [queued(lane)]) for lane in self.lanes]
        assert all(other == first for other in others)

    @invariant()
    def all_have_admitted_the_same(self) -> None:
        for each in self.waiting:
            assert len({waiting.over for waiting in each}) == 1


def queued(lane: OutLane) -> list[object]:
    return [
        (
            [(item.number, item.source, item.payload) for item in batch.items],
            batch.messages,
            batch.senders,
            batch.room,
            batch.most,
            batch.size,
            None if batch.asks is None else [ask.message for ask in batch.asks],
        )
        for batch in lane.queue
    ]


TestThreeWays = ThreeWays.TestCase
TestThreeWays.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
