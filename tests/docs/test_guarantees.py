"""What docs/guarantees.md shows, at work."""

from __future__ import annotations

import asyncio

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, handles


class Block(Message):
    height: int


class GetBlock(Message, Request[Block]):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock,))

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)


async def test_what_takes_coroutines_alone_takes_the_outcomes() -> None:
    async with Bus() as bus:
        bus.spawn(Blocks)
        # region: coroutine
        async with asyncio.TaskGroup() as group:
            one = group.create_task(bus.ask(LOCAL / Blocks, GetBlock(7)).coroutine())
        # endregion
        assert one.result() == Block(7)
