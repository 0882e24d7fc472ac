"""A node of a later version, in a process of its own: `python later_node.py <network> <peer>`.

It is this version, changed as a later one may be: it says a feature more, puts keys into HELLO and fields behind
frames, sends kinds that nobody knows around them, is found by a scheme more, and has more and larger things to say of
itself than this one allows.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
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


class Echo(Reactor):
    """Answers."""

    channel = Channel("echo", messages=(Ping,))

    @handles(Ping)
    def ping(self, ping: Ping) -> int:
        return ping.number


def framed(value: object) -> bytes:
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(4, "big") + body


def larger(hello: dict[str, Any]) -> dict[str, Any]:
    """Fields of that HELLO, above the bounds of this version."""
    large = {"priority": 300, "max_message": 2**25, "bytes": 2**40}
    own = [{**channel, **large} for channel in hello["channels"]]
    unusable = [{**own[0], "name": "n" * 100}, {**own[0], "name": "other", "schema": bytes(32)}, own[0]]
    many = [{**own[0], "name": f"c{number}", "types": [], "schema": bytes(16)} for number in range(260)]
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


async def main(network: str, peer: str) -> None:
    """Ask the peer, say how many answers were right, and serve until there is no more input."""
    become_later()
    listen = ["tcp://127.0.0.1:0"]
    async with Node("later", network=network, listen=listen, peers=[peer], offers={"later"}, reactors=[Echo]) as node:
        asks = [node.ask(Role("old") / Echo, Ping(n), timeout=60, wait_for_peer=True) for n in range(ASKS)]
        answers = [await each for each in asks]
        print(node.node_id, sum(answer == n for n, answer in enumerate(answers)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
