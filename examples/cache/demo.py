"""All of it by itself: three replicas as processes; one is killed, misses a write, and is repaired."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import Process, create_subprocess_exec
from pathlib import Path

from peerbus.actors import LOCAL, RemoteError
from peerbus.discovery import PeerDown, PeerUp
from peerbus.node import Node

from .client import Cache, Get, Put, Repaired
from .nodes import client_node

NAMES = ("ada", "bob", "eve")


class Replicas:
    """Their processes, each with a file of its own."""

    def __init__(self, folder: Path, network: str) -> None:
        self._folder, self._network = folder, network
        self._processes: dict[str, Process] = {}

    async def start(self, name: str) -> None:
        words = ("replica", name, "--file", str(self._folder / f"{name}.db"), "--here", "--network", self._network)
        command = (sys.executable, "-m", __package__ or "cache", *words)
        # In a session of its own: Ctrl-C is for the demo, which ends what it has started.
        self._processes[name] = await create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, start_new_session=True
        )

    async def kill(self, name: str) -> None:
        self._processes[name].kill()
        await self._processes[name].wait()

    async def end(self) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def demo() -> None:
    network = f"cache-{os.getpid()}"  # of its own: two runs at once do not meet
    with tempfile.TemporaryDirectory(prefix="cache-") as folder:
        replicas = Replicas(Path(folder), network)
        try:
            async with client_node(len(NAMES), network, here=True) as client:
                await show(client, replicas)
        finally:
            await replicas.end()


async def show(client: Node, replicas: Replicas) -> None:
    for name in NAMES:
        await replicas.start(name)
    await until(client, 3)
    say(f"three replicas: {', '.join(NAMES)}. A write is done when two have it, a read asks two")
    await put(client, "blue")
    await get(client)

    await replicas.kill("ada")
    await until(client, 2)
    say("\nada is killed. Two are a majority still")
    await put(client, "green")
    await get(client)

    await replicas.start("ada")
    await until(client, 3)
    await replicas.kill("bob")
    await until(client, 2)
    say("\nada is back with what it had, which is blue. Then bob is killed, so every read asks ada and eve")
    with client.subscribe(Repaired) as repaired:
        await get(client)
        fact = await repaired.get()
        say(f"  {len(fact.replicas)} replica had something older, and has {fact.entry.value!r} now")
    await get(client)

    await replicas.kill("eve")
    await until(client, 1)
    say("\neve is killed as well. One of three is no majority: no answer, rather than a wrong one")
    await get(client)


async def put(client: Node, value: str) -> None:
    version = await client.ask(LOCAL / Cache, Put("colour", value))
    say(f"  put colour {value!r}: version {version.number}")


async def get(client: Node) -> None:
    try:
        say(f"  get colour: {await client.ask(LOCAL / Cache, Get('colour'))!r}")
    except RemoteError as error:
        say(f"  get colour: {error.code}")


async def until(client: Node, peers: int) -> None:
    """Until that many replicas are connected."""
    with client.subscribe(PeerUp, PeerDown) as news:
        while len(client.peers) != peers:
            await news.get()


def say(text: str) -> None:
    print(text, flush=True)
