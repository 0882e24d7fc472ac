"""Parts: what is cut comes together again, and nobody can make us hold more than we agreed to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors.base.errors import ProtocolError
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import (
    PART_SIZE,
    Ask,
    Compressed,
    Frame,
    ItemsFrame,
    Part,
    Ping,
    Reply,
    Tell,
    ZeroCopyCompressed,
    ZeroCopyItems,
)
from peerbus.transports.wire.hello import MESSAGE_LIMIT
from peerbus.transports.wire.parts import (
    BODY_OVERHEAD,
    REASSEMBLY_BUDGET,
    Carried,
    Cutter,
    PartBudget,
    Reassembler,
    ask_lane,
    body_limit,
    lane_of,
    reply_lane,
)


def no_limit(lane: int) -> int:
    return 2**32


def body_of(frame: Frame) -> bytes:
    return FrameEncoder().body(frame)


def parts_of(frame: Tell | Ask | Reply) -> list[Part]:
    cutter = Cutter(body_of(frame), lane_of(frame))
    return [Part(lane, left, bytes(data)) for lane, left, data in cutter]


def reason_of(reassembler: Reassembler, *parts: Part) -> str:
    """The reason for which the last of these parts is refused; all before it are taken."""
    *before, last = parts
    for part in before:
        assert reassembler.add(part) is None
    with pytest.raises(ProtocolError) as caught:
        reassembler.add(last)
    return caught.value.reason


def fields(frame: Carried | None) -> tuple[object, ...]:
    """What is in it: payloads of a large frame are views, which equal the bytes that they show."""
    assert frame is not None
    assert not isinstance(frame, Compressed | ZeroCopyCompressed | ItemsFrame | ZeroCopyItems)
    return frame.channel, frame.items


LARGE = Tell(3, [(1, 0, b"x" * 50_000)])


def test_every_channel_has_a_lane_for_messages_and_one_for_answers() -> None:
    assert (ask_lane(0), reply_lane(0), ask_lane(7), reply_lane(7)) == (0, 1, 14, 15)
    assert lane_of(Tell(7, [])) == lane_of(Ask(7, [])) == 14
    assert lane_of(Reply(7, [])) == 15


def test_parts_are_full_but_for_the_last_and_say_what_is_left() -> None:
    cutter = Cutter(bytes(PART_SIZE * 2 + 5), 4)
    assert cutter.total == cutter.left == PART_SIZE * 2 + 5
    sizes = [(lane, left, len(data)) for lane, left, data in cutter]
    assert sizes == [(4, PART_SIZE + 5, PART_SIZE), (4, 5, PART_SIZE), (4, 0, 5)]
    assert cutter.left == 0


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=3 * PART_SIZE))
def test_a_body_whose_head_stands_apart_is_cut_as_if_it_did_not(head: bytes, rest: bytes) -> None:
    apart = [(lane, left, bytes(data)) for lane, left, data in Cutter(rest, 4, head=head)]
    assert apart == [(lane, left, bytes(data)) for lane, left, data in Cutter(head + rest, 4)]


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(st.integers(1, 80_000), min_size=1, max_size=4))
def test_bodies_on_several_lanes_come_together_however_their_parts_mix(data: st.DataObject, sizes: list[int]) -> None:
    frames: list[Tell | Ask | Reply] = []
    for channel, size in enumerate(sizes):
        frames.append(Tell(channel, [(0, 0, bytes(size))]))
        frames.append(Reply(channel, [(1, 0, b"\1" * size)]))
    queues = [parts_of(frame) for frame in frames]
    reassembler = Reassembler(no_limit)
    done: list[Carried] = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        if (frame := reassembler.add(queue.pop(0))) is not None:
            done.append(frame)
    assert [*map(fields, sorted(done, key=lane_of))] == [*map(fields, sorted(frames, key=lane_of))]
    assert reassembler.pending == 0


def test_a_lane_carries_one_body_after_the_other() -> None:
    reassembler = Reassembler(no_limit)
    for _ in range(2):
        *first, last = parts_of(LARGE)
        assert [reassembler.add(part) for part in first] == [None] * len(first)
        assert fields(reassembler.add(last)) == fields(LARGE)


def test_pending_counts_the_announced_size_until_the_body_is_complete() -> None:
    reassembler = Reassembler(no_limit)
    parts = parts_of(LARGE)
    reassembler.add(parts[0])
    assert reassembler.pending == len(body_of(LARGE))
    for part in parts[1:]:
        reassembler.add(part)
    assert reassembler.pending == 0


def test_a_body_above_the_lanes_limit_is_refused_at_its_first_part() -> None:
    reassembler = Reassembler(lambda lane: len(body_of(LARGE)) - 1)
    assert reason_of(reassembler, parts_of(LARGE)[0]) == "part_too_large"
    assert reassembler.pending == 0


def test_a_body_of_exactly_the_lanes_limit_passes() -> None:
    reassembler = Reassembler(lambda lane: len(body_of(LARGE)))
    assert fields([reassembler.add(part) for part in parts_of(LARGE)][-1]) == fields(LARGE)


def test_more_bodies_at_once_than_the_budget_holds_are_refused() -> None:
    reassembler = Reassembler(no_limit, budget=100_000)
    other = Tell(4, LARGE.items)
    reassembler.add(parts_of(LARGE)[0])
    assert reason_of(reassembler, parts_of(other)[0]) == "part_budget"


def test_finished_bodies_give_their_room_back() -> None:
    reassembler = Reassembler(no_limit, budget=60_000)
    for _ in range(3):
        assert fields([reassembler.add(part) for part in parts_of(LARGE)][-1]) == fields(LARGE)


@pytest.mark.parametrize("wrong", [0, 1, 2**32 - 1])
def test_a_part_whose_left_does_not_fit_is_refused(wrong: int) -> None:
    first, second, *_ = parts_of(LARGE)
    lying = Part(second.lane, wrong, second.data)
    assert reason_of(Reassembler(no_limit), first, lying) == "part_out_of_order"


def test_a_part_that_is_missing_or_comes_twice_is_noticed() -> None:
    first, second, third, _ = parts_of(LARGE)
    assert reason_of(Reassembler(no_limit), first, third) == "part_out_of_order"
    assert reason_of(Reassembler(no_limit), first, second, second) == "part_out_of_order"


def test_what_the_owner_says_about_unknown_lanes_reaches_the_caller() -> None:
    def limit(lane: int) -> int:
        raise ProtocolError("unknown_lane", f"lane {lane}")

    assert reason_of(Reassembler(limit), parts_of(LARGE)[0]) == "unknown_lane"


@pytest.mark.parametrize(
    ("frame", "lane"),
    [(Ping(1), 0), (LARGE, 7), (LARGE, 8), (Reply(3, [(1, 0, b"")]), 6), (Part(6, 0, b"x"), 6)],
    ids=["control frame", "answer lane", "other channel", "answer on the message lane", "part"],
)
def test_a_body_that_does_not_belong_on_its_lane_is_refused(frame: Frame, lane: int) -> None:
    parts = [Part(lane, left, bytes(data)) for _, left, data in Cutter(body_of(frame), lane)]
    assert reason_of(Reassembler(no_limit), *parts) == "part_mismatch"


def test_a_body_that_is_no_frame_is_refused() -> None:
    assert reason_of(Reassembler(no_limit), Part(0, 0, b"\xc1")) == "bad_frame"


@given(st.lists(st.builds(Part, st.integers(0, 3), st.integers(0, 40), st.binary(min_size=1))))
def test_any_parts_raise_nothing_but_a_protocol_error_and_stay_in_the_budget(
    parts: list[Part],
) -> None:
    reassembler = Reassembler(lambda lane: 50, budget=80)
    try:
        for part in parts:
            reassembler.add(part)
            assert reassembler.pending <= 80
    except ProtocolError:
        pass


def test_the_largest_message_fits_its_lane_and_two_of_them_the_budget() -> None:
    item = (2**32 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1, bytes(MESSAGE_LIMIT))
    size = len(body_of(Ask(255, [item])))
    assert size - MESSAGE_LIMIT <= BODY_OVERHEAD
    assert size <= body_limit(MESSAGE_LIMIT)
    assert 2 * body_limit(MESSAGE_LIMIT) <= REASSEMBLY_BUDGET


def test_a_batch_of_small_messages_fits_a_lane_of_small_messages() -> None:
    batch = Tell(0, [(1, 1, bytes(1000))] * 60)
    assert len(body_of(batch)) <= body_limit(1000)


def test_the_senders_budget_counts_as_the_receivers_does() -> None:
    budget = PartBudget(100)
    budget.take(60)
    assert budget.used == 60
    assert budget.has_room(40)
    assert not budget.has_room(41)
    with pytest.raises(ValueError, match="no room"):
        budget.take(41)
    budget.give_back(60)
    assert budget.has_room(100)
    with pytest.raises(ValueError, match="only 0 under way"):
        budget.give_back(1)
