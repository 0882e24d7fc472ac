"""A handshake on a stream, to its end: two sides that agree, and every way in which they do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import msgspec
import pytest
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import HandshakeFailed, StreamBroken
from peerbus.transports.admission import Credentials
from peerbus.transports.connection.greeting import Greeted, greet
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.transport import Stream
from peerbus.transports.wire.handshake import Handshake
from peerbus.transports.wire.hello import Hello

ALICE, BOB = (Identity.from_seed(name.ljust(32, b".")) for name in (b"alice", b"bob"))


def hello_of(identity: Identity, network: str = "test") -> Hello:
    return Hello(
        node_id=identity.node_id,
        network=network,
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=(),
        agent="test",
        nonce=identity.node_id[:16].encode(),
    )


@asynccontextmanager
async def streams() -> AsyncIterator[tuple[Stream, Stream]]:
    """The two ends of one stream: alice dialed bob."""
    network = MemoryNetwork()
    listener = await network.transport(BOB.node_id).listen(Endpoint.parse("memory://bob"))
    accepting = asyncio.ensure_future(listener.accept())
    dialed = await network.transport(ALICE.node_id).dial(Endpoint.parse("memory://bob"), expect=None, timeout=1)
    accepted = await accepting
    try:
        yield dialed, accepted
    finally:
        await asyncio.gather(dialed.aclose(), accepted.aclose(), listener.aclose())


async def to_the_end(stream: Stream) -> None:
    """Read what is there."""
    while await stream.read():
        pass


def anyone(_: Hello) -> None:
    """Let everybody in."""


@in_virtual_time
async def test_two_that_agree_know_each_other_and_lose_no_byte_that_came_along() -> None:
    async with streams() as (ours, theirs):
        alice, bob = await asyncio.gather(
            greet(ours, hello_of(ALICE), anyone, dialed=True), greet(theirs, hello_of(BOB), anyone, dialed=False)
        )
        assert (alice.peer.node_id, bob.peer.node_id) == (BOB.node_id, ALICE.node_id)
        assert (alice.dialed, bob.dialed) == (True, False)
        ours.write(b"first")
        assert bob.leftover + (b"" if bob.leftover else await theirs.read()) == b"first"


@in_virtual_time
async def test_each_is_told_what_is_for_it_alone_and_by_whom_the_stream_has_proven() -> None:
    heard: list[Credentials] = []

    def addressed(own: Hello, who: Credentials) -> Hello:
        heard.append(who)
        return msgspec.structs.replace(own, agent="for you")

    async with streams() as (ours, theirs):
        alice, bob = await asyncio.gather(
            greet(ours, hello_of(ALICE), anyone, dialed=True, addressed=addressed),
            greet(theirs, hello_of(BOB), anyone, dialed=False),
        )
    assert (bob.peer.agent, alice.own.agent, alice.peer.agent) == ("for you", "for you", hello_of(BOB).agent)
    assert [(each.node_id, each.proven) for each in heard] == [(BOB.node_id, True)]


@in_virtual_time
async def test_who_is_not_let_in_hears_why() -> None:
    async with streams() as (ours, theirs):
        alice, bob = await asyncio.gather(
            outcome_of(greet(ours, hello_of(ALICE), anyone, dialed=True)),
            outcome_of(greet(theirs, hello_of(BOB), lambda hello: ("busy", "no room"), dialed=False)),
        )
    assert isinstance(alice, HandshakeFailed)
    assert isinstance(bob, HandshakeFailed)
    assert (alice.reason, alice.text, alice.by_peer) == ("busy", "no room", True)
    assert (bob.reason, bob.by_peer) == ("busy", False)


@in_virtual_time
async def test_a_peer_of_another_network_or_another_name_than_was_dialed_is_refused() -> None:
    for theirs_hello, expected, reason in (
        (hello_of(BOB, "other"), None, "network"),
        (hello_of(BOB), "f" * 64, "node_id"),
    ):
        async with streams() as (ours, theirs):
            alice, bob = await asyncio.gather(
                outcome_of(greet(ours, hello_of(ALICE), anyone, dialed=True, expected_id=expected)),
                outcome_of(greet(theirs, theirs_hello, anyone, dialed=False)),
            )
        assert isinstance(alice, HandshakeFailed)
        assert alice.reason == reason
        assert not isinstance(bob, Greeted)


@in_virtual_time
async def test_a_peer_that_says_nothing_is_given_up_in_time_and_the_stream_is_closed() -> None:
    async with streams() as (ours, theirs):
        loop = asyncio.get_running_loop()
        before = loop.time()
        alice = await outcome_of(greet(ours, hello_of(ALICE), anyone, dialed=True, timeout=3))
        assert isinstance(alice, HandshakeFailed)
        assert (alice.reason, alice.by_peer) == ("timeout", False)
        assert 3 <= loop.time() - before < 4
        await to_the_end(theirs)


@in_virtual_time
async def test_a_stream_that_ends_in_the_midst_of_it_is_broken() -> None:
    async with streams() as (ours, theirs):
        greeting = asyncio.ensure_future(outcome_of(greet(ours, hello_of(ALICE), anyone, dialed=True)))
        await asyncio.sleep(0)
        theirs.write(b"peerbus\0")
        await theirs.aclose()
        assert isinstance(await greeting, StreamBroken)


@in_virtual_time
async def test_a_greeting_that_is_cancelled_leaves_no_open_stream() -> None:
    async with streams() as (ours, theirs):
        greeting = asyncio.ensure_future(greet(ours, hello_of(ALICE), anyone, dialed=True))
        await asyncio.sleep(0)
        greeting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await greeting
        assert isinstance(await outcome_of(to_the_end(theirs)), StreamBroken)


class Narrow:
    """A stream over a path that looks as said, and how often it was to be narrower; all else is the stream's."""

    def __init__(self, stream: Stream, *, looks: bool = False, wide: bool = False) -> None:
        self._stream = stream
        self._looks = looks
        self._wide = wide
        self.told = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def looks_narrow(self) -> bool:
        return self._looks

    async def apart(self) -> None:
        await asyncio.sleep(0)

    def too_wide(self) -> bool:
        return self._wide

    def narrow(self) -> None:
        self.told += 1


