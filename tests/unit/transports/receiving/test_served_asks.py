"""Each ask of a peer is answered once, and answers that it does not read are bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from kept_writer import KeptWriter
from some_frames import copied

from peerbus.actors import Bus, Channel
from peerbus.actors.engine import Cell
from peerbus.transports.lanes.in_lane import InLane, InSide
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.remote_reply import RemoteReply
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.receiving.served_asks import REPLY_LIMIT, UNWANTED_LIMIT, ServedAsks
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Error, Frame, Reply
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


CODEC = ChannelCodec(Channel("store", messages=(Get,), max_message=16 << 20))


class Worker:
    """As much of a cell as a reply looks at."""

    def __init__(self) -> None:
        self.abandoned: list[object] = []

    def abandon(self, reply: object) -> None:
        self.abandoned.append(reply)

    def answered_late(self, reply: object) -> bool:
        """It is no matter here."""
        return False

    def has_begun(self, reply: object) -> bool:
        """Nor this."""
        return False


class Counter:
    """The answers to what one reactor is asked."""

    def __init__(self, bus: Bus) -> None:
        self.writer, self.worker = KeptWriter(), Worker()
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        lane = InLane(cast("InSide", self), 0, CODEC.info, CODEC)
        self.answers = ServedAsks(bus.loop, bus.name, [lane], self.outbox, self.writer)

    def ask(self, rid: int, within: float = 10.0) -> RemoteReply:
        reply = RemoteReply(self.answers, cast("Cell", self.worker), 0, rid, self.answers.now() + within)
        self.answers.served[rid] = reply
        return reply

    def said(self) -> list[Frame]:
        data = b"".join(map(bytes, self.outbox.fill(0.0, 1 << 16)))
        return [*map(copied, FrameDecoder(FRAME_LIMIT).feed(data))]


@asynccontextmanager
async def counter() -> AsyncIterator[Counter]:
    async with Bus("test") as bus:
        yield Counter(bus)


async def test_answers_to_what_is_asked_together_share_a_frame() -> None:
    async with counter() as here:
        for reply in [here.ask(1), here.ask(2)]:
            reply.succeed(reply.rid)
        ((frame,),) = [here.said()]
        assert isinstance(frame, Reply)
        assert [rid for rid, *_ in frame.items] == [1, 2]
        assert here.answers.served == {}


async def test_the_last_answer_goes_past_the_outbox_where_nothing_stands_before_it() -> None:
    async with counter() as here:
        here.writer.clear = True
        here.ask(1).succeed(1)
        assert here.said() == []
        (data,) = here.writer.frames
        (frame,) = FrameDecoder(FRAME_LIMIT).feed(data)
        assert isinstance(frame, Reply)


async def test_a_handler_that_fails_is_an_error_in_the_place_of_the_answer() -> None:
    async with counter() as here:
        here.ask(1).raised(ValueError("no such block"))
        (frame,) = here.said()
        assert isinstance(frame, Error)
        assert (frame.rid, frame.text) == (1, "no such block")


async def test_an_answer_that_cannot_travel_is_an_error_as_well() -> None:
    async with counter() as here:
        here.ask(1).succeed(object())
        (frame,) = here.said()
        assert isinstance(frame, Error)
        assert (frame.rid, frame.code) == (1, "answer_type")


async def test_one_whose_time_is_over_is_told_where_it_was_spent() -> None:
    async with counter() as here:
        here.ask(1, within=-1.0).succeed(1)
        assert here.ask(2, within=-1.0).done()
        handled, never_taken = here.said()
        assert isinstance(handled, Error)
        assert isinstance(never_taken, Error)
        assert (handled.rid, handled.code) == (1, "deadline_handler")
        assert (never_taken.rid, never_taken.code) == (2, "deadline_mailbox")
        assert here.answers.late == 2


async def test_an_answer_that_is_too_large_is_not_taken_for_a_message_that_is() -> None:
    async with counter() as here:
        here.ask(1).succeed(bytes(17 << 20))
        (frame,) = here.said()
        assert isinstance(frame, Error)
        assert (frame.rid, frame.code) == (1, "answer_too_large")


async def test_answers_that_the_peer_does_not_read_become_errors_beyond_the_bound() -> None:
    async with counter() as here:
        half = bytes(REPLY_LIMIT // 2 - 100)
        for rid in (1, 2, 3):
            here.ask(rid).succeed(half)
        assert here.answers.unread == 1
        assert here.answers.backlog <= REPLY_LIMIT
        (frame,) = [each for each in here.said() if isinstance(each, Error)]
        assert (frame.rid, frame.code) == (3, "answer_unread")
        here.answers.look()
        assert 0 < here.answers.backlog <= REPLY_LIMIT


async def test_an_answer_that_waits_to_be_written_when_the_asker_gives_up_is_not() -> None:
    async with counter() as here:
        for reply in [here.ask(1), here.ask(2), here.ask(3)]:
            reply.succeed(reply.rid)
        here.answers.give_up(2)
        (frame,) = here.said()
        assert isinstance(frame, Reply)
        assert [rid for rid, *_ in frame.items] == [1, 3]
        here.answers.look()
        assert (here.answers.backlog, here.outbox.left_out) == (0, 1)


async def test_a_peer_that_gives_up_what_it_never_asked_takes_no_memory_for_it() -> None:
    async with counter() as here:
        for rid in range(UNWANTED_LIMIT * 2):
            here.answers.give_up(rid)
        assert here.outbox.unwanted == set(), "nothing waits to be written"
        waiting = here.ask(1)
        here.ask(2)
        waiting.succeed(1)
        for rid in range(UNWANTED_LIMIT * 2):
            here.answers.give_up(rid + 10)
        assert len(here.outbox.unwanted) == UNWANTED_LIMIT
        assert len(here.said()) == 1
        here.answers.look()
        assert here.outbox.unwanted == set()


async def test_when_the_connection_ends_the_work_for_its_peer_does_and_nothing_more_is_said() -> None:
    async with counter() as here:
        replies = [here.ask(1), here.ask(2)]
        here.answers.end()
        assert here.worker.abandoned == replies
        for reply in replies:
            reply.succeed(1)
        here.answers.error(0, 0, 0, "actor_stopped", "it has")
        assert here.said() == []
