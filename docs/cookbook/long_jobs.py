"""A job that takes long is read as a stream: each row is a sign of life, and what is missing is asked of another."""

import asyncio
from collections.abc import AsyncIterator

from peerbus.actors import Channel, Message, Reactor, Request, Role, SendError, Stream, handles
from peerbus.node import Node


class Row(Message):
    number: int
    square: int
    made_by: str


class Export(Message, Request[Stream[Row]]):
    first: int
    last: int


class Table(Reactor):
    channel = Channel("table", messages=(Export,))

    @handles(Export)
    async def export(self, wanted: Export) -> AsyncIterator[Row]:
        for number in range(wanted.first, wanted.last + 1):
            await asyncio.sleep(0.001)  # stands for work
            yield Row(number, number * number, self.bus.name)


async def read_all(node: Node, last: int) -> AsyncIterator[Row]:
    """All rows once, however many nodes that takes."""
    first = 1
    while first <= last:
        try:
            async for row in node.stream(Role("table") / Table, Export(first, last), idle=5):
                first = row.number + 1
                yield row
        except SendError:  # its node went, or nothing came for 5 s
            print("the stream broke: the rest is asked of another")


async def main() -> None:
    async with Node("reader", listen=["tcp://127.0.0.1:0"], channels=[Table.channel]) as reader:
        tables = {
            name: Node(name, peers=reader.endpoints, offers={"table"}, reactors=[Table], shutdown_timeout=0)
            for name in ("one", "two")
        }
        async with tables["one"], tables["two"]:
            await reader.wait_for_peers(2, role="table")
            rows: list[int] = []
            async for row in read_all(reader, 100):
                rows.append(row.number)
                if row.number == 50:
                    await tables[row.made_by].aclose()  # the one that has the work ends in the midst of it
            print(f"{len(rows)} rows, each once and in order: {rows == list(range(1, 101))}")


if __name__ == "__main__":
    asyncio.run(main())
