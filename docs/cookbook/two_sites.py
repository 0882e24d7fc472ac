"""Two sites that cannot dial each other, and reach one nats-server. What passes it is encrypted from node to node.

nats-server &
python two_sites.py nats://127.0.0.1:4222
"""

import asyncio
import sys

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
from peerbus.node import Node


class Count(Message, Request[int]):
    item: str


class Store(Reactor):
    channel = Channel("store", messages=(Count,), idempotent=(Count,))

    @handles(Count)
    def count(self, _: Count) -> int:
        return {"berlin": 120, "lyon": 80}[self.bus.name]


async def main(server: str) -> None:
    inbox = [f"{server}/plant"]  # `plant` is the network, and nobody has the address of another node
    berlin, lyon = (
        Node(site, network="plant", listen=inbox, offers={"store"}, reactors=[Store]) for site in ("berlin", "lyon")
    )
    async with berlin, lyon:
        await berlin.wait_for_peers(role="store")
        bolts = await berlin.ask(Role("store", "all") / Store, Count("bolts"))
        print(sum(bolts.answers.values()), "bolts at", len(bolts.answers), "sites")
        connections = berlin.snapshot().connections.values()
        print("encrypted from node to node:", all(each.secure for each in connections))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
