"""The nodes of a siege: the one that is attacked, those that ask it all the time, and those that come to it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

from peerbus.actors import Peer, Reactor, RemoteError, SendError
from peerbus.node import Node
from peerbus.transports.streams import Identity, TcpTransport, UnixTransport

from .attack import NETWORK, Target
from .attacks import ATTACKS
from .loop_watch import LoopWatch
from .reactors import Desk, Question

__all__ = ["NETWORK", "ask_and_join", "attacked", "defend", "honest_load", "visitor"]

#: Honest nodes that stay, and seconds between two asks of one of them; together 100 asks a second.
STAYING, INTERVAL = 4, 0.04
#: Seconds between two nodes that come, ask once and go.
JOIN_EVERY = 0.5
#: Seconds that an ask, and a join, may take until it counts as failed.
ASK_WITHIN, JOIN_WITHIN = 5.0, 10.0


@contextlib.asynccontextmanager
async def attacked(name: str, folder: Path) -> AsyncIterator[str]:
    """The node that the attack of this name is for, running: where it listens, and dials, as `Target.at` takes it."""
    attack, identity = ATTACKS[name], Identity.generate()
    arguments = {"network": NETWORK, "listen": ["tcp://127.0.0.1:0"], "book": folder / "book", **attack.node}
    if attack.plain_unix:
        arguments["listen"] = [*arguments["listen"], f"unix://{folder / 's'}"]
        arguments["transports"] = [TcpTransport(identity), UnixTransport(identity, secure=False)]
    broker = f"nats://127.0.0.1:{_free_port()}/{NETWORK}/{identity.node_id[:32]}" if attack.broker else ""
    if broker:
        # Nobody is there, so it is dialed again for ever, and the server that the way goes through is looked for.
        arguments["peers"] = [broker]
    reactors: list[type[Reactor]] = [Desk, *attack.reactors]
    async with Node("attacked", identity=identity, reactors=reactors, shutdown_timeout=1.0, **arguments) as node:
        yield " ".join([*node.endpoints, broker])


def visitor(name: str, attack: str, target: Target) -> Node:
    """An honest node; it dials the one that is attacked, or finds it as the attack says."""
    arguments = {"network": NETWORK, "peers": [target.endpoint], **ATTACKS[attack].visitor}
    return Node(name, channels=[Desk.channel], shutdown_timeout=0.5, **arguments)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def defend(name: str, folder: Path) -> None:
    """Be attacked, until the process that started this one goes away; prints where it listens.

    For each line of standard input it prints what its loop has been busy with since the one before.
    """
    with LoopWatch() as watch:
        async with attacked(name, folder) as places:
            print(places, flush=True)
            gc.collect()
            gc.freeze()  # as `peerbus run` does
            while await asyncio.to_thread(sys.stdin.readline):
                print(json.dumps(watch.seen()), flush=True)


async def ask_and_join(nodes: list[Node], attack: str, target: Target, seconds: float) -> dict[str, list[float]]:
    """Ask and join for so long: the seconds of each ask and each join; one that failed took for ever."""
    asks: list[float] = []
    joins: list[float] = []
    end = perf_counter() + seconds

    async def ask(node: Node, offset: float) -> None:
        await asyncio.sleep(offset)
        while perf_counter() < end:
            due = perf_counter() + INTERVAL
            asks.append(await _timed_ask(node, target))
            await asyncio.sleep(max(0.0, due - perf_counter()))

    async def join() -> None:
        while perf_counter() < end:
            due = perf_counter() + JOIN_EVERY
            joins.append(await _timed_join(attack, target))
            await asyncio.sleep(max(0.0, due - perf_counter()))

    await asyncio.gather(join(), *(ask(node, INTERVAL * n / STAYING) for n, node in enumerate(nodes)))
    return {"asks": asks, "joins": joins}


async def _timed_ask(node: Node, target: Target) -> float:
    start = perf_counter()
    try:
        await node.ask(Peer(target.node_id) / Desk, Question(1), reply=Question, timeout=ASK_WITHIN)
    except (SendError, RemoteError):
        return float("inf")
    return perf_counter() - start


async def _timed_join(attack: str, target: Target) -> float:
    start = perf_counter()
    async with visitor("joiner", attack, target) as node:
        try:
            to = Peer(target.node_id) / Desk
            await node.ask(to, Question(0), reply=Question, timeout=JOIN_WITHIN, wait_for_peer=True)
        except (SendError, RemoteError):
            return float("inf")
        return perf_counter() - start


async def honest_load(attack: str, endpoint: str) -> None:
    """Stay connected; for each line of standard input, a number of seconds, ask and join so long, and print times."""
    target = Target.at(endpoint, NETWORK)
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(visitor(f"honest{n}", attack, target)) for n in range(STAYING)]
        for node in nodes:
            await node.ask(Peer(target.node_id) / Desk, Question(0), reply=Question, timeout=30, wait_for_peer=True)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await ask_and_join(nodes, attack, target, float(line))), flush=True)
