"""A node that lets everybody read, one node write, and nobody outside see its notes; and holds each peer to a rate."""

from __future__ import annotations

import asyncio

from peerbus.actors import LOCAL, Channel, Message, NotAllowed, Peer, Rate, Reactor, Request, handles
from peerbus.node import Allow, Node, Permissions
from peerbus.transports import Identity


class Write(Message):
    text: str


class Read(Message, Request[list[str]]):
    pass


class Board(Reactor):
    # Messages of one peer in a second, and at once; what is more waits at its sender.
    channel = Channel("board", messages=(Write, Read), rate=Rate(messages=100, messages_burst=10))

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    @handles(Write)
    async def write(self, write: Write) -> None:
        self.lines.append(write.text)
        await self.tell(LOCAL / Notes, Write(f"{len(self.lines)} lines"))

    @handles(Read)
    def read(self, _: Read) -> list[str]:
        return self.lines


class Notes(Reactor):
    """Of this node alone: no peer is told of it."""

    channel = Channel("notes", messages=(Write, Read), local=True)

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    @handles(Write)
    def write(self, write: Write) -> None:
        self.last = write.text

    @handles(Read)
    def read(self, _: Read) -> list[str]:
        return [self.last]


async def main() -> None:
    writer = Identity.generate()
    rules = Permissions(channels={"board": Allow(tell=[writer.node_id])})
    listen = ["tcp://127.0.0.1:0"]
    async with Node("alice", network="who", listen=listen, reactors=[Board, Notes], permissions=rules) as alice:
        board = Peer(alice.node_id) / Board
        channels = [Board.channel]
        async with (
            Node("writer", network="who", identity=writer, peers=alice.endpoints, channels=channels) as friend,
            Node("reader", network="who", peers=alice.endpoints, channels=channels) as reader,
        ):
            for number in range(20):  # ten at once, the others as fast as the rate is
                await friend.tell(board, Write(f"line {number}"), wait_for_peer=True)
            await friend.ask(board, Read())  # comes behind what the same one has told
            lines = await reader.ask(board, Read(), wait_for_peer=True)
            print("read", len(lines), "lines, the last one:", lines[-1])
            try:
                await reader.tell(board, Write("mine"))
            except NotAllowed as refused:
                print(type(refused).__name__, "at once, nothing was sent:", refused.never_sent)
            only = [writer.node_id]
            await alice.set_permissions(Permissions(channels={"board": Allow(tell=only, ask=only)}))
            try:
                await reader.ask(board, Read())
            except NotAllowed as refused:
                print(type(refused).__name__, "was never handled:", refused.never_sent)
            print("notes:", await alice.ask(LOCAL / Notes, Read()))


if __name__ == "__main__":
    asyncio.run(main())
