"""Checks of what goes over a stream: in order, whole, and no faster than it is read."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from ...transports.streams import HIGH_WATER, MAX_CHUNK, RECEIVE_BUFFER, Filling, Pausing, Pushing, Stream
from .claims import cancel_after, expect, require, turns
from .transport_pair import (
    TransportCheck,
    TransportPair,
    connected,
    read_exactly,
    talk,
)

__all__ = ["TALKING_CHECKS"]

#: Bytes of a big transfer.
_BIG: Final = 10 * 1000 * 1000


async def bytes_go_both_ways(pair: TransportPair) -> None:
    """Bytes go both ways."""
    async with connected(pair) as (dialed, accepted):
        await talk(dialed, accepted)
        await talk(accepted, dialed)


async def ends_mirror_each_other(pair: TransportPair) -> None:
    """Ends mirror each other."""
    async with connected(pair) as (dialed, accepted):
        require(dialed.local == accepted.remote, f"{dialed.local} is not {accepted.remote}")
        require(dialed.remote == accepted.local, f"{dialed.remote} is not {accepted.local}")
        require(dialed.peer_id == dialed.remote.peer_id, "peer_id and remote disagree")
        require(dialed.secure == accepted.secure, "one end is secure and the other is not")


async def many_small_writes_keep_their_order(pair: TransportPair) -> None:
    """Many small writes keep their order."""
    async with connected(pair) as (dialed, accepted):
        numbers = [number.to_bytes(3, "big") for number in range(5_000)]
        reading = asyncio.create_task(read_exactly(accepted, 3 * len(numbers)))
        for number in numbers:
            dialed.write(number)
            if not dialed.writable:
                await dialed.drain()
        require(await reading == b"".join(numbers), "the order, or a byte, was lost")


async def a_slow_reader_makes_the_writer_wait(pair: TransportPair) -> None:
    """A slow reader makes the writer wait."""
    async with connected(pair) as (dialed, accepted):
        written = 0

        async def write_all() -> None:
            nonlocal written
            block = bytes(HIGH_WATER)
            while written < pair.more_than_buffers:
                dialed.write(block)
                written += len(block)
                await dialed.drain()

        writing = asyncio.create_task(write_all())
        before = -1
        while written != before:
            before = written
            await turns(50)
        require(not writing.done(), f"{written} bytes were taken that nobody read")
        require(not dialed.writable, "drain waits, but writable is True")
        left = pair.more_than_buffers
        while left:
            left -= len(await accepted.read())
        await writing
        await dialed.drain()
        require(dialed.writable, "all was read, but writable is False")


async def a_big_transfer_arrives_intact(pair: TransportPair) -> None:
    """A big transfer arrives intact."""
    async with connected(pair) as (dialed, accepted):
        payload = hashlib.shake_256(b"big").digest(_BIG)

        async def write_all() -> None:
            for start in range(0, _BIG, 100_003):
                dialed.write(memoryview(payload)[start : start + 100_003])
                await dialed.drain()
            await dialed.aclose()

        writing = asyncio.create_task(write_all())
        digest = hashlib.sha256()
        while data := await accepted.read():
            require(len(data) <= MAX_CHUNK, f"a read returned {len(data)} bytes")
            digest.update(data)
            await turns(1)
        await writing
        require(digest.digest() == hashlib.sha256(payload).digest(), "the bytes changed on the way")


async def both_sides_can_send_much_at_once(pair: TransportPair) -> None:
    """Both sides can send much at once."""
    async with connected(pair) as (dialed, accepted):
        size = 4 * 1024 * 1024

        async def send(stream: Stream) -> None:
            for _ in range(size // HIGH_WATER):
                stream.write(bytes(HIGH_WATER))
                await stream.drain()

        await asyncio.gather(send(dialed), send(accepted), read_exactly(dialed, size), read_exactly(accepted, size))


async def written_bytes_may_be_changed_afterwards(pair: TransportPair) -> None:
    """Written bytes may be changed afterwards."""
    async with connected(pair) as (dialed, accepted):
        size = 1024 * 1024
        data = bytearray(b"x" * size)
        dialed.write(data)
        data[:] = b"y" * size
        dialed.writelines([b"one", memoryview(b"two"), bytearray(b"three"), b""])
        arrived = await read_exactly(accepted, size + 11)
        require(arrived[:size] == b"x" * size, "the stream kept the caller's buffer")
        require(arrived[size:] == b"onetwothree", "writelines lost something")


async def only_one_task_may_read(pair: TransportPair) -> None:
    """Only one task may read."""
    async with connected(pair) as (dialed, accepted):
        reading = asyncio.create_task(accepted.read())
        await turns(2)
        await expect(RuntimeError, accepted.read(), "a second reader")
        dialed.write(b"x")
        require(await reading == b"x", "the first reader was disturbed")


async def a_stream_that_pushes_hands_over_what_waits_and_what_comes(pair: TransportPair) -> None:
    """A stream that pushes hands over what waits and what comes, and `read` tells the end."""
    async with connected(pair) as (dialed, accepted):
        if not isinstance(accepted, Pushing):
            return
        size = 3 * MAX_CHUNK
        dialed.write(b"first")
        got = [await accepted.read()]
        dialed.write(b"second")
        await talk(accepted, dialed)  # by now something of it may wait
        complete = asyncio.Event()

        def receive(data: bytes) -> None:
            got.append(data)
            if sum(map(len, got)) == len(b"firstsecond") + size:
                complete.set()

        accepted.push_to(receive)
        for _ in range(3):
            dialed.write(bytes(MAX_CHUNK))
        await complete.wait()
        require(b"".join(got) == b"firstsecond" + bytes(size), "bytes were lost, or came in another order")
        await dialed.aclose()
        require(await accepted.read() == b"", "the end was not told")


async def a_stream_that_pauses_hands_over_no_more_until_it_is_told_to(pair: TransportPair) -> None:
    """A stream that pauses hands over no more until it is told to, also where it is paused as it begins."""
    async with connected(pair) as (dialed, accepted):
        if not (isinstance(accepted, Pushing) and isinstance(accepted, Pausing)):
            return
        size, got, complete, paused = 32 * MAX_CHUNK, [0], asyncio.Event(), [False]
        dialed.write(b"first")
        got[0] = len(await accepted.read())
        dialed.write(b"second")
        await talk(accepted, dialed)  # by now something of it may wait

        def receive(data: bytes) -> None:
            got[0] += len(data)
            if not paused[0]:
                paused[0] = True
                accepted.pause()
            if got[0] == len(b"firstsecond") + size:
                complete.set()

        accepted.push_to(receive)
        for _ in range(32):
            dialed.write(bytes(MAX_CHUNK))
        for _ in range(20):
            await talk(accepted, dialed)
        require(got[0] <= RECEIVE_BUFFER + 2 * MAX_CHUNK, f"{got[0]} bytes were handed over while it was to wait")
        while not complete.is_set():
            accepted.resume()
            await asyncio.sleep(0)


async def a_stream_that_fills_puts_what_comes_where_it_is_told_to(pair: TransportPair) -> None:
    """A stream that fills puts what comes where it is told to, and hands over what is before and behind that."""
    async with connected(pair) as (dialed, accepted):
        if not (isinstance(accepted, Pushing) and isinstance(accepted, Filling)):
            return
        size, rounds, got, came, over = 5 * MAX_CHUNK, 3, bytearray(), [0], asyncio.Event()
        places = [bytearray(size) for _ in range(rounds)]
        sent = [bytes([number]) * size for number in range(1, rounds + 1)]

        def filled(part: int) -> None:
            came[0] += part
            over.set()

        def receive(data: bytes) -> None:
            got.extend(data)
            over.set()
            if got == b"next":
                got.clear()
                accepted.fill(memoryview(places[came[0] // size]), filled)

        accepted.push_to(receive)
        for data in sent:
            dialed.write(b"next")
            await talk(accepted, dialed)  # the word has come, and nothing behind it
            before = came[0]
            dialed.write(data)
            while came[0] < before + size:
                over.clear()
                await over.wait()
        require([bytes(place) for place in places] == sent, "what was put there is not what was sent")
        dialed.write(b"last")
        while bytes(got) != b"last":
            over.clear()
            await over.wait()
        # The end is told while a place is filled, too, and a close lets go of it.
        place = bytearray(size)
        accepted.fill(memoryview(place), filled)
        dialed.write(b"some")
        await dialed.aclose()
        require(await accepted.read() == b"", "the end was not told")
        require(place[:4] == b"some", "what came before the end was lost")


async def a_cancelled_read_loses_nothing(pair: TransportPair) -> None:
    """A cancelled read loses nothing."""
    async with connected(pair) as (dialed, accepted):
        await cancel_after(2, accepted.read())
        dialed.write(b"still here")
        require(await read_exactly(accepted, 10) == b"still here", "bytes were lost")


#: In the order in which they run.
TALKING_CHECKS: tuple[TransportCheck, ...] = (
    bytes_go_both_ways,
    ends_mirror_each_other,
    many_small_writes_keep_their_order,
    a_slow_reader_makes_the_writer_wait,
    a_big_transfer_arrives_intact,
    both_sides_can_send_much_at_once,
    written_bytes_may_be_changed_afterwards,
    only_one_task_may_read,
    a_stream_that_pushes_hands_over_what_waits_and_what_comes,
    a_stream_that_pauses_hands_over_no_more_until_it_is_told_to,
    a_stream_that_fills_puts_what_comes_where_it_is_told_to,
    a_cancelled_read_loses_nothing,
)
