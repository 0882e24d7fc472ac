"""All of it by itself: six miners in a ring, twenty payments, a forged one, and a miner that comes late."""

from __future__ import annotations

from contextlib import AsyncExitStack

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peerbus.actors import LOCAL, RemoteError, Role
from peerbus.node import Node
from peerbus.patterns import GetGossip

from .mempool import MINER, Held, Mempool
from .messages import Best, Entered, payment
from .nodes import miner_node, wallet_node

#: Seconds for two neighbours to be connected.
PATIENCE = 60.0


async def demo(miners: int, payments: int) -> None:
    async with AsyncExitStack() as running:
        nodes: list[Node] = []
        for number in range(miners):
            dialed = [nodes[-1], *nodes[: number == miners - 1]] if nodes else []  # the last one closes the ring
            nodes.append(await running.enter_async_context(_miner(f"miner-{number + 1}", dialed)))
        for node in nodes:
            await node.wait_for_peers(2, timeout=PATIENCE)
        say(f"{miners} miners in a ring: each is connected with two others, and with nobody else")

        entered = [running.enter_context(node.subscribe(Entered)) for node in nodes]
        wallet = await running.enter_async_context(wallet_node("mempool", here=True, peers=nodes[0].endpoints))
        key = Ed25519PrivateKey.generate()
        for number in range(payments):
            await wallet.ask(Role(MINER) / Mempool, payment(key, number, "bob", 10, number), wait_for_peer=True)
        say(f"a wallet, which knows miner-1 alone, has paid {payments} times")
        for node, news in zip(nodes, entered, strict=True):
            for _ in range(payments):
                await news.get()
            view = await node.ask(LOCAL / Mempool, GetGossip())
            say(f"  {node.name}: {view.delivered} transactions, each once; {view.copies} copies came from neighbours")

        forged = msgspec.structs.replace(payment(key, payments, "bob", 1, 99), to="eve")
        try:
            await wallet.ask(Role(MINER) / Mempool, forged)
        except RemoteError as error:
            say(f"\none that eve has changed on its way: {error.code}, and goes no further")

        late = await running.enter_async_context(_miner("late", [nodes[-1]]))
        with late.subscribe(Entered) as news:
            while len(best := await late.ask(LOCAL / Held, Best(payments))) < payments:
                await news.get()
        say(f"\na miner that comes late has all {len(best)}. In the next block, at every miner the same:")
        for transaction in best[:3]:
            say(f"  {transaction}")


def _miner(name: str, dialed: list[Node]) -> Node:
    return miner_node(name, "mempool", here=True, mdns=False, peers=[node.endpoints[0] for node in dialed])


def say(text: str) -> None:
    print(text, flush=True)
