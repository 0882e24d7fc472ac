"""The frames that docs/wire.md shows, one of each kind, and the two nodes of its conversation."""

from __future__ import annotations

import msgpack

from peerbus.actors import Channel, Message, Request
from peerbus.transports.schema import describe
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frames import Frame
from peerbus.transports.wire.hello import ChannelInfo, Hello

__all__ = ["ALICE", "ASK", "BLOCK", "BOB", "CREDIT", "EXAMPLES", "REPLY", "Block", "GetBlock"]


class Block(Message):
    height: int
    data: bytes = b""


class GetBlock(Message, Request[Block]):
    height: int


GET_BLOCK = msgpack.packb({"height": 7})
GET_NEXT = msgpack.packb({"height": 8})
BLOCK = msgpack.packb({"height": 7, "data": b"hi"})
BLOCKS = ChannelInfo(
    name="blocks",
    types=("GetBlock", "Block"),
    schema=bytes(range(16)),
    messages=1024,
    bytes=1048576,
    max_message=65536,
    priority=5,
)
LOG = ChannelInfo(name="log", types=(), schema=bytes(16), messages=4, bytes=256, max_message=64, priority=1)


def hello_of(
    name: str,
    incarnation: int,
    listen: tuple[str, ...] = (),
    offers: tuple[str, ...] = (),
    channels: tuple[ChannelInfo, ...] = (),
) -> Hello:
    return Hello(
        node_id=name[0] * 64,
        network="demo",
        name=name,
        incarnation=incarnation,
        listen=listen,
        offers=offers,
        channels=channels,
        agent="peerbus/0.1.0",
        nonce=bytes(range(16)),
    )


ALICE = hello_of("alice", 1)
BOB = hello_of("bob", 2, listen=("tcp://127.0.0.1:7400",), offers=("archive",), channels=(BLOCKS,))
ASK = wire.Ask(0, [(1, 2000, 1, 0, GET_BLOCK)])
REPLY = wire.Reply(0, [(1, 2, BLOCK)])
#: Six messages for the next blocks, by zlib.
COMPRESSED = bytes.fromhex("9acccc306d3223c311cec66519a999e91925ec283c0e141e270a8f0b85c78dc2e30100")
#: What Bob returns at once, as Alice leaves.
CREDIT = wire.Credit([(0, 1, 9)])
EXAMPLES: list[Frame] = [
    wire.HelloFrame(BOB),
    wire.Welcome(),
    wire.Reject("busy", "64 peers are enough"),
    wire.Tell(0, [(1, 3, GET_BLOCK), (1, 0, GET_NEXT)]),
    ASK,
    REPLY,
    wire.Error(1, 0, 0, "not_found", "no block 7"),
    wire.Cancel(1),
    wire.Credit([(0, 512, 0), (3, 2, 70000)]),
    wire.Ping(258),
    wire.Pong(258),
    wire.Open(1, LOG),
    wire.Close(1, "stopped"),
    wire.Update(("archive{from=1000}", "index"), b"", ((0, 1),)),
    wire.GoAway("shutting_down", "", 5000),
    wire.Part(0, 3, b"abcd"),
    wire.ProbeFrame(1, 0, 7, [f"bus://{'a' * 64}/blocks"]),
    wire.Describe([0, 3]),
    wire.DescriptionFrame(0, describe(Channel("blocks", messages=(GetBlock, Block))).data),
    wire.WindowFrame(0, 8192, 8 << 20),
    wire.Compressed(0, 1, 88, COMPRESSED),
    wire.ItemsFrame(1, 1, 2, [BLOCK, BLOCK]),
    wire.EndFrame(1, 1, 2),
    wire.GrantFrame(1, 1, 256, 8192),
]
