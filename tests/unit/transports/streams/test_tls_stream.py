"""A stream with TLS of its own: many on one loop keep apart, pauses hold bytes back, and faults end it with a word."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable

import pytest
import uvloop
from tcp_scene import ALICE, BOB, listening

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.streams.tcp import TcpTransport
from peerbus.transports.streams.tls_stream import TlsStream
from peerbus.transports.streams.transport import MAX_CHUNK

LOOPS = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


async def pairs(count: int) -> list[tuple[TlsStream, TlsStream]]:
    """Streams between two nodes, both ends."""
    made = []
    async with listening(TcpTransport(BOB)) as listener:
        for _ in range(count):
            dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
            accepted = await listener.accept()
            assert isinstance(dialed, TlsStream)
            assert isinstance(accepted, TlsStream)
            made.append((dialed, accepted))
    return made


async def close(made: list[tuple[TlsStream, TlsStream]]) -> None:
    await asyncio.gather(*(each.aclose() for pair in made for each in pair))


@LOOPS
def test_streams_that_read_to_one_place_never_see_each_others_bytes(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def run() -> None:
        made = await pairs(4)
        bodies = [os.urandom(300_000) for _ in made]

        async def send(stream: TlsStream, body: bytes) -> None:
            for start in range(0, len(body), 7_001):
                stream.write(body[start : start + 7_001])
                await stream.drain()
            await stream.aclose()

        async def take(stream: TlsStream) -> bytes:
            found = b""
            while data := await stream.read():
                found += data
            return found

        sends = [asyncio.create_task(send(dialed, body)) for (dialed, _), body in zip(made, bodies, strict=True)]
        assert await asyncio.gather(*(take(accepted) for _, accepted in made)) == bodies
        await asyncio.gather(*sends)
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_what_comes_goes_to_a_place_and_then_to_whom_it_is_pushed(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def run() -> None:
        made = await pairs(1)
        ((dialed, accepted),) = made
        body, place, pushed, all_there = os.urandom(100_000), bytearray(60_000), bytearray(), asyncio.Event()
        begun = asyncio.Event()
        first = placed = 0

        def look() -> None:
            if len(pushed) + placed == 1 + len(body):
                all_there.set()

        def came(size: int) -> None:
            nonlocal placed
            placed += size
            look()

        def take(data: bytes) -> None:
            nonlocal first
            if not pushed:
                first = len(data)
                begun.set()
                accepted.fill(memoryview(place), came)
            pushed.extend(data)
            look()

        accepted.push_to(take)
        dialed.write(b"!")
        await begun.wait()
        dialed.write(body)
        await all_there.wait()
        assert (first, placed) == (1, len(place))
        assert bytes(place) + bytes(pushed[1:]) == body
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_a_stream_that_is_paused_goes_on_where_it_was(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def run() -> None:
        made = await pairs(1)
        ((dialed, accepted),) = made
        body, found, all_there = os.urandom(400_000), bytearray(), asyncio.Event()

        def take(data: bytes) -> None:
            found.extend(data)
            accepted.pause()
            asyncio.get_running_loop().call_soon(accepted.resume)
            if len(found) == len(body):
                all_there.set()

        accepted.push_to(take)
        for start in range(0, len(body), 100):  # records of 100 bytes: more than a turn of the loop reads
            dialed.write(body[start : start + 100])
        await all_there.wait()
        assert bytes(found) == body
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_what_waits_on_either_side_is_said(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def run() -> None:
        made = await pairs(1)
        ((dialed, accepted),) = made
        found, most, all_there, size = 0, 0, asyncio.Event(), 100_000

        def take(data: bytes) -> None:
            nonlocal found, most
            found += len(data)
            most = max(most, accepted.retained)
            if found == size:
                all_there.set()

        assert dialed.retained == accepted.retained == 0
        accepted.push_to(take)
        for _ in range(size // 100):
            dialed.write(bytes(100))
        assert dialed.retained > 0 or accepted.retained == 0  # the system may have taken all of it
        await all_there.wait()
        assert 0 < most <= 2 * MAX_CHUNK
        assert dialed.retained == accepted.retained == 0
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_a_record_that_is_none_breaks_it_behind_what_came_before(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def run() -> None:
        made = await pairs(1)
        ((dialed, accepted),) = made
        dialed.write(b"in order")
        dialed.transport.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        assert await accepted.read() == b"in order"
        with pytest.raises(StreamBroken) as broken:
            await accepted.read()
        assert isinstance(broken.value.__cause__, ssl.SSLError)
        with pytest.raises(StreamBroken):
            await dialed.read()
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_once_that_has_broken_it_nothing_can_be_written(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def run() -> None:
        made = await pairs(1)
        ((_, accepted),) = made
        record = b"\x17\x03\x03\x00\x20" + bytes(32)
        accepted.get_buffer(-1)[: len(record)] = record
        accepted.buffer_updated(len(record))
        with pytest.raises(StreamBroken) as broken:  # in the very turn: the loop has not told of an end yet
            accepted.write(b"to nobody")
        assert isinstance(broken.value.__cause__, ssl.SSLError)
        assert not accepted.writable
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@LOOPS
def test_parts_arrive_as_they_were_written_whatever_their_sizes(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    sizes = [
        (40_000,),
        (7, 65_536),
        (7, 16_384 - 7, 40_000),
        (16_384, 1, 16_384, 0, 3, 16_383),
        (100,) * 400,
        (20_000, 20_000, 20_000),
        (16_000, 16_000, 16_000, 2),
    ]

    async def run() -> None:
        made = await pairs(1)
        ((dialed, accepted),) = made
        sent, found = b"", b""
        for each in sizes:
            parts = [os.urandom(size) for size in each]
            dialed.writelines([memoryview(part) if len(part) % 2 else bytearray(part) for part in parts])
            sent += b"".join(parts)
            while len(found) < len(sent):
                found += await accepted.read()
        assert found == sent
        await close(made)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())
