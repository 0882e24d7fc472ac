"""Handlers that compute run in processes of their own: the event loop goes on, and so does a second processor."""

import asyncio
import os

from primes import Count, Primes

from peerbus.actors import LOCAL
from peerbus.node import Node


async def main() -> None:
    async with Node("alice", processes={"crunch": [Primes]}) as node:
        primes, process = await node.ask(LOCAL / Primes, Count(100_000))
        print(f"{primes} primes, counted in another process: {process != os.getpid()}")

        asked = node.ask(LOCAL / Primes, Count(3_000_000))
        work, turns = asyncio.ensure_future(asked), 0
        while not work.done():  # the loop is free meanwhile
            await asyncio.sleep(0.001)
            turns += 1
        print(f"{(await work)[0]} primes, and the loop came round meanwhile: {turns > 3}")


if __name__ == "__main__":
    asyncio.run(main())
