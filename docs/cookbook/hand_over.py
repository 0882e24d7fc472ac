"""Block sync catches up, hands its height over to consensus, and ends. What consensus gets too early waits."""

import asyncio
from collections.abc import AsyncIterator

from peerbus.actors import LOCAL, Actor, Channel, Message, Reactor, Request, Role, Stream, handles
from peerbus.node import Node


class Block(Message):
    height: int


class GetBlocks(Message, Request[Stream[Block]]):
    after: int


class Vote(Message, Request[str]):
    height: int


class Begin(Message, Request[None]):
    """From block sync to consensus: all blocks up to this one are there."""

    height: int


class Archive(Reactor):
    channel = Channel("archive", messages=(GetBlocks,))

    @handles(GetBlocks)
    async def serve(self, wanted: GetBlocks) -> AsyncIterator[Block]:
        for height in range(wanted.after + 1, 21):
            yield Block(height)


class Consensus(Reactor):
    channel = Channel("consensus", messages=(Vote, Begin))

    def __init__(self) -> None:
        super().__init__()
        self.height: int | None = None  # it has not begun

    @handles(Vote)
    def vote(self, vote: Vote) -> str:
        if self.height is None:
            self.put_aside()  # its sender waits, as long as its own deadline allows
            return ""
        return f"vote for {vote.height} counts: {vote.height == self.height + 1}"

    @handles(Begin)
    def begin(self, begin: Begin) -> None:
        self.height = begin.height
        print(f"consensus begins at height {self.height}")
        self.take_up()  # what was put aside comes first, in its order


class BlockSync(Actor):  # nobody sends to it, so it has no channel
    async def on_started(self) -> None:
        self.create_task(self.catch_up())

    async def catch_up(self) -> None:
        height = 0
        async for block in self.stream(Role("archive") / Archive, GetBlocks(after=height), idle=5):
            height = block.height
        print(f"block sync has all {height} blocks")
        await self.ask(LOCAL / Consensus, Begin(height))  # an answer: the other one has it now
        self.stop()

    def on_stop(self) -> None:
        print("block sync ends")


async def main() -> None:
    async with Node("alice", offers={"archive"}, reactors=[Archive, Consensus, BlockSync]) as alice:
        votes = [alice.ask(LOCAL / Consensus, Vote(height)) for height in (21, 99)]
        print(*await asyncio.gather(*votes), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
