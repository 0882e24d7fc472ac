"""Mistakes that people make. What each checker says of them is kept beside this file, to be read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from peerbus.actors import EVERYONE, LOCAL, Channel, Message, Reactor, Request, Role, Share, Stream, handles
from peerbus.node import Node
from peerbus.testing import Probes


class Block(Message):
    height: int


class GetBlock(Message, Request[Block]):
    height: int


class GetRange(Message, Request[Stream[Block]]):
    first: int
    last: int


class Forget(Message):
    height: int


class Other(Message, Request[int]):
    """It is of another channel."""


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, GetRange, Forget))

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    @handles(GetRange)
    async def serve_many(self, wanted: GetRange) -> AsyncIterator[Block]:
        yield Block(wanted.first)

    @handles(Forget)
    def forget(self, told: Forget) -> None: ...


async def sends(node: Node, probe: Probes) -> None:
    archive = Role("archive") / Blocks

    # 1. A message that the channel does not declare.
    await node.tell(archive, Block(7))

    # 2. A request of another channel.
    await node.ask(archive, Other())

    # 3. The class of a message in the place of a message.
    await node.ask(archive, GetBlock)

    # 4. The answer is taken for something else.
    height: int = await node.ask(archive, GetBlock(7))
    print(height)

    # 5. The answers of several are taken for one.
    block: Block = await node.ask(EVERYONE / Blocks, GetBlock(7))
    print(block)

    # 6. `await` was forgotten.
    print(node.ask(archive, GetBlock(7)).height)

    # 7. No reactor is named: a role alone is no address.
    await node.ask(Role("archive"), GetBlock(7))

    # 8. The reactor's class alone is no address.
    await node.tell(Blocks, Forget(7))

    # 9. The fields of the message in the place of the message.
    await node.ask(archive, 7)

    # 10. A timeout in words.
    await node.ask(archive, GetBlock(7), timeout="2s")

    # 11. A word that there is not.
    await node.ask(archive, GetBlock(7), deadline=2)

    # 12. A quorum of one.
    await node.ask(archive, GetBlock(7), quorum=2)

    # 13. A stream is asked for, and not read.
    async for one in node.ask(archive, GetRange(1, 2)):
        print(one)

    # 14. What is no stream is read as one.
    async for each in node.stream(archive, GetBlock(7)):
        print(each.height)

    # 15. A field that the message has not, and one that it lacks.
    await node.ask(archive, GetBlock(hight=7))

    # 16. A message is changed.
    request = GetBlock(7)
    request.height = 8

    # 17. A share of nobody: several are asked by a role that says how many.
    await node.ask(Role("archive", Share(0.67)) / Blocks, GetBlock(7), hedge=0.1)

    # 18. In a test, a message that the reactor does not take.
    alone = await probe.alone(Blocks)
    print((await alone.ask(GetBlock(7))).hash)

    # 24. What is answered in items is awaited.
    await node.ask(archive, GetRange(1, 2))

    # 25. The same, of several.
    await node.ask(EVERYONE / Blocks, GetRange(1, 2))


class Wrong(Reactor):
    channel = Channel("wrong", messages=(GetBlock, Forget))

    # 19. A handler that takes another message than it says.
    @handles(GetBlock)
    def serve(self, wanted: Forget) -> Block:
        return Block(wanted.height)

    # 20. A handler that answers something else than the message names.
    @handles(GetBlock)
    def serve_again(self, wanted: GetBlock) -> int:
        return wanted.height

    # 21. An actor asks itself for the answer without waiting.
    @handles(Forget)
    def forget(self, told: Forget) -> None:
        block: Block = self.ask(LOCAL / Blocks, GetBlock(told.height))
        print(block)


# 22. A message in the place of its class.
numbers = Channel("numbers", messages=(GetBlock(7),))

# 23. A reactor that was made already: a node makes its own, and makes them anew after failures.
node = Node("alice", reactors=[Blocks()])
