"""Accepts streams at an inbox of a NATS server: answers, shakes hands side by side, hands over whoever is proven."""

# Law 1. A dialer is nobody yet: what is kept of it is bounded by `Startups`, as at a socket. A server tells of nobody
#        where he is, so each counts by itself.
# Law 2. A listener whose server is lost raises StreamBroken from `accept`; whoever runs it listens again.

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from functools import partial

from ...actors.base import HandshakeFailed, StreamBroken, StreamClosed
from ..streams import HANDSHAKE_TIMEOUT, Endpoint, Refused, RelayedStream, Startup, Startups
from .client_protocol import Delivery
from .endpoints import at_token, inbox_of
from .presence import NatsPresence
from .server_link import DIAL, VERSION, RelayedSession, ServerLink
from .subjects import token_of

__all__ = ["NatsListener"]

#: Bytes of a dial: its kind, the version, and what is granted.
_DIAL_SIZE = 6


class NatsListener:
    """The `Listener` of an inbox."""

    def __init__(
        self,
        link: ServerLink,
        inbox: bytes,
        endpoint: Endpoint,
        tls: ssl.SSLContext,
        on_refused: Refused | None,
        found: Callable[[tuple[Endpoint, ...]], None] | None = None,
    ) -> None:
        self._link = link
        self._endpoint = endpoint
        self._tls = tls
        self._on_refused = on_refused
        self._loop = asyncio.get_running_loop()
        self._startups = Startups(link.rng)
        self._callers = 0
        #: Those that have not begun.
        self._waiting: dict[Startup, Delivery] = {}
        self._begun: dict[Startup, RelayedStream] = {}
        self._timers: dict[Startup, asyncio.TimerHandle] = {}
        self._next: asyncio.TimerHandle | None = None
        self._ready: deque[RelayedStream] = deque()
        self._arrived = asyncio.Event()
        self._guarded = self._closed = False
        self._failure: Exception | None = None
        link.hold()
        link.watch(self, self._lost)
        self._subscription = link.connection.subscribe(inbox, self._knocked)
        name = inbox_of(endpoint)
        self._presence = None if found is None or name is None else NatsPresence(link, name, endpoint, found)

    @property
    def endpoint(self) -> Endpoint:
        """As `Listener.endpoint`."""
        return self._endpoint

    async def accept(self) -> RelayedStream:
        """As `Listener.accept`; StreamBroken if the server is gone."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self._endpoint} was closed")
            if self._failure is not None:
                raise StreamBroken(f"{self._endpoint}: {self._failure}")
            self._arrived.clear()
            await self._arrived.wait()
        stream = self._ready.popleft()
        if not self._guarded:
            stream.settle()  # whoever took it does not say what becomes of it
        return stream

    def guard(self, known: object) -> None:
        """As `Guarded.guard`; nobody is known by where he is."""
        self._guarded = True

    async def aclose(self) -> None:
        """As `Listener.aclose`."""
        if not self._closed:
            self._shut()
        await self._link.released()

    def _shut(self) -> None:
        self._closed = True
        self._arrived.set()
        self._link.unwatch(self)
        if self._presence is not None:
            self._presence.close()
        if self._next is not None:
            self._next.cancel()
        if not self._link.dead:
            self._link.connection.unsubscribe(self._subscription)
            for delivery in self._waiting.values():
                self._link.refuse(delivery.reply)
        self._waiting.clear()
        for stream in (*self._begun.values(), *self._ready):
            stream.abort()
        self._ready.clear()
        self._link.let_go()

    def _lost(self, error: Exception) -> None:
        self._failure = error
        self._arrived.set()

    # Who knocks.

    def _knocked(self, delivery: Delivery) -> bool:
        self._knock(delivery)
        return False  # nobody yet

    def _knock(self, delivery: Delivery) -> None:
        link = self._link
        if self._closed or not link.subjects.is_session(delivery.reply):
            return
        if not delivery.data:  # whether somebody is here
            link.refuse(delivery.reply)
            return
        data = delivery.data
        if len(data) != _DIAL_SIZE or data[:1] != DIAL or data[1] != VERSION:
            link.refuse(delivery.reply)
            self._refuse(HandshakeFailed("protocol", "dialed in another way than this version knows"))
            return
        self._callers += 1
        now = self._loop.time()
        one, gone = self._startups.arrive(f"caller {self._callers}", now)
        if gone is not None:
            self._evict(gone)
        may = False
        if one is not None and not link.full:
            may, gone = self._startups.spoke(one, now)
            if gone is not None:
                self._evict(gone)
        if one is None or not may:
            if one is not None:
                self._startups.ended(one, "", now)
            link.refuse(delivery.reply)
            self._refuse(HandshakeFailed("busy", f"{len(self._startups)} connections are pending"))
            return
        self._waiting[one] = delivery
        self._timers[one] = self._loop.call_later(HANDSHAKE_TIMEOUT, self._too_late, one)
        self._begin()

    def _begin(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._closed:
            return
        now = self._loop.time()
        begun, gone = self._startups.begin(now)
        for one in gone:
            self._evict(one)
        for one in begun:
            delivery = self._waiting.pop(one)
            if self._link.dead or self._link.full:
                self._settled(one, "")
                continue
            session: RelayedSession = self._link.session(delivery.reply)
            stream = RelayedStream(session, self._tls, server_side=True, place=self._endpoint)
            session.attach(stream)
            stream.remote = at_token(self._endpoint, token_of(delivery.reply))
            self._begun[one] = stream
            stream.ready.add_done_callback(partial(self._shaken, one, stream))
            self._link.answer(session)
            stream.opened(int.from_bytes(delivery.data[2:], "big"))
        due = self._startups.next_due(now)
        if due is not None:
            self._next = self._loop.call_at(due, self._begin)

    def _shaken(self, one: Startup, stream: RelayedStream, ready: asyncio.Future[None]) -> None:
        self._stop_timer(one)
        error = ready.exception()
        if error is not None:
            failed = error if isinstance(error, HandshakeFailed) else HandshakeFailed("connection", str(error))
            known = one in self._begun
            self._settled(one, failed.reason)
            if known:
                self._refuse(failed)
            return
        if self._closed or one not in self._begun:
            stream.abort()
            return
        stream.on_settled = partial(self._settled, one)
        stream.local, stream.remote = self._endpoint, stream.remote.with_peer(stream.peer_id)
        self._ready.append(stream)
        self._arrived.set()

    def _too_late(self, one: Startup) -> None:
        stream = self._begun.get(one)
        if one in self._waiting:
            self._link.refuse(self._waiting.pop(one).reply)
        self._settled(one, "timeout")
        self._refuse(HandshakeFailed("timeout", f"no handshake within {HANDSHAKE_TIMEOUT} s"))
        if stream is not None:
            stream.abort()

    def _evict(self, one: Startup) -> None:
        waiting = self._waiting.pop(one, None)
        stream = self._begun.get(one)
        self._settled(one, "evicted")
        if waiting is not None:
            self._link.refuse(waiting.reply)
        if stream is not None:
            stream.abort()

    def _settled(self, one: Startup, reason: str) -> None:
        self._stop_timer(one)
        self._begun.pop(one, None)
        self._startups.ended(one, reason, self._loop.time())
        if self._waiting and not self._closed:
            self._loop.call_soon(self._begin)

    def _stop_timer(self, one: Startup) -> None:
        timer = self._timers.pop(one, None)
        if timer is not None:
            timer.cancel()

    def _refuse(self, error: Exception) -> None:
        if self._on_refused is not None:
            self._loop.call_soon(self._on_refused, None, error)
