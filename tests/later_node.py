"""A node of a later version, in a process of its own: `python later_node.py <network> <peer> <place to listen at>`.

It is this version, changed as a later one may be: it says a feature more, puts keys into HELLO and fields behind
frames, sends kinds that nobody knows around them, is found by a scheme more, and has more and larger things to say of
itself than this one allows.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from peerbus.actors import Channel, Message, Reactor, Request, Role, Stream, handles
from peerbus.discovery.records import self_description
from peerbus.node import Node
from peerbus.transports.streams import Scheme, endpoint, register
from peerbus.transports.wire import FEATURES
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.handshake import Handshake

ASKS = 200
PREFACE_SIZE = 12
start = Handshake.start
PLACE = "quic://127.0.0.1:7400"
#: Kinds whose last field may be missing: another one behind would be read as that.
NOT_LONGER = {13, 14}


class Ping(Message, Request[int]):
    number: int
    padding: str = ""


class Count(Message, Request[Stream[int]]):
    below: int


class Sum(Message, Request[int]):
    """Of the pings that go with it."""


class Echo(Reactor):
    """Answers, at once and in items, and takes items; what is worth it travels compressed."""

    channel = Channel("echo", messages=(Ping, Count, Sum), compress="zlib")

    @handles(Ping)
    def ping(self, ping: Ping) -> int:
        return ping.number

    @handles(Count)
    async def count(self, message: Count) -> AsyncIterator[int]:
        for number in range(message.below):
            yield number

    @handles(Sum)
    async def sum(self, _: Sum, pings: AsyncIterator[Ping]) -> int:
        return sum([ping.number async for ping in pings])


async def asks(node: Node, role: str, timeout: float) -> int:
    """How many of ASKS are answered rightly by that role: small ones, large ones in parts, and streams both ways."""
    to = Role(role) / Echo
    pads = ["", "ab" * 200, "x" * 40_000]
    waiting = [node.ask(to, Ping(n, pads[n % 3]), timeout=timeout, wait_for_peer=True) for n in range(ASKS)]
    right = sum([await each == n for n, each in enumerate(waiting)])
    assert [n async for n in node.stream(to, Count(3000), timeout=timeout)] == list(range(3000))
    async with node.open(to, Sum(), timeout=timeout) as sink:
        for number in range(2000):
            await sink.send(Ping(number))
        assert await sink.result() == sum(range(2000))
    return right


def framed(value: object) -> bytes:
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(4, "big") + body


def larger(hello: dict[str, Any]) -> dict[str, Any]:
    """Fields of that HELLO, above the bounds of this version."""
    own = [{**channel, "priority": 300, "max_message": 2**25} for channel in hello["channels"]]
    large = {**own[0], "bytes": 2**40}  # of those that carry nothing: what has come is held against the real window
    unusable = [{**large, "name": "n" * 100}, {**large, "name": "other", "schema": bytes(32)}, large]
    many = [{**large, "name": f"c{number}", "types": [], "schema": bytes(16)} for number in range(260)]
    return {
        "name": hello["name"] + "x" * 100,
        "offers": [*hello["offers"], "Of a later grammar: [1]", *(f"role{number}" for number in range(100))],
        "channels": [*own, *unusable, *many],
        "features": [*(f"later.{number}" for number in range(2, 50)), "Of another form", *hello["features"]],
        "listen": hello["listen"] * 5,
    }


def longer(self: FrameEncoder, frame: Any) -> bytes:
    """As `FrameEncoder.encode` of a later version."""
    value = msgspec.msgpack.decode(self.body(frame))
    if value[0] == 0:
        value[1]["later"] = {"any": [1.5, None]}
        value[1]["channels"] = [{**channel, "later": 1} for channel in value[1]["channels"]]
        return framed([*value, "later"])
    if value[0] not in NOT_LONGER:
        value.append("later")
    return framed([200, "before"]) + framed(value) + framed([255])


def start_later(self: Handshake) -> bytes:
    """As `Handshake.start`: the preface, and HELLO between two frames."""
    data = start(self)
    kind, hello, *more = msgspec.msgpack.decode(data[PREFACE_SIZE + 4 :])
    said = framed([kind, hello | larger(hello), *more])
    return data[:PREFACE_SIZE] + framed([128, None]) + said + framed([255, {}])


def become_later() -> None:
    """Change what this process runs. From now on `quic` is known, as `tcp` is."""
    setattr(self_description, "FEATURES", (*FEATURES, "later.1"))  # noqa: B010  # final, in this version
    Handshake.start = start_later  # type: ignore[method-assign]  # that is what a later version is
    FrameEncoder.encode = longer  # type: ignore[method-assign]  # the same
    register(Scheme.over_ip("quic"))
    before = self_description.SelfDescription.endpoints_for

    def with_one_more(self: self_description.SelfDescription, hearers: Any) -> tuple[endpoint.Endpoint, ...]:
        return (endpoint.Endpoint.parse(PLACE), *before(self, hearers))

    self_description.SelfDescription.endpoints_for = with_one_more  # type: ignore[method-assign]  # the same


async def main(network: str, peer: str, place: str) -> None:
    """Ask the peer, say how many answers were right, and serve until there is no more input."""
    become_later()
    async with Node("later", network=network, listen=[place], peers=[peer], offers={"later"}, reactors=[Echo]) as node:
        print(node.node_id, await asks(node, "old", 60), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
