"""A carrier that can call and answer is a transport: what it raises, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from piped import QueuedPipe

from peerbus.actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamBroken
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.piped_listener import PipedListener
from peerbus.transports.streams.piped_transport import PipedTransport
from peerbus.transports.streams.schemes import Scheme
from peerbus.transports.streams.shapes import NAME
from peerbus.transports.streams.transport_kind import TransportOptions

PLACE = Endpoint("memory", path="exchange")
ALICE, BOB = (Identity.from_seed(seed * 32) for seed in (b"a", b"b"))


class Exchange:
    """Connects whoever calls with the one who answers."""

    def __init__(self) -> None:
        self.listener: PipedListener | None = None
        self.silent: list[QueuedPipe] = []

    def node(self, identity: Identity) -> PipedTransport:
        scheme = Scheme.on_machine("memory", NAME)
        return PipedTransport(scheme, TransportOptions(identity=identity), call=self.call, answer=self.answer)

    async def call(self, _: Endpoint) -> QueuedPipe:
        one, other = QueuedPipe.pair()
        if self.listener is None:
            raise OSError("nobody answers")
        self.listener.called(other)
        return one

    def answer(self, _: Endpoint, listener: PipedListener) -> Callable[[], None]:
        if self.listener is not None:
            raise OSError("somebody answers already")
        self.listener = listener
        return self.hang_up

    def hang_up(self) -> None:
        self.listener = None


async def test_who_calls_gets_a_stream_to_who_answers_and_a_reason_where_nobody_does() -> None:
    exchange = Exchange()
    alice, bob = exchange.node(ALICE), exchange.node(BOB)
    with pytest.raises(DialFailed, match="nobody answers"):
        await alice.dial(PLACE, expect=None, timeout=5)
    listener = await bob.listen(PLACE)
    with pytest.raises(ListenFailed, match="already"):
        await alice.listen(PLACE)
    dialed, accepted = await asyncio.gather(alice.dial(PLACE, expect=None, timeout=5), listener.accept())
    assert (dialed.peer_id, accepted.peer_id) == (BOB.node_id, ALICE.node_id)
    with pytest.raises(HandshakeFailed, match="answered"):
        await alice.dial(PLACE, expect=ALICE.node_id, timeout=5)
    await asyncio.gather(dialed.aclose(), accepted.aclose())
    await listener.aclose()
    assert exchange.listener is None


async def test_a_call_that_is_not_answered_ends_with_its_time_and_one_that_breaks_at_once() -> None:
    pipes: list[QueuedPipe] = []

    async def call(_: Endpoint) -> QueuedPipe:
        one, other = QueuedPipe.pair()
        pipes.append(one)
        if len(pipes) > 1:
            await other.cut()
        return one

    scheme = Scheme.on_machine("memory", NAME)
    alice = PipedTransport(scheme, TransportOptions(identity=ALICE), call=call, answer=Exchange().answer)
    with pytest.raises(DialFailed, match="no answer within"):
        await alice.dial(PLACE, expect=None, timeout=0.05)
    with pytest.raises(DialFailed, match="cut") as failed:
        await alice.dial(PLACE, expect=None, timeout=60)
    assert isinstance(failed.value.__cause__, StreamBroken)
    await asyncio.gather(*(pipe.ended.wait() for pipe in pipes))
