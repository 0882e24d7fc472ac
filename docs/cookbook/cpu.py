"""Handlers that compute run in processes of their own: two at a time on two processors, and the event loop goes on."""

import asyncio
import os

from primes import Count, Primes

from peerbus.actors import LOCAL, Pool
from peerbus.node import Node


async def main() -> None:
    async with Node("alice", reactors=[Pool(Primes, processes=2)]) as node:
        primes, process = await node.ask(LOCAL / Primes, Count(100_000))
        print(f"{primes} primes, counted in another process: {process != os.getpid()}")

        work = asyncio.gather(*(node.ask(LOCAL / Primes, Count(10_000_000)) for _ in range(2)))
        turns = 0
        while not work.done():  # the loop is free meanwhile
            await asyncio.sleep(0.001)
            turns += 1
        by = {process for _, process in await work}
        print(f"two more, by {len(by)} processes, and the loop came round meanwhile: {turns > 3}")


if __name__ == "__main__":
    asyncio.run(main())
