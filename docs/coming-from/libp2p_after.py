import asyncio

from peerbus.actors import Channel, Message, Peer, Reactor, Request, handles
from peerbus.node import Node


class Greet(Message, Request[str]):
    name: str


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Greet,))

    @handles(Greet)
    def greet(self, greet: Greet) -> str:
        return f"hello {greet.name}"


async def main() -> None:
    alice = Node("alice", listen=["libp2p+tcp://127.0.0.1:0"], reactors=[Greeter])
    async with alice, Node("bob", peers=alice.endpoints, channels=[Greeter.channel]) as bob:
        print(await bob.ask(Peer(alice.node_id) / Greeter, Greet("Ada"), wait_for_peer=True))


if __name__ == "__main__":
    asyncio.run(main())
