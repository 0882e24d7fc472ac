"""Accepts streams over pipes: shakes hands side by side, and hands over what is authenticated."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

from ...actors.base import HandshakeFailed, StreamBroken, StreamClosed, new_task
from .endpoint import Endpoint
from .piped_streams import BlockPipe, PipedStreams
from .relayed_stream import RelayedStream
from .transport import HANDSHAKE_TIMEOUT, MAX_PENDING_HANDSHAKES, Refused

__all__ = ["PipedListener"]


class PipedListener:
    """The `Listener` of a transport whose bytes come in pipes: whatever hears of callers says `called`.

    Tasks: one `handshake` for each pipe that is not a stream yet; these feed `accept`.
    """

    def __init__(self, streams: PipedStreams, place: Endpoint, *, on_refused: Refused | None = None) -> None:
        self._streams = streams
        self._place = place.without_peer()
        self._on_refused = on_refused
        #: Called once, in the end; set by the transport.
        self.on_close: Callable[[], object] | None = None
        self._loop = asyncio.get_running_loop()
        self._ready: deque[RelayedStream] = deque()
        self._arrived = asyncio.Event()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._unopened: set[BlockPipe] = set()
        self._closed = False
        self._failure: Exception | None = None

    @property
    def endpoint(self) -> Endpoint:
        """As `Listener.endpoint`."""
        return self._place.with_peer(self._streams.own_id)

    def called(self, pipe: BlockPipe, source: Endpoint | None = None) -> None:
        """Somebody is at the other end of this pipe, who comes from `source`."""
        if self._closed or len(self._handshakes) + len(self._ready) >= MAX_PENDING_HANDSHAKES:
            pipe.close()
            self._refuse(source, HandshakeFailed("busy", f"{MAX_PENDING_HANDSHAKES} connections are pending"))
            return
        task = new_task(self._shake_hands(pipe, source), loop=self._loop, name=f"handshake {source or self._place}")
        self._handshakes.add(task)
        self._unopened.add(pipe)
        task.add_done_callback(partial(self._shook, pipe))

    def lost(self, error: Exception) -> None:
        """Nobody can call any more: `accept` raises StreamBroken, so that the node listens again."""
        self._failure = error
        self._arrived.set()

    async def accept(self) -> RelayedStream:
        """As `Listener.accept`; StreamBroken where it was `lost`."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self._place} was closed")
            if self._failure is not None:
                raise StreamBroken(f"{self._place}: {self._failure}") from self._failure
            self._arrived.clear()
            await self._arrived.wait()
        return self._ready.popleft()

    async def aclose(self) -> None:
        """As `Listener.aclose`."""
        if self._closed:
            return
        self._closed = True
        self._arrived.set()
        if self.on_close is not None:
            self.on_close()
        tasks = tuple(self._handshakes)
        for task in tasks:
            task.cancel()
        while self._ready:
            self._ready.popleft().abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _shook(self, pipe: BlockPipe, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        if pipe in self._unopened:  # it was cancelled before its first step
            self._unopened.discard(pipe)
            pipe.close()

    async def _shake_hands(self, pipe: BlockPipe, source: Endpoint | None) -> None:
        self._unopened.discard(pipe)
        remote = self._place if source is None else source
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                stream = await self._streams.open(pipe, self._place, remote, dialed=False)
        except TimeoutError:
            self._refuse(source, HandshakeFailed("timeout", f"no handshake within {HANDSHAKE_TIMEOUT} s"))
        except StreamBroken as error:
            self._refuse(source, HandshakeFailed("connection", str(error)))
        except Exception as error:  # noqa: BLE001  # whatever a caller can bring about, it is refused for it
            self._refuse(source, error)
        else:
            if self._closed:
                stream.abort()
            self._ready.append(stream)
            self._arrived.set()

    def _refuse(self, source: Endpoint | None, error: Exception) -> None:
        if self._on_refused is not None:
            # Not called from here: a callback that raises must not end a handshake's task.
            self._loop.call_soon(self._on_refused, source, error)
