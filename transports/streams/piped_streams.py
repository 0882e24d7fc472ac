"""Makes streams of whatever carries blocks of bytes in order, both ways: TLS 1.3 with the node's key, buffers, ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from ...actors.base import HandshakeFailed, StreamBroken, new_task
from .endpoint import Endpoint
from .identity import id_mismatch
from .relay_flow import MESSAGE_HEAD
from .relayed_stream import HANDSHAKE_WINDOW, RelayedStream
from .tls import client_context, server_context
from .transport import FLUSH_TIMEOUT, RECEIVE_BUFFER
from .transport_kind import TransportOptions

__all__ = ["BlockPipe", "PipedStreams"]

#: Bytes that one block has at most.
BLOCK: Final = 16 * 1024
#: Bytes of blocks that wait for the pipe beyond which the stream had better wait: what is there for the next turns.
WAITING: Final = 4 * BLOCK


class BlockPipe(Protocol):
    """Carries blocks of 1 to `BLOCK` bytes, each once, whole and in order, or fails: what raises OSError or EOFError
    breaks the stream. The side that ends a stream says so in its last block, so a pipe needs no end of its own.
    """

    async def send(self, block: bytes) -> None:
        """Send a block, waiting while the other side takes none. Raises OSError, EOFError."""
        ...

    async def receive(self) -> bytes:
        """Wait for the next block. Raises OSError, EOFError."""
        ...

    def close(self) -> None:
        """It is not needed any more. Called once."""
        ...


class _PipeRelay:
    """Carries the messages of one stream, each as a block.

    Tasks, which end with the stream: `send` (waits for: what the stream sends, the pipe), or FLUSH_TIMEOUT seconds
    later where the pipe takes nothing; `receive` (waits for: the pipe; feeds: the stream).
    """

    window = RECEIVE_BUFFER
    largest = BLOCK - MESSAGE_HEAD

    def __init__(self, pipe: BlockPipe) -> None:
        self._pipe = pipe
        self._stream: RelayedStream | None = None
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._over = False
        self._more = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._patience: asyncio.TimerHandle | None = None

    def carry(self, stream: RelayedStream) -> None:
        """Begin."""
        self._stream = stream
        loop = asyncio.get_running_loop()
        self._tasks = [
            new_task(work, loop=loop, name=f"peerbus pipe {stream.remote}: {what}")
            for work, what in ((self._receive(stream), "receive"), (self._send(stream), "send"))
        ]
        self._tasks[1].add_done_callback(self._sent)

    @property
    def busy(self) -> bool:
        """As `Relay.busy`."""
        return self._size > WAITING

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        """As `Relay.send`."""
        if not self._over:
            block = b"".join(parts)
            self._waiting.append(block)
            self._size += len(block)
            self._more.set()

    def closed(self) -> None:
        """As `Relay.closed`. Idempotent."""
        if not self._over:
            self._over = True
            self._more.set()
            self._tasks[0].cancel()
            self._patience = asyncio.get_running_loop().call_later(FLUSH_TIMEOUT, self._tasks[1].cancel)

    async def released(self) -> None:
        """As `Relay.released`."""
        await asyncio.wait(self._tasks)

    async def _receive(self, stream: RelayedStream) -> None:
        try:
            while True:
                stream.message(await self._pipe.receive())
        except Exception as error:  # noqa: BLE001  # whatever it is, its stream is over
            self._failed(stream, error)

    async def _send(self, stream: RelayedStream) -> None:
        waiting = self._waiting
        try:
            while waiting or not self._over:
                while waiting:
                    block = waiting.popleft()
                    await self._pipe.send(block)
                    was_busy = self.busy
                    self._size -= len(block)
                    if was_busy and not self.busy:
                        stream.flush()
                if not self._over:
                    self._more.clear()
                    await self._more.wait()
        except Exception as error:  # noqa: BLE001  # whatever it is, its stream is over
            self._failed(stream, error)

    @staticmethod
    def _failed(stream: RelayedStream, error: Exception) -> None:
        stream.lost(StreamBroken(str(error) or type(error).__name__))
        if not isinstance(error, OSError | EOFError):
            told = {"message": f"the pipe to {stream.remote} has a mistake", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks[0].cancel()
        if self._patience is not None:
            self._patience.cancel()
        self._pipe.close()


class PipedStreams:
    """Of one node; made by its transport."""

    def __init__(self, options: TransportOptions) -> None:
        #: The node's id, as the other side sees it proven.
        self.own_id: str = options.identity.node_id
        self._server_tls = server_context(options.identity)
        self._client_tls = client_context(options.identity)

    async def open(
        self, pipe: BlockPipe, local: Endpoint, remote: Endpoint, *, dialed: bool, expect: str | None = None
    ) -> RelayedStream:
        """A stream over a pipe that nothing was received from; the caller sets the deadline.

        `expect`: the node that must be there. Whatever ends it, the pipe is closed. Raises HandshakeFailed,
        StreamBroken.
        """
        relay = _PipeRelay(pipe)
        tls = self._client_tls if dialed else self._server_tls
        stream = RelayedStream(relay, tls, server_side=not dialed, place=remote)
        relay.carry(stream)
        try:
            stream.opened(HANDSHAKE_WINDOW)
            await stream.ready
            why = id_mismatch(expect, stream.peer_id)
            if why is not None:
                raise HandshakeFailed("node_id", why)
        except BaseException:
            stream.abort()
            raise
        stream.local, stream.remote = local.with_peer(self.own_id), remote.with_peer(stream.peer_id)
        return stream
