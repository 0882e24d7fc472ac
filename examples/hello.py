"""Two reactors in one process, and no network: one greets, and tells the other, which counts."""

from __future__ import annotations

import asyncio

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, handles


class Hello(Message):
    name: str


class GetGuests(Message, Request[list[str]]):
    """A message may name its answer; type checkers know it then, and it is checked on arrival."""


class Guests(Reactor):
    """Counts who was greeted. Its state is its own: nobody else can touch it, so nothing has to be locked."""

    channel = Channel("guests", messages=(Hello, GetGuests))

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    @handles(Hello)
    def greeted(self, hello: Hello) -> None:
        self.names.append(hello.name)

    @handles(GetGuests)
    def guests(self, _request: GetGuests) -> list[str]:
        return self.names


class Greeter(Reactor):
    """What a handler returns answers an ask. A handler may be `async def`, then it can wait for other reactors."""

    channel = Channel("greeter", messages=(Hello,))

    @handles(Hello)
    async def greet(self, hello: Hello) -> str:
        await self.tell(LOCAL / Guests, hello)  # done when it is in the other's mailbox, which is bounded
        return f"Hello, {hello.name}!"


async def main() -> None:
    async with Bus(reactors=[Guests, Greeter]) as bus:
        print(await bus.ask(LOCAL / Greeter, Hello("Ada")))
        print(
            await bus.ask(LOCAL / Greeter, Hello("Grace"), timeout=1)
        )  # every send has a deadline; 5 s if none is said
        print("guests:", await bus.ask(LOCAL / Guests, GetGuests()))


if __name__ == "__main__":
    asyncio.run(main())
