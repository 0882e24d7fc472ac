"""Three nodes keep a register. A write counts when two have it, a read asks two; one node dies, and nobody notices.

When a second one dies a write fails. It is a dead letter then, as any message that reaches nobody: the log warns of it,
with the reason `no_quorum`, and the asker gets QuorumFailed.
"""

from __future__ import annotations

import asyncio

from peerbus.actors import Channel, Message, QuorumFailed, Reactor, Request, Role, handles
from peerbus.node import Node


class Write(Message, Request[int]):
    """Answered with the version that the replica has then."""

    version: int
    text: str


class Read(Message, Request[Write]):
    pass


class Register(Reactor):
    # Both may be handled twice: a read changes nothing, and of a write only the first time does.
    channel = Channel("register", messages=(Write, Read), idempotent=(Write, Read))

    def __init__(self) -> None:
        super().__init__()
        self.latest = Write(0, "")

    @handles(Write)
    def write(self, write: Write) -> int:
        self.latest = max(self.latest, write, key=lambda each: each.version)
        return self.latest.version

    @handles(Read)
    def read(self, _: Read) -> Write:
        return self.latest


REPLICAS = Role("register", "all") / Register
ANY_ONE = Role("register") / Register


async def main() -> None:
    alice, bob, carol = (
        Node(name, network="quorum", listen=["tcp://127.0.0.1:0"], offers={"register"}, reactors=[Register])
        for name in ("alice", "bob", "carol")
    )
    async with alice, bob, carol:
        endpoints = [*alice.endpoints, *bob.endpoints, *carol.endpoints]
        async with Node("dave", network="quorum", peers=endpoints, channels=[Register.channel]) as dave:
            # Nobody is connected yet: the first ask waits until all three are.
            written = await dave.ask(REPLICAS, Write(1, "hello"), quorum=3, wait_for_peer=True)
            print("written to", len(written.answers))

            await alice.aclose()
            await dave.ask(REPLICAS, Write(2, "hello again"), quorum=2)
            read = await dave.ask(REPLICAS, Read(), quorum=2)
            print("read:", max(read.answers.values(), key=lambda each: each.version).text)
            # One of them, and another one too if it has not answered in 50 ms.
            print("one of them:", (await dave.ask(ANY_ONE, Read(), hedge=0.05)).text)

            await bob.aclose()
            try:
                await dave.ask(REPLICAS, Write(3, "lost"), quorum=2)
            except QuorumFailed as failed:
                print("too few are left:", len(failed.results.answers) < 2)


if __name__ == "__main__":
    asyncio.run(main())
