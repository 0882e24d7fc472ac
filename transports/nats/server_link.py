"""A node's place at its NATS servers: one connection for all of its streams, its inboxes and its presence."""

# Law 1. All streams of a node share one connection, and what they grant together stays below what a server keeps for a
#        client before it cuts it off (`max_pending`, 64 MiB): GRANTED, shared out evenly.
# Law 2. A message for a stream that is not there is answered with a reset, and one for a node that is not there by the
#        server (503): whoever writes to nobody hears of it at once.
# Law 3. A link that is lost stays so, and says it to whoever comes later as to whoever was there: it may be lost in the
#        very turn in which somebody was told that it is up.
# Law 4. A server that says that it goes soon (lame duck mode) serves what runs until it does. What begins, and what
#        listens, goes to another one at once, so that all is there when this one hangs up.
# Law 5. Nothing is answered where no node of this network listens: see `Subjects`, law 2.

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from ...actors.base import DialFailed, HandshakeFailed, StreamBroken
from ..streams import HANDSHAKE_WINDOW, MESSAGE_HEAD, RECEIVE_BUFFER, RELAY_RESET, Endpoint, RelayedStream
from .client_protocol import Delivery
from .server_connection import ServerConnection
from .subjects import Subjects, new_token, session_number

__all__ = ["MAX_STREAMS", "PRESENCE", "RelayedSession", "ServerLink"]

#: Bytes that all streams of a node grant together, at most; and what one may have for itself.
GRANTED: Final = 32 * 1024 * 1024
MOST_FOR_ONE: Final = RECEIVE_BUFFER
#: Streams of one connection: with that many each has HANDSHAKE_WINDOW.
MAX_STREAMS: Final = GRANTED // HANDSHAKE_WINDOW
#: Bytes of a message: a share of the link is held for no longer than that.
LARGEST: Final = 64 * 1024
#: The first byte of a dial, of its answer, of a refusal; the version of this way of speaking.
DIAL, TAKEN, REFUSED = b"D", b"T", b"F"
VERSION: Final = 1

#: The number in a subject of sessions where answers about who is there are heard.
PRESENCE: Final = 0

_NOBODY: Final = 503
_SIZE: Final = 4


class RelayedSession:
    """One end of a stream at a server: what carries the messages of a `RelayedStream`."""

    def __init__(self, link: ServerLink, number: int, other: bytes = b"") -> None:
        self._link = link
        self.number = number
        self.subject = link.subjects.session(link.token, number)
        #: Where the other end is heard; empty until it is known.
        self.other = other
        self.stream: RelayedStream | None = None
        self._failure: Exception | None = None
        #: Of a dial: done when it is taken, or refused.
        self.taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def busy(self) -> bool:
        """As `Relay.busy`."""
        return self._link.connection.busy

    @property
    def window(self) -> int:
        """As `Relay.window`."""
        return self._link.window

    @property
    def largest(self) -> int:
        """As `Relay.largest`."""
        return min(LARGEST, max(1, self._link.connection.info.max_payload - MESSAGE_HEAD))

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        """As `Relay.send`."""
        if self.other:
            self._link.connection.publish(self.other, self.subject, parts)

    def closed(self) -> None:
        """As `Relay.closed`. Idempotent."""
        self._link.drop(self)

    async def released(self) -> None:
        """As `Relay.released`."""
        await self._link.released()

    def attach(self, stream: RelayedStream) -> None:
        """From now on that stream has what comes; where this end is lost already, it hears so at once."""
        self.stream = stream
        if self._failure is not None:
            stream.lost(self._failure)

    def heard(self, delivery: Delivery) -> None:
        """Something has come for this end."""
        if delivery.status == _NOBODY:
            self.lost(ConnectionRefusedError("nobody listens there"))
        elif self.stream is not None and self.other:
            self.stream.message(delivery.data)
        elif not self.taken.done():
            self._answered(delivery)

    def lost(self, error: Exception) -> None:
        """The other end, or the server, is gone."""
        self._failure = error
        if not self.taken.done():
            self.taken.set_exception(error)
            self.taken.exception()  # it may be that nobody waits
        if self.stream is not None:
            self.stream.lost(error)

    def _answered(self, delivery: Delivery) -> None:
        kind, size, subject = delivery.data[:1], delivery.data[1 : 1 + _SIZE], delivery.data[1 + _SIZE :]
        if kind == TAKEN and len(size) == _SIZE and self._link.subjects.is_session(subject):
            self.other = subject
            self.taken.set_result(int.from_bytes(size, "big"))
        elif kind == REFUSED:
            self.lost(ConnectionRefusedError("the other side takes no more connections just now"))
        else:
            self.lost(StreamBroken("the other side answers, but not as one that is dialed"))


