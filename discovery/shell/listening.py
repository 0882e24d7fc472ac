"""Where streams come in: one listener for each place; what loses the ground it stands on listens again by itself.

Tasks: one for each place (waits for: streams, or for the time to listen again; feeds: `came`).
"""

# Law 1. A place that cannot be listened at when the node starts is the operator's mistake, and the node does not start.
# Law 2. One that could, and is lost (a socket that is closed under it, a device that is unplugged, a broker that is
#        gone), is listened at again: soon, then ever less often, for as long as the node runs. At the same port, as
#        others were told; where any port was asked for, at another one if need be.
# Law 3. What a transport's listener raises, whatever it is, is a loss: a node does not go deaf for a fault of it.
# Law 4. Nobody is told of a place while it is lost.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence

from ...actors.base import InFull, StreamClosed, get_logger
from ...actors.bus import Bus
from ...transports.streams import Endpoint, Guarded, Listener, Stream, Transport
from ..facts import ListenerLost, ListenerRestored
from ..peer import Backoff, RetryPolicy
from .repeats import Repeats

__all__ = ["Listening"]

log = get_logger("peerbus.discovery")

#: Seconds between two attempts to listen again.
AGAIN = RetryPolicy(least=0.2, most=60.0)
#: Seconds after which a listener that is lost was a good one: the wait begins anew.
STABLE = 60.0


class Listening:
    """See the module. `name` is the node's, for logs.

    `run` runs a task of this until the node's end, `came` takes each stream, `refused` hears of those that came to
    none. `known`: whether good peers are known to be at an address. `moved` hears that `endpoints` are others now.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        transport: Callable[[Endpoint], Transport],
        *,
        run: Callable[[Coroutine[object, object, None], str], object],
        came: Callable[[Stream], None],
        refused: Callable[[Endpoint | None, Exception], None],
        known: Callable[[str], bool],
        moved: Callable[[], None],
    ) -> None:
        self._name = name
        self._bus = bus
        self._loop = bus.loop
        self._transport = transport
        self._run = run
        self._came = came
        self._refused = refused
        self._known = known
        self._moved = moved
        #: One for each place; None while it is lost.
        self._listeners: list[Listener | None] = []
        self._failures = Repeats()
        self._closed = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where it listens now, with the real ports."""
        return tuple(listener.endpoint for listener in self._listeners if listener is not None)

    async def start(self, endpoints: Iterable[Endpoint]) -> None:
        """Listen at these endpoints. Raises ListenFailed."""
        for number, wanted in enumerate(endpoints):
            self._listeners.append(None)
            listener = await self._listen(number, wanted)
            log.info("listening", node=self._name, endpoint=InFull(listener.endpoint))
            self._run(self._serve(number, wanted, listener), f"accept {listener.endpoint}")

    async def aclose(self) -> None:
        """Listen no more. Idempotent."""
        self._closed = True
        listeners = [listener for listener in self._listeners if listener is not None]
        await asyncio.gather(*(listener.aclose() for listener in listeners), return_exceptions=True)

    async def _listen(self, number: int, place: Endpoint) -> Listener:
        listener = await self._transport(place).listen(place, on_refused=self._refused)
        self._listeners[number] = listener
        if isinstance(listener, Guarded):
            listener.guard(self._known)
        return listener

    async def _serve(self, number: int, wanted: Endpoint, listener: Listener) -> None:
        backoff = Backoff()
        while True:
            since = self._loop.time()
            error = await self._accept(listener)
            if error is None or self._closed:
                return
            if self._loop.time() - since >= STABLE:
                backoff.reset()
            place, why = listener.endpoint.without_peer(), f"{type(error).__name__}: {error}"
            self._listeners[number] = None
            log.warning("listener lost", node=self._name, endpoint=InFull(place), error=why)
            self._bus.publish(ListenerLost(str(place), why))
            self._moved()
            await asyncio.gather(listener.aclose(), return_exceptions=True)
            again = await self._listen_again(number, (place, wanted), backoff)
            if again is None:
                return
            listener = again
            log.info("listening again", node=self._name, endpoint=InFull(listener.endpoint))
            self._bus.publish(ListenerRestored(str(listener.endpoint.without_peer())))
            self._moved()

    async def _accept(self, listener: Listener) -> Exception | None:
        """Take streams until there are no more; returns why, None where the listener was closed here."""
        while True:
            try:
                stream = await listener.accept()
            except StreamClosed as error:
                return None if self._closed else error
            except Exception as error:  # noqa: BLE001  # see law 3
                return error
            self._came(stream)

    async def _listen_again(self, number: int, places: Sequence[Endpoint], backoff: Backoff) -> Listener | None:
        """The new listener, at the first of these places that can be had; None where this was closed meanwhile."""
        thing = str(places[-1])
        while True:
            backoff.failed(self._loop.time(), self._bus.rng, AGAIN)
            await asyncio.sleep(backoff.until - self._loop.time())
            if self._closed:
                return None
            for place in dict.fromkeys(places):
                try:
                    listener = await self._listen(number, place)
                except Exception as error:  # noqa: BLE001  # see law 3
                    told = self._failures.failed(thing, str(error), self._loop.time())
                    if told is not None:
                        text = str(error) or type(error).__name__
                        log.warning("cannot listen again", node=self._name, endpoint=InFull(place), error=text)
                    continue
                self._failures.succeeded(thing, self._loop.time())
                return await self._unless_closed(listener)

    async def _unless_closed(self, listener: Listener) -> Listener | None:
        if self._closed:
            await asyncio.gather(listener.aclose(), return_exceptions=True)
            return None
        return listener
