"""The order of what a connection writes: control first, then lanes by their priority, and nobody starves."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from outbox_writer import LARGEST, LIMIT, Writer

from peerbus.actors.base.errors import ProtocolError
from peerbus.actors.mailbox.envelope import NEVER
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.outbox import QUANTUM, WHOLE_BODY
from peerbus.transports.lanes.pacing import FIRST
from peerbus.transports.lanes.remote_ask import RemoteAsk
from peerbus.transports.streams.transport import WHOLE_HERE
from peerbus.transports.wire.frames import PART_SIZE, Ask, Credit, Frame, Part, Ping, Reply, Tell


def bytes_by_lane(frames: list[Frame]) -> Counter[int]:
    count: Counter[int] = Counter()
    for frame in frames:
        if isinstance(frame, Part):
            count[frame.lane // 2] += len(frame.data)
        elif isinstance(frame, Tell):
            count[frame.channel] += sum(len(payload) for *_, payload in frame.items)
    return count


def test_small_messages_of_one_lane_travel_as_one_frame() -> None:
    writer = Writer((5,))
    for _ in range(100):
        writer.tell(0, 50)
    (frame,) = writer.fill()
    assert isinstance(frame, Tell)
    assert len(frame.items) == 100


def test_a_batch_of_small_messages_is_never_cut() -> None:
    writer = Writer((255,))
    for _ in range(5000):
        writer.tell(0, 1)
    while writer.outbox:
        for frame in writer.fill():
            assert isinstance(frame, Tell)
    assert sum(len(frame.items) for frame in writer.frames if isinstance(frame, Tell)) == 5000


def test_control_and_credit_come_before_everything_and_credit_is_one_frame() -> None:
    writer = Writer((5, 5))
    writer.tell(0, 100)
    writer.outbox.grant(1, 2, 200)
    writer.outbox.control(Ping(7))
    writer.outbox.grant(0, 1, 50)
    writer.outbox.grant(1, 3, 300)
    kinds = writer.fill()
    assert [type(frame) for frame in kinds] == [Ping, Credit, Tell]
    assert kinds[1] == Credit([(1, 5, 500), (0, 1, 50)])


def test_a_control_frame_waits_for_one_part_of_a_large_message_at_most() -> None:
    writer = Writer((5,))
    writer.tell(0, 10 << 20)
    writer.fill(1)
    writer.outbox.control(Ping(1))
    frames = writer.fill(1)
    assert frames[0] == Ping(1)


def test_a_large_message_waits_here_for_the_peer_to_take_its_parts_and_all_others_go_past_it() -> None:
    writer = Writer((255, 1), far=True)
    writer.tell(0, LARGEST)
    writer.answer(0, 1 << 20)
    written = 0
    while frames := writer.fill():
        written += sum(len(frame.data) for frame in frames if isinstance(frame, Part))
    assert FIRST <= written < FIRST + PART_SIZE
    assert writer.outbox
    for number in range(3):
        writer.outbox.control(Ping(number))
        writer.tell(1, 100)
        writer.answer(1, 100)
        assert [type(frame) for frame in writer.fill()] in ([Ping, Tell, Reply], [Ping, Reply, Tell])
    writer.far = False
    assert writer.outbox.pacer.heard(writer.probes[-1], writer.now)
    writer.drain()
    assert sum(isinstance(frame, Tell) for frame in writer.frames) == 4


@pytest.mark.parametrize("local", [False, True])
def test_small_messages_wait_for_a_path_and_not_for_this_machine(local: bool) -> None:
    writer = Writer((5, 5), far=True)
    writer.outbox.pacer.local = local
    for _ in range(4 * FIRST // 1000):
        writer.tell(0, 1000)
    while any(isinstance(frame, Tell) for frame in writer.fill()):
        pass
    assert bool(writer.outbox) is not local
    assert bool(writer.probes) is not local
    writer.tell(1, LARGEST)
    while writer.fill():
        pass
    assert writer.outbox, "parts wait for the other end wherever it is"


def test_a_body_that_is_alone_on_this_machine_goes_in_one_frame_and_one_of_many_is_cut() -> None:
    writer = Writer((5, 5), far=True)
    writer.outbox.stays_here(WHOLE_HERE)
    writer.tell(0, 1 << 20)
    assert [type(frame) for frame in writer.fill()] == [Tell]
    writer.answer(0, 1 << 20)
    assert [type(frame) for frame in writer.fill()] == [Reply]
    for lanes in ((0, 0), (0, 1)):
        for lane in lanes:
            writer.tell(lane, 1 << 20)
        assert isinstance(writer.fill()[0], Part)
        writer.far = False
        while writer.outbox:
            writer.outbox.pacer.heard(writer.probes[-1], writer.now)
            writer.fill()
        writer.far = True
    writer.tell(0, WHOLE_HERE)
    assert isinstance(writer.fill()[0], Part), "what is larger is cut as it ever was"


@pytest.mark.parametrize("priority", [1, 2, 3, 5, 255])
@pytest.mark.parametrize("limit", [1, 4096, 16 * 1024, LIMIT])
def test_a_large_message_alone_is_written_without_a_pause_at_any_priority(priority: int, limit: int) -> None:
    writer = Writer((priority,))
    writer.tell(0, 1 << 20)
    while writer.outbox:
        assert writer.fill(limit)
    assert len(writer.frames) == 1


@pytest.mark.parametrize("sizes", [(100, 100, 100), (100_000, 100_000, 100_000), (100, 20_000, 1_000_000)])
@pytest.mark.parametrize("priorities", [(1, 1, 1), (1, 5, 10), (5, 255, 1), (10, 20, 30)])
def test_busy_lanes_share_by_their_priorities(priorities: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    writer = Writer(priorities)
    target = sum(priorities) * QUANTUM * 8
    for lane, size in enumerate(sizes):
        queued = 0
        while queued < 2 * target * priorities[lane] / sum(priorities) + LARGEST // 8:
            writer.tell(lane, size)
            queued += size + 40
    written: Counter[int] = Counter()
    while sum(written.values()) < target:
        written += bytes_by_lane(writer.fill())
    total = sum(written.values())
    for lane, priority in enumerate(priorities):
        wanted = total * priority / sum(priorities)
        # Beside heads, a lane is at most one part and one round ahead or behind, and a fill may end in its turn.
        assert abs(written[lane] - wanted) < 0.35 * wanted + 2 * (PART_SIZE + priority * QUANTUM), (lane, written)


def test_a_lane_of_high_priority_that_becomes_busy_is_next() -> None:
    writer = Writer((5, 5, 200))
    for _ in range(100):
        writer.tell(0, 10_000)
        writer.tell(1, 10_000)
    writer.fill()
    writer.tell(2, 100)
    first = writer.fill()[0]
    assert isinstance(first, Tell)
    assert first.channel == 2


def test_a_lane_that_becomes_busy_again_does_not_get_two_turns_in_a_round() -> None:
    writer = Writer((255, 1))
    for _ in range(200):
        writer.tell(1, 1000)
    seen: Counter[int] = Counter()
    for _ in range(50):
        writer.tell(0, 100)
        seen += bytes_by_lane(writer.fill(2000))
    assert seen[1] > 0


def test_a_body_of_64_kib_is_cut_only_where_another_lane_has_something_to_write() -> None:
    writer = Writer((5, 5))
    writer.tell(0, 64 << 10)
    writer.drain()  # in parts, as nothing is known of the path
    writer.tell(0, 64 << 10)
    (alone,) = writer.fill()
    assert isinstance(alone, Tell)
    writer.tell(0, 64 << 10)
    writer.tell(1, 100)
    frames = writer.fill()
    assert any(isinstance(frame, Part) for frame in frames)
    writer.drain()
    assert [len(frame.items[0][2]) for frame in writer.frames if isinstance(frame, Tell)] == [
        64 << 10,
        64 << 10,
        100,
        64 << 10,
    ]


def test_answers_do_not_wait_for_the_messages_of_their_channel() -> None:
    writer = Writer((5,))
    writer.tell(0, 10 << 20)
    writer.fill(1)
    writer.answer(0, 100)
    frames = writer.fill(LIMIT)
    assert any(isinstance(frame, Reply) for frame in frames)


def test_bodies_in_parts_stay_within_the_budget_and_all_arrive() -> None:
    writer = Writer((5, 5, 5, 5))
    for lane in range(4):
        writer.tell(lane, 15 << 20)
        writer.tell(lane, 100)
    writer.answer(0, 15 << 20)
    writer.drain()
    assert len(writer.frames) == 9


def test_asks_that_nobody_waits_for_are_not_written_and_their_credit_is_free() -> None:
    async def run() -> None:
        writer = Writer((5,))
        loop = asyncio.get_running_loop()
        asks: list[RemoteAsk[object]] = []
        for number in range(4):
            ask: RemoteAsk[object] = RemoteAsk.of(loop, None, None, lambda future: "writer")
            deadline = 1.0 if number == 1 else 10.0
            writer.lanes[0].offer_ask(Outgoing(number, None, ask, deadline, None, 9, None, NEVER, 1, 0, bytes(9)))
            asks.append(ask)
        asks[2].cancel()
        writer.outbox.wake(writer.turns[0])
        writer.now = 5.0
        (frame,) = writer.fill()
        assert isinstance(frame, Ask)
        assert [(rid, budget) for rid, budget, *_ in frame.items] == [(1, 5001), (2, 5001)]
        assert writer.expired == [1, 2]
        statistics = writer.lanes[0].statistics()
        assert (statistics.unconfirmed, statistics.failed) == (2, {"deadline_writer": 2})
        assert statistics.credit_messages == (1 << 20) - 2

    asyncio.run(run())


def test_a_grant_of_what_was_not_written_is_a_protocol_error() -> None:
    writer = Writer((5,))
    writer.tell(0, 100)
    writer.tell(0, 100)
    for grant in ((1, 100), (0, 1)):
        with pytest.raises(ProtocolError, match="credit_overflow"):
            writer.lanes[0].granted(*grant)
    writer.fill()
    for grant in ((3, 200), (2, 201)):
        with pytest.raises(ProtocolError, match="credit_overflow"):
            writer.lanes[0].granted(*grant)
    writer.lanes[0].granted(2, 200)
    assert writer.lanes[0].statistics().delivered == 2


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 70_000)), max_size=60), st.integers(1, 100_000))
@hypothesis_settings(max_examples=60)
def test_one_fill_is_about_as_large_as_asked_for(sends: list[tuple[int, int]], limit: int) -> None:
    writer = Writer((1, 5, 255))
    for lane, size in sends:
        writer.tell(lane, size)
    while writer.outbox:
        writer.fill(limit)
        # The only lane that is left may write a body that is not much larger than a part in one piece.
        assert 0 < writer.sizes[-1] < limit + WHOLE_BODY + 64


def test_a_body_that_was_cut_beside_others_does_not_make_those_after_it_be_cut_once_its_lane_is_alone() -> None:
    writer = Writer((5, 5))
    writer.tell(0, 60_000)
    writer.tell(1, 100)
    frames = writer.fill(PART_SIZE)  # two lanes have something: the body begins to be cut
    for _ in range(5):
        writer.tell(0, 60_000)
    while writer.outbox:
        frames += writer.fill()
    parts = [frame for frame in frames if isinstance(frame, Part)]
    # It and the next, which began in the turn in which the other lane had still something.
    assert 60_000 < sum(len(part.data) for part in parts) <= 2 * 60_100
    assert sum(isinstance(frame, Tell) for frame in writer.frames) == 7
