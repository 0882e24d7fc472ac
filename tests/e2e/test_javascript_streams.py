"""Streams between clients/javascript and a real node, in both directions; `make javascript` runs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from javascript_client import needs_node, script, shown

from peerbus.actors import Channel, Message, Reactor, RemoteError, Request, Role, SendError, Stream, handles
from peerbus.node import Node

PLACE = "tcp://127.0.0.1:0"


class Block(Message):
    number: int
    data: bytes = b""


class Count(Message, Request[Stream[Block]]):
    """`to` blocks of `size` bytes; then it fails, if `fails` says with which code, or waits."""

    to: int
    size: int = 1
    fails: str = ""


class Store(Message, Request[list[int]]):
    """Answered with how many blocks came with it, and their bytes; `most`: it reads no more."""

    most: int = 1 << 30


class Twice(Message, Request[Stream[int]]):
    """Each number that comes with it, doubled."""


class Ended(Message, Request[list[int]]):
    """How many generators have begun, and how many of them have ended."""


class Vault(Reactor):
    channel = Channel("vault", messages=(Count, Block, Store, Twice, Ended), max_message=4_000_000)

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.ended = 0

    @handles(Count)
    async def count(self, wanted: Count) -> AsyncIterator[Block]:
        self.begun += 1
        try:
            for number in range(wanted.to):
                yield Block(number, bytes(wanted.size))
            if wanted.fails == "wait":
                await asyncio.Event().wait()
            if wanted.fails:
                raise RemoteError(wanted.fails, "as it was asked to")
        finally:
            self.ended += 1

    @handles(Store)
    async def store(self, wanted: Store, blocks: AsyncIterator[Block]) -> list[int]:
        found = [0, 0]
        async for block in blocks:
            assert block.number == found[0]
            found = [found[0] + 1, found[1] + len(block.data)]
            if found[0] == wanted.most:
                break
        return found

    @handles(Twice)
    async def twice(self, _: Twice, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        async for number in numbers:
            yield 2 * number

    @handles(Ended)
    async def ends(self, _: Ended) -> list[int]:
        return [self.begun, self.ended]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "schema.json"
    return shown("test_javascript_streams:Vault", folder=Path(__file__).parent, path=path)


@needs_node
async def test_it_reads_streams_of_a_real_node_and_sends_items_there(schema: Path) -> None:
    async with Node(
        "vault", network="script", listen=[PLACE], offers={"vault"}, reactors=[Vault], shutdown_timeout=0
    ) as node:
        with script("reads", node, schema, "real_streams.js") as reads:
            assert await asyncio.to_thread(reads.next) == {
                "many": [20_000, 20_000],
                "large": [40, 40_000_000],
                "slow": [3000, 3000],
                "left": 5,
                "failed": [7, "not_found", "yes", 7],
                "idle": [2, "deadline", "perhaps", 2],
                "plain": [0, "answer_type", "yes", 0],
                "asked": "answer_type",
                "stored": [2000, 2_000_000],
                "enough": [[3, 27], "stream_ended"],
                "twice": [[0, 2, 4, 6, 8], None],
                "at_once": 300,
                "ended": True,
            }
            assert await asyncio.to_thread(reads.next) == "three have come"
            await node.aclose()
            blocks, code, _, items = await asyncio.to_thread(reads.next)
            assert (blocks, items) == (3, 3)
            assert code in ("connection_lost", "actor_stopped")


@needs_node
async def test_it_answers_a_real_node_in_items_and_takes_items_of_it(schema: Path) -> None:
    to = Role("vault", where="lang=js") / Vault.channel
    async with Node("reader", network="script", listen=[PLACE], channels=[Vault.channel]) as node:
        with script("serves", node, schema, "real_streams.js") as serves:

            async def count(wanted: Count, most: int | None = None) -> tuple[int, int]:
                blocks = size = 0
                async for block in node.stream(to, wanted, wait_for_peer=True, idle=60):
                    assert block.number == blocks
                    blocks, size = blocks + 1, size + len(block.data)
                    if blocks == most:
                        break
                return blocks, size

            assert await count(Count(20_000)) == (20_000, 20_000)
            assert await count(Count(40, 1_000_000)) == (40, 40_000_000)
            assert await count(Count(1_000_000, 1000), most=5) == (5, 5000)
            with pytest.raises(RemoteError, match="as it was asked to") as caught:
                await count(Count(7, fails="not_found"))
            assert caught.value.code == "not_found"
            async with node.open(to, Store()) as upload:
                for number in range(2000):
                    await upload.send(Block(number, bytes(1000)))
            assert await upload.result() == [2000, 2_000_000]
            enough = node.open(to, Store(most=3))

            async def fill() -> None:
                for number in range(100_000):
                    await enough.send(Block(number))

            with pytest.raises(SendError, match="result"):
                await fill()
            assert await enough.result() == [3, 0]
            async with node.open(to, Twice()) as both:
                for number in range(5):
                    await both.send(number)
                await both.end()
                assert [each async for each in both] == [0, 2, 4, 6, 8]
            assert [await asyncio.gather(*(count(Count(3)) for _ in range(300)))] == [[(3, 3)] * 300]
            while True:
                begun, ended = await node.ask(to, Ended())
                if begun == ended:
                    break
            slow = aiter(node.stream(to, Count(1_000_000, 1000), idle=60))
            assert (await anext(slow)).number == 0
            serves.say("end")
            with pytest.raises(SendError, match="shutting_down") as gone:
                _ = [block async for block in slow]
            assert gone.value.items is not None