class ServerLink:
    """See the module. `unused` hears when nothing needs it, and when it is lost, or about to be."""

    def __init__(self, subjects: Subjects, unused: Callable[[ServerLink], None], rng: Random) -> None:
        self.subjects = subjects
        #: Names and jitter.
        self.rng = rng
        self.token = new_token(rng)
        self._unused = unused
        self._sessions: dict[int, RelayedSession] = {}
        #: The same by the subjects at which they are heard: all that most messages need.
        self._at: dict[bytes, RelayedSession] = {}
        self._next = 0
        self._watchers: dict[object, Callable[[Exception], None]] = {}
        #: What hears of a number that is no session's.
        self._listeners: dict[int, Callable[[Delivery], bool]] = {}
        self._users = 0
        self.dead = False
        self._failure: Exception | None = None
        self._connection: ServerConnection | None = None

    @property
    def connection(self) -> ServerConnection:
        """The connection; not before `use`."""
        assert self._connection is not None
        return self._connection

    @property
    def lasts(self) -> bool:
        """It is there for whoever comes: neither lost nor left, and not about to be."""
        return not self.dead and self._failure is None

    def use(self, connection: ServerConnection) -> None:
        """It is there."""
        self._connection = connection
        connection.subscribe(self.subjects.sessions(self.token), self._heard)

    def listen_at(self, number: int, hear: Callable[[Delivery], bool] | None) -> None:
        """Have what comes to that number, which no session has; None: no more."""
        if hear is None:
            self._listeners.pop(number, None)
        else:
            self._listeners[number] = hear

    @property
    def window(self) -> int:
        """Bytes that one stream may grant: see law 1."""
        share = GRANTED // max(1, len(self._sessions))
        return max(HANDSHAKE_WINDOW, min(MOST_FOR_ONE, share))

    @property
    def full(self) -> bool:
        """There are as many streams as may be."""
        return len(self._sessions) >= MAX_STREAMS

    def session(self, other: bytes = b"") -> RelayedSession:
        """A new end of a stream. Raises DialFailed where there are too many, or the link is lost."""
        if self.dead:
            raise DialFailed(f"the NATS server is gone: {self._failure or 'this node has left it'}")
        if self.full:
            raise DialFailed(f"{MAX_STREAMS} streams run over this connection to the NATS server already")
        self._next += 1
        made = self._sessions[self._next] = RelayedSession(self, self._next, other)
        self._at[made.subject] = made
        self.hold()
        return made

    def drop(self, session: RelayedSession) -> None:
        """It is over. Idempotent."""
        if self._sessions.pop(session.number, None) is not None:
            del self._at[session.subject]
            self.let_go()

    async def dial(self, inbox: bytes, tls: ssl.SSLContext, place: Endpoint) -> RelayedStream:
        """A stream to whoever listens there; the caller sets the deadline. Raises OSError, HandshakeFailed."""
        session = self.session()
        stream = None
        try:
            question = (DIAL, bytes([VERSION]), HANDSHAKE_WINDOW.to_bytes(_SIZE, "big"))
            self.connection.publish(inbox, session.subject, question)
            credit = await session.taken
            stream = RelayedStream(session, tls, server_side=False, place=place)
            session.attach(stream)
            stream.opened(credit)
            await stream.ready
        except BaseException:
            if stream is not None:
                stream.abort()
            self.drop(session)
            raise
        return stream

    def answer(self, session: RelayedSession) -> None:
        """Tell whoever dialed that it is taken, and where."""
        self.connection.publish(
            session.other, session.subject, (TAKEN, HANDSHAKE_WINDOW.to_bytes(_SIZE, "big"), session.subject)
        )

    def refuse(self, caller: bytes) -> None:
        """Tell whoever dialed that it is not, if what is told is read."""
        if not self.connection.busy:
            self.connection.publish(caller, b"", (REFUSED,))

    async def anybody(self, inbox: bytes) -> bool:
        """Whether somebody listens there already. Raises DialFailed where the server is lost over the question."""
        session = self.session()
        try:
            self.connection.publish(inbox, session.subject, ())
            await session.taken
        except ConnectionRefusedError as error:
            return "nobody" not in str(error)
        except (StreamBroken, HandshakeFailed) as error:
            if self._failure is not None:  # as one that lets nobody publish there
                raise DialFailed(str(error)) from error
            return True
        finally:
            self.drop(session)
        return True

    # Those that need it.

    def hold(self) -> None:
        """One user more."""
        self._users += 1

    def let_go(self) -> None:
        """One less; the last one closes it."""
        self._users -= 1
        if not self._users and not self.dead:
            self.dead = True
            self._unused(self)
            if self._connection is not None:
                self._connection.close()

    async def released(self) -> None:
        """After `let_go`: wait until the connection is closed, where nobody needs it any more."""
        if self.dead and self._connection is not None:
            await asyncio.wait([self._connection.closed])

    def abandon(self) -> None:
        """Nobody needs it after all."""
        self.hold()
        self.let_go()

    def watch(self, who: object, lost: Callable[[Exception], None]) -> None:
        """`lost` hears when the connection is, at once where it is already."""
        if self._failure is not None:
            lost(self._failure)
        else:
            self._watchers[who] = lost

    def unwatch(self, who: object) -> None:
        """It does not want to hear any more. Idempotent."""
        self._watchers.pop(who, None)

    # What the connection calls.

    def lost(self, error: Exception) -> None:
        """The server is gone, and all streams with it."""
        self._failure = error
        if not self.dead:
            self.dead = True
            self._unused(self)
        for session in list(self._sessions.values()):
            session.lost(error)
        self._tell(error)

    def leaving(self) -> None:
        """The server goes soon: see law 4."""
        if self._failure is None:
            self._failure = StreamBroken("the NATS server is about to go (lame duck mode)")
            self._unused(self)
            self._tell(self._failure)

    def room(self) -> None:
        """The connection takes more."""
        for number in list(self._sessions):
            if self.connection.busy:
                # The others come first the next time.
                session = self._sessions.pop(number)
                self._sessions[number] = session
                return
            served = self._sessions.get(number)
            if served is not None and served.stream is not None:
                served.stream.flush()

    def _tell(self, error: Exception) -> None:
        watchers, self._watchers = self._watchers, {}
        for tell in watchers.values():
            tell(error)

    def _heard(self, delivery: Delivery) -> bool:
        known = self._at.get(delivery.subject)
        if known is not None:
            known.heard(delivery)
            return True
        if not self.subjects.is_session(delivery.subject):
            return False
        number = session_number(delivery.subject)
        if number in self._listeners:
            self._listeners[number](delivery)
        elif self.connection.busy:
            pass  # whoever does not read is told nothing
        elif delivery.data[:1] not in (RELAY_RESET[:1], b"") and self.subjects.is_session(delivery.reply):
            self.connection.publish(delivery.reply, b"", (RELAY_RESET,))
        return False
