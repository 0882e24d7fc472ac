"""Takes orders, has them charged, and hears when they are paid."""

import asyncio

from protocol import BILLING, ORDERS, Charge, Paid, Place

from peerbus.actors import LOCAL, Reactor, handles


class Orders(Reactor):
    channel = ORDERS

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[int, asyncio.Event] = {}

    @handles(Place, reentrant=True)  # else Paid would wait behind the order that waits for it
    async def place(self, place: Place) -> str:
        paid = self.open[place.order] = asyncio.Event()
        await self.tell(LOCAL / BILLING, Charge(place.order))
        await paid.wait()
        return f"order {place.order} is paid"

    @handles(Paid)
    def paid(self, paid: Paid) -> None:
        self.open.pop(paid.order).set()
