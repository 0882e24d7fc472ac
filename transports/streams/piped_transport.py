"""The transport of a carrier that knows of blocks only: how to call somebody, and how to hear who calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ...actors.base import DialFailed, ListenFailed, StreamBroken
from .endpoint import Endpoint
from .piped_listener import PipedListener
from .piped_streams import BlockPipe, PipedStreams
from .relayed_stream import RelayedStream
from .schemes import Scheme
from .transport import Refused, expected_peer
from .transport_kind import TransportOptions

__all__ = ["PipedTransport"]


class PipedTransport:
    """As `Transport`. `await call(endpoint)` reaches whoever listens there, and gives the pipe to it.

    `answer(endpoint, listener)` has the listener told of everybody who calls from now on (`called`), and of the end of
    that where it cannot go on (`lost`); it gives what ends it in order, to be called once. Both raise OSError.
    """

    def __init__(
        self,
        scheme: Scheme,
        options: TransportOptions,
        *,
        call: Callable[[Endpoint], Awaitable[BlockPipe]],
        answer: Callable[[Endpoint, PipedListener], Callable[[], object]],
    ) -> None:
        self.schemes: tuple[str, ...] = (scheme.name,)
        self._streams = PipedStreams(options)
        self._call = call
        self._answer = answer

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> RelayedStream:
        """As `Transport.dial`."""
        wanted, place = expected_peer(self, endpoint, expect), endpoint.without_peer()
        try:
            async with asyncio.timeout(max(timeout, 0.0)):
                pipe = await self._call(place)
                return await self._streams.open(pipe, place, place, dialed=True, expect=wanted)
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: no answer within {timeout} s") from error
        except (OSError, StreamBroken) as error:
            raise DialFailed(f"{endpoint}: {error}") from error

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> PipedListener:
        """As `Transport.listen`."""
        expected_peer(self, endpoint, None)
        listener = PipedListener(self._streams, endpoint, on_refused=on_refused)
        try:
            listener.on_close = self._answer(endpoint.without_peer(), listener)
        except OSError as error:
            await listener.aclose()
            raise ListenFailed(f"{endpoint}: {error}") from error
        return listener
