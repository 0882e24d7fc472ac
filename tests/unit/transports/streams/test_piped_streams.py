"""Whatever carries blocks of bytes carries streams: their keys, their ends, and what becomes of the pipe."""

from __future__ import annotations

import asyncio

import pytest
from piped import QueuedPipe

from peerbus.actors.base import HandshakeFailed, StreamBroken
from peerbus.transports.streams import piped_streams
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.piped_streams import PipedStreams
from peerbus.transports.streams.relayed_stream import RelayedStream
from peerbus.transports.streams.transport_kind import TransportOptions

ALICE, BOB = (Identity.from_seed(seed * 32) for seed in (b"a", b"b"))
PLACE = Endpoint("memory", path="line")


async def pair(expect: str | None = None) -> tuple[RelayedStream, RelayedStream, QueuedPipe, QueuedPipe]:
    one, other = QueuedPipe.pair()
    alice, bob = (PipedStreams(TransportOptions(identity=each)) for each in (ALICE, BOB))
    dialed, accepted = await asyncio.gather(
        alice.open(one, PLACE, PLACE, dialed=True, expect=expect),
        bob.open(other, PLACE, PLACE, dialed=False),
        return_exceptions=True,
    )
    if isinstance(dialed, BaseException):
        if isinstance(accepted, RelayedStream):
            await accepted.aclose()
        raise dialed
    assert isinstance(accepted, RelayedStream)
    return dialed, accepted, one, other


async def until_closed(*pipes: QueuedPipe) -> None:
    await asyncio.gather(*(pipe.ended.wait() for pipe in pipes))
    assert [pipe.closed for pipe in pipes] == [1] * len(pipes)


async def test_bytes_go_both_ways_and_the_end_closes_the_pipe() -> None:
    dialed, accepted, one, other = await pair()
    assert (dialed.peer_id, accepted.peer_id) == (BOB.node_id, ALICE.node_id)
    assert dialed.local == accepted.remote == PLACE.with_peer(ALICE.node_id)
    dialed.write(b"hello")
    assert await accepted.read() == b"hello"
    accepted.write(b"bye")
    await asyncio.gather(accepted.aclose(), dialed.read())
    assert await dialed.read() == b""
    await dialed.aclose()
    await until_closed(one, other)


async def test_another_node_is_refused() -> None:
    with pytest.raises(HandshakeFailed, match="answered"):
        await pair(expect="c" * 64)


async def test_a_pipe_that_fails_breaks_the_stream() -> None:
    dialed, accepted, one, other = await pair()
    await one.cut()
    with pytest.raises(StreamBroken):
        await accepted.read()
    await asyncio.gather(dialed.aclose(), accepted.aclose())
    await until_closed(other, one)


async def test_a_stream_that_is_gone_waits_for_a_stuck_pipe_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(piped_streams, "FLUSH_TIMEOUT", 0.1)
    dialed, accepted, one, other = await pair()
    one.stuck = other.stuck = True
    dialed.write(b"never sent")
    dialed.abort()
    accepted.abort()
    await until_closed(one, other)


async def test_a_mistake_in_a_pipe_breaks_its_stream_and_is_told() -> None:
    dialed, accepted, one, other = await pair()
    mistakes: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
    one.mistake = ZeroDivisionError("half of nothing")
    dialed.write(b"never sent")
    with pytest.raises(StreamBroken, match="half of nothing"):
        await dialed.read()
    accepted.abort()
    await dialed.aclose()
    await until_closed(one, other)
    assert mistakes == [one.mistake]


async def test_a_reader_that_stands_still_makes_the_writer_wait() -> None:
    dialed, accepted, one, other = await pair()
    written = 0
    while dialed.writable and written < 64 << 20:
        dialed.write(bytes(65_536))
        written += 65_536
        await asyncio.sleep(0)
    assert written < 8 << 20
    got = 0
    while got < written:
        got += len(await accepted.read())
    await dialed.drain()
    await asyncio.gather(dialed.aclose(), accepted.aclose())
    await until_closed(one, other)
