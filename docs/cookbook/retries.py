"""A payment is asked again until it is answered, and made once: its key says that it is the same one."""

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from uuid import uuid4

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, RemoteError, Request, SendError, handles


class Pay(Message, Request[int]):
    """Answered with what is left. The same key is the same payment, however often it comes."""

    key: str
    cents: int


class Account(Reactor):
    channel = Channel("account", messages=(Pay,), idempotent=(Pay,))

    def __init__(self) -> None:
        super().__init__()
        self.left = 100
        self.answers: dict[str, int] = {}  # a real one keeps them where the balance is, in one transaction

    @handles(Pay)
    async def pay(self, pay: Pay) -> int:
        if pay.key not in self.answers:
            if pay.cents > self.left:
                raise RemoteError("too_much", f"{self.left} cents are left")
            self.left -= pay.cents
            self.answers[pay.key] = self.left
            await asyncio.sleep(60)  # paid, but the answer does not come: whoever asks cannot know
        return self.answers[pay.key]


async def insist(ask: Callable[[], Awaitable[int]], times: int = 5) -> int:
    """What it answers. Failed sends are made again, ever more slowly; a refusal is an answer."""
    for attempt in range(times - 1):
        try:
            return await ask()
        except SendError as error:
            print(f"{error.reason}, handled perhaps: {not error.never_sent}; asked again")
            await asyncio.sleep(uniform(0.5, 1) * 0.01 * 2**attempt)
    return await ask()


async def main() -> None:
    async with Bus(reactors=[Account]) as bus:
        payment = Pay(str(uuid4()), 30)  # the key is made once, outside of the loop
        print("left:", await insist(lambda: bus.ask(LOCAL / Account, payment, timeout=0.2)))
        try:
            await insist(lambda: bus.ask(LOCAL / Account, Pay(str(uuid4()), 500)))
        except RemoteError as refused:
            print("refused, and not asked again:", refused)


if __name__ == "__main__":
    asyncio.run(main())
