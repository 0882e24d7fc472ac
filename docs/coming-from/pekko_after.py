import asyncio

from peerbus.actors import LOCAL, Bus, Channel, Directive, Message, Reactor, Request, Supervision, handles


class Add(Message):
    number: int


class Total(Message, Request[int]):
    pass


class Counter(Reactor):
    channel = Channel("counter", messages=(Add, Total))
    supervision = Supervision(directive=Directive.RESTART, backoff=0.001)

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    @handles(Add)
    def add(self, add: Add) -> None:
        if add.number == 0:
            raise ValueError("nothing to add")
        self.total += add.number

    @handles(Total)
    def how_many(self, _: Total) -> int:
        return self.total


async def main() -> None:
    async with Bus(reactors=[Counter]) as bus:
        for number in (1, 2, 3):
            await bus.tell(LOCAL / Counter, Add(number))
        print("total:", await bus.ask(LOCAL / Counter, Total()))
        await bus.tell(LOCAL / Counter, Add(0))
        print("after a failure:", await bus.ask(LOCAL / Counter, Total()))


if __name__ == "__main__":
    asyncio.run(main())
