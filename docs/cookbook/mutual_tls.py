"""A closed network: whoever has a certificate of our authority comes in, and nobody else does."""

import asyncio

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
from peerbus.discovery.facts import PeerRefused
from peerbus.node import Network, Node
from peerbus.transports import Identity


class Hello(Message, Request[str]):
    name: str


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Hello,))

    @handles(Hello)
    def greet(self, hello: Hello) -> str:
        return f"hello {hello.name}"


def closed(name: str) -> Network:
    return Network("closed", authority="ca/authority.pem", certificate=f"{name}.crt")


async def main() -> None:
    listen, key = ["tcp://127.0.0.1:0"], Identity.load("alice.pem")
    alice = Node("alice", network=closed("alice"), identity=key, listen=listen, offers={"greeter"}, reactors=[Greeter])
    async with alice:
        key, channels = Identity.load("bob.pem"), [Greeter.channel]
        bob = Node("bob", network=closed("bob"), identity=key, peers=alice.endpoints, channels=channels)
        async with bob:
            print(await bob.ask(Role("greeter") / Greeter, Hello("bob"), wait_for_peer=True))

        with alice.subscribe(PeerRefused) as refused:
            async with Node("mallory", network="closed", peers=alice.endpoints, channels=channels):
                print("mallory is refused:", (await refused.get()).reason)


if __name__ == "__main__":
    asyncio.run(main())
