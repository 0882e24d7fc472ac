"""The receiving host: a node that counts what comes, and beside it a plain socket that does."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sys
import tempfile
import threading
from functools import partial
from time import monotonic

from peerbus.actors import Channel, Message, Reactor, handles
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.node.blocksync import Blocks

__all__ = ["CHANNELS", "Count", "Counted", "Sink", "Urgent", "Wide", "serve"]

NETWORK = "wan"
#: Bytes that a peer may make the node hold: the window that never binds is one that a node's own limit would not grant.
_MEMORY = 1 << 29
#: Bytes of one read of the plain socket.
_READ = 1 << 18


#: Messages that were taken, by channel.
TAKEN: dict[str, list[int]] = {}


class Chunk(Message):
    """That many bytes."""

    data: bytes


class Count(Message):
    """How many have come on that channel?"""

    channel: str = ""


class Counted(Message):
    """Messages that a channel has taken, and the receiver's clock in seconds."""

    messages: int
    at: float


class Sink(Reactor):
    """Takes what comes, with the window that a channel has if nothing is said."""

    channel = Channel("sink", messages=(Chunk,), max_message=2 << 20, timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self._taken = TAKEN.setdefault(self.channel.name, [0])

    @handles(Chunk)
    def take(self, _: Chunk) -> int:
        self._taken[0] += 1
        return self._taken[0]


class Wide(Sink):
    """The same with a window that never binds: 100 MB/s and 400 000 messages a second are on their way for 0.3 s."""

    channel = Channel(
        "wide",
        messages=(Chunk,),
        max_message=2 << 20,
        timeout=60.0,
        window=1 << 18,
        window_bytes=1 << 27,
        mailbox=1 << 18,
    )


class Urgent(Reactor):
    """Answers at once, before all others."""

    channel = Channel("urgent", messages=(Count, Counted), priority=255)

    @handles(Count)
    def count(self, request: Count) -> Counted:
        return Counted(TAKEN.get(request.channel, [0])[0], monotonic())


CHANNELS = (Sink.channel, Wide.channel, Urgent.channel)


def serve(address: str, heartbeat: float, size: int) -> None:
    """Print the node's endpoint and the port of the plain socket, until standard input ends.

    It serves a file of `size` bytes, too.
    """
    with socket.create_server((address, 0)) as plain, tempfile.NamedTemporaryFile() as file:
        file.write(random.Random(1).randbytes(size))
        file.flush()
        threading.Thread(target=_count, args=(plain,), daemon=True).start()
        asyncio.run(_serve(address, plain.getsockname()[1], heartbeat, file.name))


async def _serve(address: str, port: int, heartbeat: float, file: str) -> None:
    async with Node(
        "receiver",
        network=NETWORK,
        listen=[f"tcp://{address}:0"],
        offers={"archive"},
        reactors=[Sink, Wide, Urgent, partial(Blocks, file)],
        heartbeat=heartbeat,
        options=PeerOptions(peer_memory=_MEMORY),
        shutdown_timeout=0.5,
    ) as node:
        print(node.endpoints[0], port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _count(plain: socket.socket) -> None:
    """Of each connection: take bytes, and after the half that is marked by the first two numbers say how fast."""
    while True:
        try:
            connection, _ = plain.accept()
        except OSError:
            return
        with connection:
            warm, seconds = (float(word) for word in connection.recv(64).split())
            connection.sendall(b"go")
            began = monotonic()
            count = 0
            while (now := monotonic()) < began + warm + seconds:
                data = connection.recv(_READ)
                if not data:
                    break
                if now >= began + warm:
                    count += len(data)
            connection.sendall(f"{count / seconds}".encode())
            # Closed with bytes unread it would be reset, and what it said be lost with it.
            with contextlib.suppress(OSError):
                while connection.recv(_READ):
                    pass
