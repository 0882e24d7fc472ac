"""Ask all of them at once, and go on when two agree. One is dead, and nobody waits for it."""

import asyncio

from peerbus.actors import Channel, Message, QuorumFailed, Reactor, RemoteError, Request, Role, handles
from peerbus.node import Node


class Read(Message, Request[str]):
    key: str


class Replica(Reactor):
    channel = Channel("replica", messages=(Read,), idempotent=(Read,))

    @handles(Read)
    async def read(self, wanted: Read) -> str:
        if self.bus.name == "carol":
            if wanted.key == "y":
                raise RemoteError("damaged", "carol has lost y")
            await asyncio.sleep(60)  # alive, and stuck
        return f"{wanted.key} is 7"


ALL = Role("replica", "all") / Replica


async def main() -> None:
    async with Node("reader", listen=["tcp://127.0.0.1:0"], channels=[Replica.channel]) as reader:
        alice, bob, carol = (
            Node(name, peers=reader.endpoints, offers={"replica"}, reactors=[Replica], shutdown_timeout=0)
            for name in ("alice", "bob", "carol")
        )
        async with alice, bob, carol:
            await reader.wait_for_peers(3, role="replica")
            names = {node.node_id: node.name for node in (alice, bob, carol)}

            two = await reader.ask(ALL, Read("x"), quorum=2, timeout=5)
            print("answered:", sorted(names[peer] for peer in two.answers))
            print("agreed on:", set(two.answers.values()))
            print("given up:", [names[peer] for peer in two.abandoned])

            everybody = await reader.ask(ALL, Read("y"))  # no quorum: an outcome for each
            print("answers:", len(everybody.answers))
            print("errors:", {names[peer]: str(error) for peer, error in everybody.errors.items()})

            try:
                await reader.ask(ALL, Read("y"), quorum=3)
            except QuorumFailed as failed:
                print("three of three:", len(failed.results.answers), "answered")


if __name__ == "__main__":
    asyncio.run(main())
