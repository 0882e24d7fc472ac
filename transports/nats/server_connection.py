"""One TCP connection to a NATS server: greeted, logged in, kept alive; publishing never waits, `busy` says when to."""

# Law 1. Nothing is published to a server before it has shown what it asks for: TLS where the operator asks for it, also
#        where the server does not.
# Law 2. What was published before `close` arrives: closing with bytes unread would reset the connection, so the server
#        is asked to answer first.
# Law 3. A server that is silent for LIVE seconds is gone.
# Law 4. Each step of opening it looks whether it is still there: it may be lost in the turn in which a step succeeded,
#        and then nothing would ever come of the next one.
# Law 5. What carries nothing for a stream has no claim to this node's time: MOST_IDLE of it, then all others of the
#        event loop have as long as that took. Nor to its memory: what nobody reads is not answered.

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, cast

from ...actors.base import DialFailed, StreamBroken
from .client_protocol import (
    PING,
    PONG,
    BrokenProtocol,
    Delivery,
    Event,
    ServerError,
    ServerInfo,
    ServerReader,
    ServerWord,
    connect,
    publish,
    subscribe,
    unsubscribe,
)
from .login import Login

__all__ = ["Connect", "ServerConnection", "open_connection"]

#: Bytes that wait to be sent beyond which writers had better wait.
HIGH: Final = 256 * 1024
#: Seconds between two questions whether the server is there, and after which one that does not answer is gone.
ASK_EVERY: Final = 10.0
LIVE: Final = 25.0
#: Seconds for a server to answer the last question.
PARTING: Final = 1.0
#: Bytes that a message has to be allowed to have: one that says where a node is heard has a hundred.
LEAST_PAYLOAD: Final = 128
#: Lines and messages that carry nothing for a stream and are looked at in one turn of the loop: about 2 ms.
MOST_IDLE: Final = 256

#: Hears of a message; says whether it was one of a stream.
Receiver = Callable[[Delivery], bool]
#: Connects a protocol to a host and a port, as the event loop's `create_connection`.
Connect = Callable[[Callable[[], asyncio.Protocol], str, int], Awaitable[tuple[asyncio.Transport, asyncio.Protocol]]]


