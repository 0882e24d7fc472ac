"""A lane to a peer's reactor: credit, senders that wait for it, and a ledger that always agrees."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

import pytest
from out_lanes_of_a_test import Scene, Sender, message, offer

from peerbus.actors.base.errors import MailboxFull, PeerGone, ProtocolError, SendError
from peerbus.actors.mailbox.envelope import NEVER
from peerbus.actors.sends.outcome import GAVE_WAY
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.wire.hello import ChannelInfo


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_messages_take_credit_and_wait_without_it(scene: Scene) -> None:
    lane = scene.lane
    assert [offer(lane, message(10)) for _ in range(5)] == [True] * 4 + [False]
    first, second = scene.wait(10), scene.wait(10)
    scene.write()
    scene.check()
    lane.granted(1, 10)
    assert (first.result, second.result, scene.woken) == (True, None, 1)
    lane.granted(2, 20)
    assert second.result is True
    assert lane.statistics().delivered == 3
    scene.check()


def test_a_sender_that_begins_to_wait_when_there_is_credit_again_is_admitted_at_once(scene: Scene) -> None:
    assert [offer(scene.lane, message(10)) for _ in range(5)] == [True] * 4 + [False]
    scene.write()
    scene.lane.granted(4, 40)  # before the send that found no credit is awaited
    late = Sender(message(10))
    scene.lane.wait(late)
    assert late.result is True
    assert scene.woken == 1
    scene.check()


def test_a_sender_that_begins_to_wait_on_a_lane_that_was_replaced_waits_on_the_new_one(scene: Scene) -> None:
    moved: list[object] = []
    scene.lane.suspended = True
    scene.lane.successor = moved.append
    late = Sender(message(10))
    scene.lane.wait(late)
    assert moved == [late]
    scene.check()


def test_who_comes_later_waits_behind_those_who_wait(scene: Scene) -> None:
    assert offer(scene.lane, message(60))
    large = scene.wait(90)
    small = scene.wait(1)
    scene.write()
    scene.lane.granted(1, 60)
    assert large.result is True
    assert small.result is True
    scene.check()


def test_when_a_large_message_gives_up_the_small_ones_behind_it_go(scene: Scene) -> None:
    assert offer(scene.lane, message(60))
    large = scene.wait(90)
    small = scene.wait(1)
    scene.lane.give_up(large, MailboxFull("enough"))
    assert small.result is True
    assert scene.woken == 1
    scene.check()


def test_a_message_that_is_taken_back_lets_the_next_one_go(scene: Scene) -> None:
    outgoing = message(60)
    assert offer(scene.lane, outgoing)
    waiting = scene.wait(70)
    scene.lane.pop()
    scene.lane.take_back(outgoing, MailboxFull("too late"))
    assert waiting.result is True
    assert scene.lane.statistics().failed == {"mailbox_full": 1}
    scene.check()


def test_a_sender_that_has_gone_is_counted_and_the_next_one_admitted(scene: Scene) -> None:
    for _ in range(4):
        offer(scene.lane, message(1))
    gone, next_one = scene.wait(1), scene.wait(1)
    gone.gone = True
    scene.write()
    scene.lane.granted(1, 1)
    assert next_one.result is True
    assert scene.lane.statistics().failed == {"cancelled": 1}
    scene.check()


def test_giving_up_twice_or_after_admission_counts_once(scene: Scene) -> None:
    for _ in range(4):
        offer(scene.lane, message(1))
    sender = scene.wait(1)
    scene.lane.give_up(sender, MailboxFull("enough"))
    scene.lane.give_up(sender, MailboxFull("enough"))
    assert scene.lane.statistics().failed == {"mailbox_full": 1}
    scene.check()


def test_a_refused_tell_comes_back_with_its_message_and_is_counted_once(scene: Scene) -> None:
    for size in (1, 2, 3):
        offer(scene.lane, message(size))
    scene.write()
    assert scene.lane.refused_by_peer(1, 1, "message_type") == [2]
    assert scene.lane.refused_by_peer(1, 1, "message_type") == [], "again"
    assert scene.lane.refused_by_peer(3, 9, "message_type") == [], "never sent"
    scene.check()
    scene.lane.granted(3, 6)
    scene.check()
    assert scene.lane.statistics().delivered == 2
    assert scene.lane.refused_by_peer(0, 1, "message_type") == [None], "credit came first"
    assert scene.lane.statistics().delivered == 1
    scene.check()


@pytest.mark.parametrize("after", [False, True])
def test_senders_are_refused_once_nobody_may_wait(scene: Scene, after: bool) -> None:
    for _ in range(4):
        offer(scene.lane, message(1))
    make: Callable[[], SendError] = lambda: PeerGone("gone")  # noqa: E731  # one line is enough
    if after:
        assert scene.lane.refuse_waiting(make) == []
        sender = scene.wait(1)
    else:
        sender = scene.wait(1)
        assert scene.lane.refuse_waiting(make) == [sender]
        sender.refused(make())
        scene.lane.lost(make())
    assert isinstance(sender.result, PeerGone)
    scene.check()


def test_what_is_in_doubt_leaves_out_what_was_refused(scene: Scene) -> None:
    for size in (1, 2, 3):
        offer(scene.lane, message(size))
    scene.write()
    offer(scene.lane, message(4))
    scene.lane.refused_by_peer(0, 1, "message_type")
    lost = scene.lane.drop_unconfirmed() + scene.lane.drop_queued()
    assert [outgoing.message for outgoing in lost] == [2, 3, 4]
    for _ in lost:
        scene.lane.lost(PeerGone("gone"))
    scene.check()


def test_more_credit_than_was_used_is_a_protocol_error(scene: Scene) -> None:
    offer(scene.lane, message(10))
    with pytest.raises(ProtocolError, match="credit_overflow"):
        scene.lane.granted(1, 10)
    scene.write()
    with pytest.raises(ProtocolError, match="credit_overflow"):
        scene.lane.granted(1, 11)
    scene.lane.granted(1, 10)
    assert scene.lane.window.outstanding == (0, 0)


def test_the_text_for_a_sender_says_what_is_on_its_way(scene: Scene) -> None:
    offer(scene.lane, message(10))
    assert scene.lane.no_room() == (
        "the peer's reactor 'c' has granted no credit (1 of 4 messages, 10 of 100 bytes are on their way)"
    )


def test_an_ask_that_was_answered_holds_on_to_nothing_until_its_credit_is_back(scene: Scene) -> None:
    class Future:
        def done(self) -> bool:
            return False

        def succeed(self, value: object) -> None: ...
        def raised(self, error: BaseException) -> None: ...
        def fail(self, error: BaseException) -> None: ...

    future = Future()
    gone = weakref.ref(future)
    outgoing = Outgoing("question", None, future, NEVER, None, 5, None, NEVER, 1, 0, bytes(5))
    assert offer(scene.lane, outgoing)
    scene.write()
    outgoing.answered()
    del future
    assert gone() is None
    assert [each.reply is not None and each.reply.done() for each in scene.lane.drop_unconfirmed()] == [True]


async def test_a_sender_gives_way_once_a_frame_is_full() -> None:
    info = ChannelInfo(
        name="c", types=("Note",), schema=bytes(16), messages=1000, bytes=1 << 20, max_message=1000, priority=5
    )
    lane = OutLane(0, info, None, lambda _: None)
    outcomes = [lane.accept(1, 0, bytes(100), number, None) for number in range(300)]
    assert [len(batch) for batch in lane.queue] == [65, 65, 65, 65, 40]
    assert [number for number, outcome in enumerate(outcomes) if outcome is GAVE_WAY] == [65, 130, 195, 260]
    others: list[str] = []
    asyncio.get_running_loop().call_soon(others.append, "had a turn")
    await outcomes[64]  # type: ignore[misc]  # not None, as there was credit
    assert others == []
    await outcomes[65]  # type: ignore[misc]  # as above
    assert others == ["had a turn"]


def test_a_frame_grows_to_a_part_while_the_lane_is_alone_and_no_further() -> None:
    info = ChannelInfo(
        name="c", types=("Note",), schema=bytes(16), messages=1000, bytes=1 << 20, max_message=1000, priority=5
    )
    lane = OutLane(0, info, None, lambda _: None)
    alone = True
    lane.alone = lambda: alone
    outcomes = [lane.accept(1, 0, bytes(100), number, None) for number in range(200)]
    assert [len(batch) for batch in lane.queue] == [131, 69]
    alone = False  # at once: what has grown stays as it is
    outcomes += [lane.accept(1, 0, bytes(100), number, None) for number in range(200, 350)]
    assert [len(batch) for batch in lane.queue] == [131, 131, 65, 23]
    assert [batch.size for batch in lane.queue] == [13100, 13100, 6500, 2300]
    # Its sender gives way when two of the grown ones are full, and after each of the others.
    assert [number for number, outcome in enumerate(outcomes) if outcome is GAVE_WAY] == [262, 327]


def test_a_lane_counts_how_long_senders_stood_for_credit() -> None:
    scene = Scene()
    while offer(scene.lane, message(10)):
        pass
    assert scene.lane.stood == 0.0
    scene.lane.wait(Sender(message(10)))
    between = scene.lane.stood
    assert scene.lane.account.stood >= between >= 0.0
    scene.write()
    scene.lane.granted(1, 10)
    over = scene.lane.stood
    assert over > 0.0
    assert scene.lane.stood == over, "nobody stands any more"
