import asyncio

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
from peerbus.node import Node


class Square(Message, Request[int]):
    number: int


class Worker(Reactor):
    channel = Channel("worker", messages=(Square,), idempotent=(Square,))

    @handles(Square)
    def square(self, job: Square) -> int:
        return job.number * job.number


async def main() -> None:
    async with Node("client", listen=["tcp://127.0.0.1:0"], channels=[Worker.channel]) as client:
        one, two = (Node(name, peers=client.endpoints, offers={"worker"}, reactors=[Worker]) for name in ("one", "two"))
        async with one, two:
            await client.wait_for_peers(2, role="worker")
            asks = (client.ask(Role("worker") / Worker, Square(number), timeout=1) for number in range(4))
            print(await asyncio.gather(*asks))


if __name__ == "__main__":
    asyncio.run(main())
