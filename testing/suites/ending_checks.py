"""Checks of how streams end: by either side, in order, and for everybody who waits."""

from __future__ import annotations

import asyncio

from ...actors.base import StreamBroken, StreamClosed
from ...transports.streams import FLUSH_TIMEOUT, HIGH_WATER, RECEIVE_BUFFER
from .claims import cancel_after, expect, require, turns
from .transport_pair import (
    TransportCheck,
    TransportPair,
    connected,
    ends,
    read_exactly,
    talk,
    until_broken,
)

__all__ = ["ENDING_CHECKS"]


async def streams_survive_their_listener(pair: TransportPair) -> None:
    """Streams survive their listener."""
    async with connected(pair, close_listener=True) as (dialed, accepted):
        await talk(dialed, accepted)
        await talk(accepted, dialed)


async def the_end_is_read_on_the_other_side(pair: TransportPair) -> None:
    """The end is read on the other side."""
    async with connected(pair) as (dialed, accepted):
        dialed.write(b"last")
        await dialed.aclose()
        require(await read_exactly(accepted, 4) == b"last", "the last bytes were lost")
        for _ in range(3):
            require(await accepted.read() == b"", "the end is not the end")


async def an_end_wakes_a_waiting_reader(pair: TransportPair) -> None:
    """An end wakes a waiting reader."""
    async with connected(pair) as (dialed, accepted):
        reading = asyncio.create_task(accepted.read())
        await turns(2)
        await dialed.aclose()
        require(await reading == b"", "the reader did not see the end")


async def the_last_words_arrive_though_nobody_listened(pair: TransportPair) -> None:
    """The last words arrive though nobody listened."""
    async with connected(pair) as (dialed, accepted):
        # What the closing side never reads must not cost the other side what it wrote last.
        dialed.write(bytes(4 * RECEIVE_BUFFER))
        await turns(100)
        accepted.write(b"y" * 100_000)
        closing = asyncio.create_task(accepted.aclose())
        require(await read_exactly(dialed, 100_000) == b"y" * 100_000, "the last words were lost")
        require(await dialed.read() == b"", "the end was lost")
        await closing


async def after_the_other_sides_end_writing_fails_and_reading_goes_on(pair: TransportPair) -> None:
    """After the other sides end writing fails and reading goes on."""
    async with connected(pair) as (dialed, accepted):
        dialed.write(b"a" * 1000)
        await dialed.aclose()
        await until_broken(accepted)
        await expect(StreamBroken, accepted.drain(), "drain after the end")
        require(await read_exactly(accepted, 1000) == b"a" * 1000, "bytes before the end were lost")
        require(await accepted.read() == b"", "the end was lost")


async def a_closed_stream_refuses_its_owner(pair: TransportPair) -> None:
    """A closed stream refuses its owner."""
    async with connected(pair) as (dialed, accepted):
        accepted.write(b"never read")
        await dialed.aclose()
        await expect(StreamClosed, dialed.read(), "read after aclose")
        await expect(StreamClosed, dialed.drain(), "drain after aclose")
        try:
            dialed.write(b"x")
        except StreamClosed:
            pass
        else:
            raise AssertionError("write after aclose did not raise")
        dialed.abort()
        await asyncio.gather(dialed.aclose(), dialed.aclose())


async def closing_wakes_the_own_reader(pair: TransportPair) -> None:
    """Closing wakes the own reader."""
    async with connected(pair) as (dialed, _):
        reading = asyncio.create_task(dialed.read())
        await turns(2)
        await dialed.aclose()
        await expect(StreamClosed, reading, "a waiting read of a closed stream")


async def an_abort_is_noticed_on_both_sides(pair: TransportPair) -> None:
    """An abort is noticed on both sides."""
    async with connected(pair) as (dialed, accepted):
        while dialed.writable:
            dialed.write(bytes(HIGH_WATER))
            await turns(1)
        draining = asyncio.create_task(dialed.drain())
        await turns(2)
        dialed.abort()
        await expect(StreamClosed, draining, "a waiting drain of an aborted stream")
        await ends(accepted)


async def closing_gives_up_on_a_reader_that_never_reads(pair: TransportPair) -> None:
    """Closing gives up on a reader that never reads."""
    async with connected(pair) as (dialed, accepted):
        for _ in range(pair.more_than_buffers // HIGH_WATER):
            dialed.write(bytes(HIGH_WATER))
        started = asyncio.get_running_loop().time()
        await dialed.aclose()
        require(asyncio.get_running_loop().time() - started < 3 * FLUSH_TIMEOUT, "aclose waited too long")
        await ends(accepted)


async def a_cancelled_close_aborts(pair: TransportPair) -> None:
    """A cancelled close aborts."""
    async with connected(pair) as (dialed, accepted):
        for _ in range(pair.more_than_buffers // HIGH_WATER):
            dialed.write(bytes(HIGH_WATER))
        await cancel_after(3, dialed.aclose())
        await ends(accepted)
        await dialed.aclose()


#: In the order in which they run.
ENDING_CHECKS: tuple[TransportCheck, ...] = (
    streams_survive_their_listener,
    the_end_is_read_on_the_other_side,
    an_end_wakes_a_waiting_reader,
    the_last_words_arrive_though_nobody_listened,
    after_the_other_sides_end_writing_fails_and_reading_goes_on,
    a_closed_stream_refuses_its_owner,
    closing_wakes_the_own_reader,
    an_abort_is_noticed_on_both_sides,
    closing_gives_up_on_a_reader_that_never_reads,
    a_cancelled_close_aborts,
)