@in_virtual_time
async def test_who_dialed_ends_a_handshake_over_a_narrow_path_and_says_why() -> None:
    async with streams() as (ours, theirs):
        loop, narrow = asyncio.get_running_loop(), Narrow(ours, looks=True)
        before = loop.time()
        greeting = asyncio.ensure_future(
            outcome_of(greet(cast("Stream", narrow), hello_of(ALICE), anyone, dialed=True))
        )
        heard = b""
        while data := await theirs.read():
            heard += data
        await theirs.aclose()
        alice = await greeting
        assert isinstance(alice, HandshakeFailed)
        assert (alice.reason, narrow.told) == ("narrow", 1)
        assert loop.time() - before < 2
        assert b"narrow" in heard.partition(hello_of(ALICE).nonce)[2]


@in_virtual_time
async def test_who_is_told_that_the_path_is_narrow_keeps_it_in_mind() -> None:
    async with streams() as (ours, theirs):
        dialer, acceptor = Narrow(ours), Narrow(theirs, wide=True)
        alice, bob = await asyncio.gather(
            outcome_of(greet(cast("Stream", dialer), hello_of(ALICE), anyone, dialed=True)),
            outcome_of(greet(cast("Stream", acceptor), hello_of(BOB), anyone, dialed=False)),
        )
        assert isinstance(alice, HandshakeFailed)
        assert isinstance(bob, HandshakeFailed)
        assert (alice.reason, alice.by_peer, dialer.told) == ("narrow", True, 1)
        assert (bob.reason, bob.by_peer, acceptor.told) == ("narrow", False, 0)
    async with streams() as (ours, theirs):
        handshake, narrow = Handshake(hello_of(ALICE), dialer=True), Narrow(theirs)
        ours.write(handshake.start() + handshake.reject("narrow", "nothing large came"))
        bob = await outcome_of(greet(cast("Stream", narrow), hello_of(BOB), anyone, dialed=False))
        assert isinstance(bob, HandshakeFailed)
        assert (bob.reason, bob.by_peer, narrow.told) == ("narrow", True, 1)
