"""A cluster in the midst of an upgrade: one node runs version 1 of the store, one runs version 2."""

import asyncio

import store_v1
import store_v2

from peerbus.actors import Peer, Role, SchemaMismatch
from peerbus.node import Node


async def main() -> None:
    v1 = Node("old", listen=["tcp://127.0.0.1:0"], offers={"store"}, reactors=[store_v1.Store])
    async with v1 as old:
        v2 = Node("new", peers=old.endpoints, offers={"store"}, reactors=[store_v2.Store])
        async with v2 as new:
            await asyncio.gather(old.wait_for_peers(role="store"), new.wait_for_peers(role="store"))

            print("old to new:", await old.ask(Peer(new.node_id) / store_v1.Store, store_v1.Put("a")))
            print("new to old:", await new.ask(Peer(old.node_id) / store_v2.Store, store_v2.Put("b", owner="Ada")))

            # Of a role, whoever can take it: an old node never gets it.
            answers = {await new.ask(Role("store") / store_v2.Store, store_v2.Delete("b")) for _ in range(20)}
            print("to the role:", *answers)
            try:
                await new.ask(Peer(old.node_id) / store_v2.Store, store_v2.Delete("a"))
            except SchemaMismatch as error:
                print("never sent:", error.never_sent, "-", str(error).partition("peer: ")[2])


if __name__ == "__main__":
    asyncio.run(main())
