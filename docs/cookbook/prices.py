"""What the two fronts ask: a node of its own, python prices.py."""

import asyncio

from peerbus.actors import Channel, Message, Reactor, RemoteError, Request, handles
from peerbus.node import Node


class GetPrice(Message, Request[int]):
    """Answered with cents."""

    item: str


class Prices(Reactor):
    channel = Channel("prices", messages=(GetPrice,), idempotent=(GetPrice,), mailbox=100)

    @handles(GetPrice)
    def price(self, wanted: GetPrice) -> int:
        if wanted.item != "bolt":
            raise RemoteError("unknown_item", wanted.item)
        return 25


async def main() -> None:
    listen = ["tcp://127.0.0.1:7400"]
    async with Node("prices", network="shop", listen=listen, offers={"prices"}, reactors=[Prices]) as node:
        await node.wait_stopped()


if __name__ == "__main__":
    asyncio.run(main())
