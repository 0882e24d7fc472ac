import asyncio

from peerbus.actors import LOCAL, Channel, Message, Pool, Reactor, RemoteError, Request, handles
from peerbus.node import Node


class Square(Message, Request[int]):
    number: int


class Worker(Reactor):
    channel = Channel("worker", messages=(Square,), idempotent=(Square,), timeout=10)

    @handles(Square)
    def square(self, job: Square) -> int:
        if job.number < 0:
            raise ValueError(f"{job.number} is below 0")
        return job.number * job.number


async def main() -> None:
    async with Node("jobs", reactors=[Pool(Worker, threads=2)]) as node:  # elsewhere: Role("worker") / Worker
        jobs = [node.ask(LOCAL / Worker, Square(number)) for number in range(4)]
        print(await asyncio.gather(*jobs))
        try:
            await node.ask(LOCAL / Worker, Square(-1))
        except RemoteError as error:
            print("failed:", error.text)


if __name__ == "__main__":
    asyncio.run(main())
