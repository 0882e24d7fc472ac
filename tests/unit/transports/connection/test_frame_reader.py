"""Bytes of a stream become frames for those who take them, and its end is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, cast

import pytest
from virtual_time import eventually

from peerbus.actors import ProtocolError, StreamBroken
from peerbus.transports import ByteStream
from peerbus.transports.connection.frame_reader import FrameReader
from peerbus.transports.connection.read_turns import FRAMES
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import Frame, GoAway, Part, Ping, Pong, Tell, Welcome, ZeroCopyTell
from peerbus.transports.wire.parts import Reassembler, ask_lane

encode = FrameEncoder().encode
TELL = Tell(0, [(1, 0, b"x")])


class Source:
    """A stream that gives what the test puts in: bytes, or an error that `read` raises."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    async def read(self) -> bytes:
        data = await self.waiting.get()
        if isinstance(data, Exception):
            raise data
        return data


class PushingSource(Source):
    """One that hands its bytes over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.taker: asyncio.Future[Callable[[bytes], None]] = asyncio.get_running_loop().create_future()

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        self.taker.set_result(receive)


class FillingSource(PushingSource):
    """One that can read into a place, of which it says how large a body may be."""

    whole = 1 << 20

    def __init__(self) -> None:
        super().__init__()
        self.place: memoryview | None = None
        self.came: Callable[[int], None] = lambda size: None

    def fill(self, place: memoryview, came: Callable[[int], None]) -> None:
        self.place, self.came = place, came

    def read_in(self, data: bytes) -> None:
        assert self.place is not None
        self.place[: len(data)] = data
        self.place = self.place[len(data) :] or None
        self.came(len(data))


class Owner:
    """Keeps what its reader tells it."""

    def __init__(self, source: Source) -> None:
        self.happened: list[object] = []
        self.refusal: ProtocolError | None = None
        loop = asyncio.get_running_loop()
        self.over: asyncio.Future[BaseException | None] = loop.create_future()
        takers: dict[type, Callable[[Any], None]] = dict.fromkeys((Ping, Pong, GoAway, Tell), self.happened.append)
        self.reader = FrameReader(
            cast("ByteStream", source),
            loop,
            copy_context(),
            takers,
            limit_of_lane=lambda lane: 1000,
            came=lambda now: self.happened.append("came"),
            woken=lambda: self.happened.append("woken"),
            taken=self.taken,
            over=self.over.set_result,
        )

    def taken(self) -> None:
        self.happened.append("taken")
        if self.refusal is not None:
            raise self.refusal


@asynccontextmanager
async def reading(source: Source, leftover: bytes = b"") -> AsyncIterator[Owner]:
    owner = Owner(source)
    owner.reader.start(leftover, "reader")
    try:
        yield owner
    finally:
        task = owner.reader.cancel()
        assert task is not None
        await asyncio.gather(task, return_exceptions=True)


async def test_what_came_with_the_handshake_is_read_first() -> None:
    source = Source()
    source.waiting.put_nowait(encode(Ping(2)))
    source.waiting.put_nowait(b"")
    async with reading(source, encode(Ping(1))) as owner:
        assert await owner.over is None
    assert owner.happened == ["came", Ping(1), "woken", "taken", "came", Ping(2), "woken", "taken"]
    assert owner.reader.bytes_received == 2 * len(encode(Ping(1)))


async def test_a_frame_in_pieces_is_taken_when_it_is_whole() -> None:
    source, data = Source(), encode(Ping(7))
    for piece in (data[:3], data[3:], b""):
        source.waiting.put_nowait(piece)
    async with reading(source) as owner:
        await owner.over
    assert [what for what in owner.happened if isinstance(what, Frame)] == [Ping(7)]


async def test_a_body_in_parts_is_one_frame_and_is_pending_until_it_is_there() -> None:
    source, body = PushingSource(), encode(TELL)[4:]
    async with reading(source) as owner:
        push = await source.taker
        push(encode(Part(ask_lane(0), len(body) - 3, body[:3])))
        assert owner.reader.pending == len(body)
        push(encode(Part(ask_lane(0), 0, body[3:])))
        assert owner.reader.pending == 0
        assert owner.happened.count(TELL) == 1


async def test_what_the_stream_holds_is_held_until_it_is_let_go() -> None:
    class Holds(PushingSource):
        retained = 5000

    async with reading(Holds()) as owner:
        assert owner.reader.holds == 5000
        owner.reader.let_go()
        assert owner.reader.holds == 0


@pytest.mark.parametrize("pushed", [False, True])
async def test_a_frame_that_nobody_takes_ends_the_reading_and_what_it_woke_still_runs(*, pushed: bool) -> None:
    source = PushingSource() if pushed else Source()
    data = encode(Ping(1)) + encode(Welcome())
    async with reading(source) as owner:
        if isinstance(source, PushingSource):
            (await source.taker)(data)
        else:
            source.waiting.put_nowait(data)
        error = await owner.over
    assert isinstance(error, ProtocolError)
    assert error.reason == "unexpected_frame"
    assert owner.happened == ["came", Ping(1), "woken"]


async def test_an_owner_that_refuses_what_came_ends_the_reading() -> None:
    source = Source()
    source.waiting.put_nowait(encode(Ping(1)))
    async with reading(source) as owner:
        owner.refusal = ProtocolError("unread", "too much")
        assert await owner.over is owner.refusal


async def test_a_stream_that_breaks_is_told_with_its_error() -> None:
    source, broken = Source(), StreamBroken("cable")
    source.waiting.put_nowait(broken)
    async with reading(source) as owner:
        assert await owner.over is broken


async def test_after_it_was_stopped_it_takes_nothing_that_is_pushed() -> None:
    source = PushingSource()
    async with reading(source) as owner:
        push = await source.taker
        owner.reader.stop()
        push(encode(Ping(1)))
    assert owner.happened == []


async def test_it_notices_what_shows_that_the_peer_has_something_under_way() -> None:
    source = PushingSource()
    async with reading(source) as owner:
        push = await source.taker
        owner.reader.notice(lambda: owner.happened.append("stirred"))
        for frame in (Ping(1), Pong(1), GoAway("tired", ""), TELL):
            push(encode(frame))
    stirs = [owner.happened[at + 1] for at, what in enumerate(owner.happened) if what == "stirred"]
    assert stirs == [TELL]


async def test_many_bytes_are_looked_through_by_turns_and_the_stream_waits_meanwhile() -> None:
    class Paused(PushingSource):
        calls: list[str] = []  # noqa: RUF012  # of the one object

        def pause(self) -> None:
            self.calls.append("pause")

        def resume(self) -> None:
            self.calls.append("resume")

    source = Paused()
    async with reading(source) as owner:
        push = await source.taker
        push(b"".join(encode(Ping(number)) for number in range(2 * FRAMES + 10)))
        assert source.calls == []
        push(encode(Ping(99_999)))
        assert source.calls == ["pause"]
        before = sum(isinstance(each, Ping) for each in owner.happened)
        assert before <= FRAMES
        for _ in range(20):
            await asyncio.sleep(0)
        assert source.calls[-1] == "resume"
        tokens = [each.token for each in owner.happened if isinstance(each, Ping)]
        assert tokens == [*range(2 * FRAMES + 10), 99_999]
        assert not owner.over.done()
        push(b"".join(encode(Ping(number)) for number in range(FRAMES)) + b"\0\0\0\1\x05")
        error = await owner.over
        assert isinstance(error, ProtocolError)


async def test_the_end_of_a_stream_is_told_behind_all_that_came_before_it() -> None:
    source = Source()
    async with reading(source) as owner:
        source.waiting.put_nowait(b"".join(encode(Ping(number)) for number in range(3 * FRAMES)))
        source.waiting.put_nowait(b"")
        assert await owner.over is None
        assert sum(isinstance(each, Ping) for each in owner.happened) == 3 * FRAMES


async def test_of_a_large_frame_of_many_messages_a_turn_takes_some_and_others_come_between() -> None:
    """One after the other would be all of them in one turn, whatever they cost."""
    payload = bytes(9000)
    items = [(number, 0, payload) for number in range(1, 21)]
    source = PushingSource()
    async with reading(source) as owner:
        seen: list[list[int]] = []
        owner.reader.take({ZeroCopyTell: lambda frame: seen.append([item[0] for item in frame.items])})
        push = await source.taker
        body = encode(Tell(0, items))
        push(body + encode(Ping(1)))
        at_first = len(seen)
        await eventually(lambda: Ping(1) in owner.happened)
        assert at_first == 0
        assert [number for numbers in seen for number in numbers] == [*range(1, 21)]
        assert {len(numbers) for numbers in seen} == {1}


async def test_the_same_of_one_that_came_in_parts() -> None:
    source, payload = PushingSource(), bytes(9000)
    body = encode(Tell(0, [(number, 0, payload) for number in range(1, 11)]))[4:]
    async with reading(source) as owner:
        owner.reader._parts = Reassembler(lambda lane: 1 << 20)
        seen: list[int] = []
        owner.reader.take({ZeroCopyTell: lambda frame: seen.extend(item[0] for item in frame.items)})
        push = await source.taker
        for start in range(0, len(body), 16_000):
            data = body[start : start + 16_000]
            push(encode(Part(ask_lane(0), len(body) - start - len(data), data)))
        push(encode(Ping(1)))
        assert owner.reader.holds >= 9 * len(payload), "what waits is counted"
        await eventually(lambda: Ping(1) in owner.happened)
        assert seen == [*range(1, 11)]
        assert owner.reader.holds == 0


async def test_the_rest_of_a_large_body_is_read_into_its_place() -> None:
    source, payload = FillingSource(), bytes(range(256)) * 800
    frame = encode(Tell(0, [(1, 0, payload)]))
    async with reading(source) as owner:
        taken: list[bytes] = []
        owner.reader.take({ZeroCopyTell: lambda frame: taken.append(bytes(frame.items[0][2]))})
        push = await source.taker
        for _ in range(2):
            push(encode(Ping(1)) + frame[:5000])
            await eventually(lambda: source.place is not None)
            assert source.place is not None
            assert len(source.place) == len(frame) - 5000
            assert owner.reader.holds == len(frame) - 4
            source.read_in(frame[5000:90_000])
            assert owner.reader.beat(0.0) is None
            source.read_in(frame[90_000:])
            assert source.place is None
        push(encode(Ping(2)))
        await eventually(lambda: owner.reader.holds == 0)
        assert taken == [payload] * 2
        assert owner.reader.bytes_received == 2 * len(frame) + 3 * len(encode(Ping(1)))
        # One that stops half way, or is wrong, ends the reading as any other.
        push(frame[:4] + b"\xc1" * 4996)
        await eventually(lambda: source.place is not None)
        late = owner.reader.beat(1.0) or owner.reader.beat(100.0)
        assert late is not None
        assert late.reason == "overdue"
        source.read_in(b"\xc1" * (len(frame) - 5000))
        error = await owner.over
        assert isinstance(error, ProtocolError)


async def test_a_large_body_is_read_into_its_place_behind_frames_that_waited_for_their_turn() -> None:
    source, payload = FillingSource(), bytes(200_000)
    frame, ping = encode(Tell(0, [(1, 0, payload)])), encode(Ping(1))
    async with reading(source) as owner:
        taken: list[int] = []
        owner.reader.take({ZeroCopyTell: lambda frame: taken.append(len(frame.items[0][2]))})
        push = await source.taker
        push(ping * (FRAMES + 10) + frame[:5000])
        assert source.place is None, "these are taken first"
        await eventually(lambda: source.place is not None)
        source.read_in(frame[5000:])
        await eventually(lambda: taken == [200_000])
