"""What docs/messages.md shows beside its table of types, at work."""

from __future__ import annotations

import asyncio

from peerbus.actors import LOCAL, Channel, Destination, Message, Reactor, Request, Role, handles
from peerbus.testing import Nodes


class Block(Message):
    height: int


# region: class
class GetBlock(Message, Request[Block]):
    height: int
    hints: tuple[str, ...] = ()


# endregion


# region: destination
class Follow(Message):
    height: int
    reply_to: Destination[Block]


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Follow,))

    @handles(Follow)
    async def follow(self, request: Follow) -> None:
        await self.tell(request.reply_to, self.block(request.height))  # here, at a peer, or at a peer of the peer

    # endregion
    def block(self, height: int) -> Block:
        return Block(height)


class Inbox(Reactor):
    channel = Channel("inbox", messages=(Block,))

    @handles(Block)
    def came(self, block: Block) -> None:
        CAME.put_nowait(block)


CAME: asyncio.Queue[Block] = asyncio.Queue()


def test_a_message_is_a_value() -> None:
    assert GetBlock(7) == GetBlock(height=7, hints=())


async def test_a_message_says_where_the_answer_is_to_go(node: Nodes) -> None:
    await node("archive", offers={"archive"}, reactors=[Blocks], channels=[Inbox.channel])
    alice = await node("alice", reactors=[Inbox], channels=[Blocks.channel])
    # region: follow
    await alice.tell(Role("archive") / Blocks, Follow(7, reply_to=LOCAL / Inbox))  # or reply_to=self.actor_ref
    # endregion
    assert await CAME.get() == Block(7)
