"""Makes streams of whatever carries blocks of bytes in order, both ways: TLS 1.3 with the node's key, buffers, ends.

Between such a pipe and a stream stands a pair of sockets, so that a transport needs to know of blocks only.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Sequence
from typing import Final, Protocol

from ...actors.base import HandshakeFailed, new_task
from .endpoint import Endpoint, why_another
from .socket_handshake import open_stream
from .socket_stream import SocketStream
from .tls import client_context, server_context
from .transport import FLUSH_TIMEOUT
from .transport_kind import TransportOptions

__all__ = ["BlockPipe", "PipedStreams"]

#: Bytes that one block has at most.
BLOCK: Final = 16 * 1024
#: Seconds between two looks whether a stream is gone whose pipe takes nothing.
LOOK: Final = 0.1


class BlockPipe(Protocol):
    """Carries blocks of 1 to `BLOCK` bytes, each once and in order, or fails; an empty one says that no more come.

    What raises OSError ends the stream: where no empty block came before, as a broken one.
    """

    async def send(self, block: bytes) -> None:
        """Send a block, waiting while the other side takes none. Raises OSError."""
        ...

    async def receive(self) -> bytes:
        """Wait for the next block. Raises OSError."""
        ...

    def close(self) -> None:
        """It is not needed any more. Called once."""
        ...


class PipedStreams:
    """Of one node; made by its transport.

    Tasks: one for each stream, which has two (wait for: the pipe, the stream; feed: the other one). It ends with the
    stream, or `FLUSH_TIMEOUT` seconds later where the pipe takes nothing.
    """

    def __init__(self, options: TransportOptions) -> None:
        #: The node's id, as the other side sees it proven.
        self.own_id: str = options.identity.node_id
        self._server_tls = server_context(options.identity)
        self._client_tls = client_context(options.identity)
        self._carrying: set[asyncio.Task[None]] = set()

    async def open(
        self, pipe: BlockPipe, local: Endpoint, remote: Endpoint, *, dialed: bool, expect: str | None = None
    ) -> SocketStream:
        """A stream over a pipe that nothing was received from; the caller sets the deadline.

        `expect`: the node that must be there. Whatever ends it, the pipe is closed. Raises HandshakeFailed, OSError.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        task = new_task(_carry(pipe, theirs), loop=asyncio.get_running_loop(), name=f"peerbus pipe {remote}")
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        stream = await open_stream(ours, tls=self._client_tls if dialed else self._server_tls, server_side=not dialed)
        stream.place(local, remote, own_id=self.own_id)
        why = why_another(expect, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        return stream


async def _carry(pipe: BlockPipe, end: socket.socket) -> None:
    """Carry until both sides have ended, or one is gone."""
    loop, gone = asyncio.get_running_loop(), select.poll()
    both = [new_task(work(pipe, end), loop=loop, name=work.__name__) for work in (_in, _out)]
    gone.register(end, 0)
    looks = int(FLUSH_TIMEOUT / LOOK)
    try:
        while looks:
            done, going = await asyncio.wait(both, timeout=LOOK, return_when=asyncio.FIRST_EXCEPTION)
            if not going or _failed(list(done)):
                break
            looks -= bool(gone.poll(0))
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        end.close()
        pipe.close()


def _failed(tasks: Sequence[asyncio.Task[None]]) -> bool:
    return any(task.exception() is not None for task in tasks)


async def _in(pipe: BlockPipe, end: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while block := await pipe.receive():
        with contextlib.suppress(ConnectionError):  # the stream is gone: what comes is dropped until the end
            await loop.sock_sendall(end, block)
    end.shutdown(socket.SHUT_WR)


async def _out(pipe: BlockPipe, end: socket.socket) -> None:
    loop, block = asyncio.get_running_loop(), b"?"
    while block:
        try:
            block = await loop.sock_recv(end, BLOCK)
        except ConnectionResetError:  # it was closed with bytes unread (unix(7)): what it sent before is there still
            continue
        await pipe.send(block)
