"""What leaves a connection together, what at once, and what waits while its stream takes no more."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Sequence
from typing import cast

from some_frames import copied

from peerbus.actors.base.errors import StreamClosed
from peerbus.transports.lanes.frame_writer import FrameWriter
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.streams.transport import Stream
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Frame, Ping


class Pipe:
    """A stream that keeps what is written, and takes more or does not as the test says."""

    remote = "memory://there"

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()
        self.closed = False

    @property
    def writable(self) -> bool:
        return self.open.is_set()

    def write(self, data: bytes) -> None:
        if self.closed:
            raise StreamClosed("closed")
        self.writes.append(data)

    def writelines(self, parts: Sequence[bytes]) -> None:
        self.write(b"".join(parts))

    async def drain(self) -> None:
        await self.open.wait()

    def frames(self) -> list[list[Frame]]:
        """The frames of each write."""
        decoder = FrameDecoder(FRAME_LIMIT)
        return [[*map(copied, decoder.feed(data))] for data in self.writes]


class Desk:
    """A writer, its outbox and its stream."""

    def __init__(self) -> None:
        self.pipe = Pipe()
        self.told = 0
        loop = asyncio.get_running_loop()
        self.writer = FrameWriter(loop, contextvars.copy_context(), cast("Stream", self.pipe), self._told)
        self.outbox = self.writer.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)

    def _told(self) -> None:
        self.told += 1

    def say(self, number: int) -> None:
        self.outbox.control(Ping(number))
        self.writer.schedule()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_said_in_one_turn_leaves_in_one_write_and_its_bytes_are_counted() -> None:
    desk = Desk()
    desk.say(1)
    desk.say(2)
    assert desk.pipe.writes == []
    await turns()
    assert desk.pipe.frames() == [[Ping(1), Ping(2)]]
    assert desk.writer.bytes_sent == sum(map(len, desk.pipe.writes))
    assert desk.told == 1


async def test_what_is_to_leave_now_does_and_the_turn_that_was_scheduled_finds_nothing() -> None:
    desk = Desk()
    desk.say(1)
    desk.writer.write()
    await turns()
    assert desk.pipe.frames() == [[Ping(1)]]


async def test_while_the_stream_takes_no_more_all_waits_and_then_leaves_in_order() -> None:
    desk = Desk()
    desk.pipe.open.clear()
    desk.say(1)
    await turns()
    desk.say(2)
    await turns()
    assert desk.pipe.writes == []
    desk.pipe.open.set()
    await turns()
    assert desk.pipe.frames() == [[Ping(1), Ping(2)]]


async def test_a_frame_may_go_past_the_outbox_only_where_nothing_stands_before_it_and_nobody_looks() -> None:
    desk = Desk()
    found = [desk.writer.clear]
    desk.writer.write_frame(FrameEncoder().encode(Ping(1)))
    assert desk.pipe.frames() == [[Ping(1)]]
    desk.say(2)
    found.append(desk.writer.clear)
    await turns()
    found.append(desk.writer.clear)
    desk.pipe.open.clear()
    found.append(desk.writer.clear)
    desk.pipe.open.set()
    desk.writer.watched = True
    found.append(desk.writer.clear)
    assert found == [True, False, True, False, False]


async def test_nothing_is_written_after_the_end_and_a_closed_stream_is_the_readers_to_report() -> None:
    desk = Desk()
    desk.pipe.closed = True
    desk.writer.write_frame(FrameEncoder().encode(Ping(1)))
    desk.say(2)
    await turns()
    assert desk.writer.bytes_sent == 0
    desk.pipe.closed = False
    desk.writer.close()
    assert not desk.writer.clear
    desk.say(3)
    await turns()
    assert desk.pipe.writes == []


async def test_the_task_that_waits_for_the_stream_can_be_ended() -> None:
    desk = Desk()
    desk.pipe.open.clear()
    desk.say(1)
    await turns()
    task = desk.writer.cancel()
    assert task is not None
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert desk.writer.cancel() is None
