"""Puts them together: the only place that imports both."""

import asyncio

from billing import Billing
from orders import Orders
from protocol import ORDERS, Place

from peerbus.actors import LOCAL, Bus


async def main() -> None:
    async with Bus(reactors=[Orders, Billing]) as bus:
        print(*await asyncio.gather(*(bus.ask(LOCAL / ORDERS, Place(order)) for order in (1, 2))), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
