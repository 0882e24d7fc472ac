import asyncio

from peerbus.actors import Channel, Message, NoRoute, Reactor, Request, Role, handles
from peerbus.node import Node


class Greet(Message, Request[str]):
    name: str


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Greet,), idempotent=(Greet,))

    @handles(Greet)
    def greet(self, greet: Greet) -> str:
        return f"hello {greet.name}"


async def main() -> None:
    async with Node("client", listen=["tcp://127.0.0.1:0"], channels=[Greeter.channel]) as client:
        one, two = (
            Node(name, peers=client.endpoints, offers={"greeter"}, reactors=[Greeter]) for name in ("one", "two")
        )
        async with one, two:
            print(await client.ask(Role("greeter") / Greeter, Greet("Ada"), timeout=1, wait_for_peer=True))
            try:
                await client.ask(Role("nobody") / Greeter, Greet(""), timeout=1)
            except NoRoute:
                print("nobody answers there")


if __name__ == "__main__":
    asyncio.run(main())
