"""Charges orders, and tells whoever keeps them."""

from protocol import BILLING, ORDERS, Charge, Paid

from peerbus.actors import LOCAL, Reactor, handles


class Billing(Reactor):
    channel = BILLING

    @handles(Charge)
    async def charge(self, charge: Charge) -> None:
        print(f"order {charge.order} is charged")
        await self.tell(LOCAL / ORDERS, Paid(charge.order))