class ServerConnection(asyncio.Protocol):
    """See the module. `on_lost` hears once that it is over, `room` that it is `busy` no longer."""

    def __init__(self, lost: Callable[[Exception], None], room: Callable[[], None]) -> None:
        self.on_lost, self._room = lost, room
        #: Hears that the server goes soon, and hangs up then.
        self.on_leaving: Callable[[], None] = lambda: None
        self._reader = ServerReader()
        self._loop = asyncio.get_running_loop()
        self._receivers: dict[int, Receiver] = {}
        self._next = 0
        self._transport: asyncio.Transport | None = None
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._why: Exception | None = None
        self._closing = False
        #: What has come, and waits for its turn; what came behind it.
        self._rest: Iterator[Event] | None = None
        self._behind: list[bytes] = []
        self._turn: asyncio.TimerHandle | None = None
        self.greeted: asyncio.Future[ServerInfo] = self._loop.create_future()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.busy = False
        self.info = ServerInfo()
        #: What the server was shown, in words.
        self._shown = ""

    # What a caller does.

    def say_hello(self, login: Login) -> None:
        """Log in; `ready` is done once the server has let this in."""
        self._shown = login.shown
        options: dict[str, object] = {
            "verbose": False,
            "pedantic": False,
            "headers": True,
            "no_responders": True,
            "echo": True,
            "lang": "python",
            "version": "peerbus",
            "protocol": 1,
            **login.answer(self.info),
        }
        self._write(connect(options) + PING)
        self._timer = self._loop.call_later(ASK_EVERY, self._ask)

    def publish(self, subject: bytes, reply: bytes, parts: Sequence[bytes | memoryview]) -> None:
        """Publish, as one message; nothing where the connection is over."""
        self._write(publish(subject, reply, parts))

    def subscribe(self, subject: bytes, receive: Receiver) -> int:
        """Have what is published there; returns what `unsubscribe` takes."""
        self._next += 1
        self._receivers[self._next] = receive
        self._write(subscribe(subject, self._next))
        return self._next

    def unsubscribe(self, number: int) -> None:
        """Have no more of it. Idempotent."""
        if self._receivers.pop(number, None) is not None:
            self._write(unsubscribe(number))

    def check(self) -> None:
        """Raise OSError where it is over."""
        if self.closed.done():
            raise ConnectionResetError(str(self._why))

    def close(self) -> None:
        """Close it once the server has all that was published; see law 2. Idempotent."""
        if not self._closing and self._transport is not None and not self._transport.is_closing():
            self._closing = True
            self._write(PING)
            self._stop_timer()
            self._timer = self._loop.call_later(PARTING, self._transport.abort)

    def abort(self, error: Exception | None = None) -> None:
        """End it at once."""
        self._why = self._why or error
        if self._transport is not None:
            self._transport.abort()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As `asyncio.Protocol`; again once TLS is up, and what came before that counts no more."""
        self._reader, self._rest = ServerReader(), None
        self._behind.clear()
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclasses
        self._transport.set_write_buffer_limits(high=HIGH)

    def connection_lost(self, exc: Exception | None) -> None:
        """As `asyncio.Protocol`."""
        self._stop_timer()
        self._why = error = self._why or exc or ConnectionResetError("the NATS server hung up")
        for waiting in (self.greeted, self.ready):
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # it may be that nobody waits
        if not self.closed.done():
            self.closed.set_result(None)
        self._receivers.clear()
        self._rest = None
        self._behind.clear()
        self.on_lost(StreamBroken(str(error)))

    def pause_writing(self) -> None:
        """As `asyncio.Protocol`."""
        self.busy = True

    def resume_writing(self) -> None:
        """As `asyncio.Protocol`."""
        self.busy = False
        self._room()

    def data_received(self, data: bytes) -> None:
        """As `asyncio.Protocol`."""
        self._heard = self._loop.time()
        if self._rest is not None:  # a transport may hand over what it had read already
            self._behind.append(data)
        else:
            self._take(self._reader.feed(data))

    # Private.

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _take(self, events: Iterator[Event]) -> bool:
        """Look at what has come, see law 5; whether that was all of it."""
        began, idle = self._loop.time(), 0
        try:
            for event in events:
                if not self._event(event):
                    idle += 1
                    if idle >= MOST_IDLE and self._transport is not None:
                        self._rest = events
                        self._transport.pause_reading()
                        self._turn = self._loop.call_later(self._loop.time() - began, self._go_on)
                        return False
        except BrokenProtocol as error:
            self.abort(error)
        return True

    def _go_on(self) -> None:
        rest, self._rest = self._rest, None
        if rest is None or self._transport is None or not self._take(rest):
            return
        while self._behind:
            if not self._take(self._reader.feed(self._behind.pop(0))):
                return
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _event(self, event: Event) -> bool:
        """Whether it carried something for a stream."""
        if isinstance(event, Delivery):
            receive = self._receivers.get(event.subscription)
            return receive is not None and receive(event)
        if isinstance(event, ServerWord):
            self._word(event.name)
        elif isinstance(event, ServerError):
            self._refused(event.text)
        else:
            self.info = event
            if not self.greeted.done():
                self.greeted.set_result(event)
            elif event.ldm:
                self.on_leaving()
        return False

    def _word(self, name: str) -> None:
        if name == "PING":
            if not self.busy:
                self._write(PONG)
        elif name == "PONG" and not self.ready.done():
            self.ready.set_result(None)
        elif name == "PONG" and self._closing and self._transport is not None:
            self._transport.close()

    def _refused(self, text: str) -> None:
        # Most errors end the connection; one that concerns a single subject does not, and is then a matter of rights.
        login = f" (it was shown {self._shown})" if text.lower().startswith("authorization") else ""
        error = ConnectionRefusedError(f"the NATS server says: {text[:200]}{login}")
        if not self.ready.done() or text.lower().startswith(("permissions violation", "stale", "slow consumer")):
            self.abort(error)
        else:
            self._why = error

    def _ask(self) -> None:
        if self._loop.time() - self._heard > LIVE:
            self.abort(TimeoutError(f"the NATS server was silent for {LIVE:.0f} s"))
            return
        self._write(PING)
        self._timer = self._loop.call_later(ASK_EVERY, self._ask)

    def _stop_timer(self) -> None:
        for timer in (self._timer, self._turn):
            if timer is not None:
                timer.cancel()


async def open_connection(
    host: str,
    port: int,
    *,
    login: Login,
    tls: ssl.SSLContext | None,
    lost: Callable[[Exception], None],
    room: Callable[[], None],
    leaving: Callable[[], None] = lambda: None,
    connect: Connect | None = None,
) -> ServerConnection:
    """Connect, by `connect` where that is given, and log in; the caller sets the deadline.

    Raises DialFailed; whatever ends it, nothing is left behind.
    """
    loop = asyncio.get_running_loop()
    made: list[ServerConnection] = []

    def protocol() -> ServerConnection:
        made.append(ServerConnection(lambda error: None, room))
        return made[0]

    try:
        transport, _ = await (connect or loop.create_connection)(protocol, host, port)
        (connection,) = made
        info = await connection.greeted
        connection.check()
        if tls is not None and not (info.tls_required or info.tls_available):
            raise ConnectionRefusedError("the NATS server has no TLS, and tls is asked for")
        if tls is not None or info.tls_required:
            secured = await loop.start_tls(
                transport, connection, tls or ssl.create_default_context(), server_hostname=host
            )
            if secured is None:
                raise ConnectionResetError("the connection was lost")
            connection.connection_made(secured)
        connection.say_hello(login)
        await connection.ready
        connection.check()
        if not connection.info.headers:
            raise ConnectionRefusedError("the NATS server knows no headers: 2.2 or newer is needed")
        if connection.info.ldm:
            raise ConnectionRefusedError("the NATS server is about to go (lame duck mode)")
        if connection.info.max_payload < LEAST_PAYLOAD:
            most = connection.info.max_payload
            raise ConnectionRefusedError(
                f"the NATS server takes messages of {most} bytes (max_payload), {LEAST_PAYLOAD} are needed"
            )
    except BaseException as error:
        for each in made:
            each.abort()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([each.closed], timeout=0)
        if isinstance(error, (OSError, StreamBroken)):
            raise DialFailed(f"nats://{host}:{port}: {error or type(error).__name__}") from error
        raise
    connection.on_lost, connection.on_leaving = lost, leaving  # from now on there is somebody to tell
    return connection
