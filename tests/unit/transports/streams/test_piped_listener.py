"""Callers that come in pipes are accepted side by side, refused with a reason, and dropped at the end."""

from __future__ import annotations

import asyncio

import pytest
from piped import QueuedPipe

from peerbus.actors.base import HandshakeFailed, StreamBroken, StreamClosed
from peerbus.transports.streams import piped_listener
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.piped_listener import PipedListener
from peerbus.transports.streams.piped_streams import PipedStreams
from peerbus.transports.streams.transport_kind import TransportOptions

PLACE = Endpoint("memory", path="line")


def streams(seed: bytes) -> PipedStreams:
    return PipedStreams(TransportOptions(identity=Identity.from_seed(seed * 32)))


async def test_callers_are_accepted_and_one_that_says_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piped_listener, "HANDSHAKE_TIMEOUT", 0.2)
    monkeypatch.setattr(piped_listener, "MAX_PENDING_HANDSHAKES", 2)
    refused: list[Exception] = []
    both = asyncio.Event()

    def on_refused(_: Endpoint | None, error: Exception) -> None:
        refused.append(error)
        if len(refused) == 2:
            both.set()

    ended: list[None] = []
    listener = PipedListener(streams(b"a"), PLACE, on_refused=on_refused)
    listener.on_close = lambda: ended.append(None)
    (silent, _), (one, other), (third, _) = (QueuedPipe.pair() for _ in range(3))
    for pipe in (silent, one, third):
        listener.called(pipe)
    assert third.closed == 1, "two are pending"
    dialing = asyncio.create_task(streams(b"b").open(other, PLACE, PLACE, dialed=True))
    accepted = await listener.accept()
    await silent.ended.wait()
    await both.wait()
    assert [error.reason for error in refused if isinstance(error, HandshakeFailed)] == ["busy", "timeout"]
    dialed = await dialing
    await asyncio.gather(dialed.aclose(), accepted.aclose())
    await listener.aclose()
    await listener.aclose()
    assert len(ended) == 1


async def test_a_listener_that_is_lost_says_so_and_one_that_is_closed_drops_who_waits() -> None:
    listener = PipedListener(streams(b"a"), PLACE)
    listener.lost(OSError("the device was unplugged"))
    with pytest.raises(StreamBroken, match="unplugged"):
        await listener.accept()
    waiting, _ = QueuedPipe.pair()
    listener.called(waiting)
    await listener.aclose()
    await waiting.ended.wait()
    assert waiting.closed == 1
    with pytest.raises(StreamClosed):
        await listener.accept()
    late, _ = QueuedPipe.pair()
    listener.called(late)
    assert late.closed == 1
