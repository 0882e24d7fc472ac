"""What docs/typing.md shows, at work."""

from __future__ import annotations

from peerbus.actors import EVERYONE, Channel, Message, Reactor, Request, Role, handles
from peerbus.testing import Nodes


class Block(Message):
    height: int


# region: request
class GetBlock(Message, Request[Block]):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock,))
    store: dict[int, Block]

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return self.store[wanted.height]


# endregion


class Seven(Blocks):
    store = {7: Block(7)}  # noqa: RUF012


async def test_an_answer_is_of_the_type_that_its_message_names(node: Nodes) -> None:
    await node("archive", offers={"archive"}, reactors=[Seven])
    alice = await node("alice", channels=[Blocks.channel])
    # region: asks
    block = await alice.ask(Role("archive") / Blocks, GetBlock(7))  # a Block, for you and for the type checker
    blocks = await alice.ask(EVERYONE / Blocks, GetBlock(7))  # Results[Block]
    # endregion
    assert [block.height, *(each.height for each in blocks.answers.values())] == [7, 7]
