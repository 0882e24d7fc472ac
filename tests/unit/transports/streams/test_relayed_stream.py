"""TLS over a relay that is not trusted: it can cut, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from nats_scene import at_server

from peerbus.actors.base import StreamBroken
from peerbus.testing.suites.transport_pair import until_broken
from peerbus.transports.streams.relayed_stream import RelayedStream


async def until_it_breaks(stream: RelayedStream) -> None:
    while True:
        await stream.read()


@pytest.mark.parametrize("lost", range(1, 4))
async def test_a_message_that_the_server_loses_breaks_the_stream(lost: int) -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        scene.server.lose = lost
        with contextlib.suppress(StreamBroken):
            for number in range(lost + 1):
                dialed.write(b"piece %d" % number)
        with pytest.raises(StreamBroken, match="missing"):
            await until_it_breaks(accepted)
        with pytest.raises(StreamBroken, match="broke the stream off"):
            await until_it_breaks(dialed)


async def test_what_a_server_changes_breaks_the_stream() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        dialed.write(b"before")
        assert await accepted.read() == b"before"
        scene.server.lose = 1
        lost = scene.server.next_lost()
        dialed.write(b"changed")
        subject, data = await lost
        scene.server.resend(subject, data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(StreamBroken, match="TLS"):
            await until_it_breaks(accepted)


async def test_an_end_that_only_the_server_says_is_a_cut() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        dialed.write(b"half of it")
        assert await accepted.read() == b"half of it"
        scene.server.lose = 1
        lost = scene.server.next_lost()
        dialed.write(b"the other half")
        subject, data = await lost
        scene.server.resend(subject, b"E" + data[1:5])
        with pytest.raises(StreamBroken, match="cut"):
            await until_it_breaks(accepted)


async def test_a_node_that_is_gone_is_noticed_with_the_next_word() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        scene.server.forget(accepted._relay.subject)  # type: ignore[attr-defined]  # where the server delivers it
        dialed.write(b"are you there?")
        await until_broken(dialed)
        with pytest.raises(StreamBroken, match="nobody listens"):
            await until_it_breaks(dialed)
        accepted.abort()


async def test_what_is_for_a_stream_that_is_over_is_answered_with_a_reset() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        dialed, accepted = await asyncio.gather(scene.dial(), listener.accept())
        scene.server.lose = 1  # the last word of the one that goes
        lost = scene.server.next_lost()
        accepted.abort()
        await lost
        dialed.write(b"are you there?")
        with pytest.raises(StreamBroken):
            await until_it_breaks(dialed)
        await asyncio.gather(dialed.aclose(), listener.aclose())
