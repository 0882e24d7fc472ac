"""The contracts of a byte stream, of what accepts streams and of what opens them.

Laws, which `peerbus.testing.suites.transport_suite` checks on every implementation:

1.  Bytes arrive once, in order, unchanged, or the stream ends with an error.
2.  Every buffer is bounded: a reader that stops reading makes the writer's `drain` wait.
3.  There are no half-closed streams. Once the end of the other side's bytes has arrived, what came
    before it can still be read, and `write` raises.
4.  What is authenticated, is authenticated before `dial` or `accept` hands the stream over.
5.  Whatever is closed, cancelled or failed leaves no task, socket or file behind.
6.  Time is the running loop's `loop.time()`, so that a simulation can run everything on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from .endpoint import Endpoint, check_node_id

__all__ = [
    "FLUSH_TIMEOUT",
    "Filling",
    "Guarded",
    "HANDSHAKE_TIMEOUT",
    "HIGH_WATER",
    "LOW_WATER",
    "MAX_CHUNK",
    "MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND",
    "MAX_PENDING_HANDSHAKES",
    "RECEIVE_BUFFER",
    "WHOLE_HERE",
    "Listener",
    "Meeting",
    "ManyPlaces",
    "Narrowing",
    "Pausing",
    "Provisional",
    "Pushing",
    "Refused",
    "Retaining",
    "Sizing",
    "ByteStream",
    "Stream",
    "Transport",
    "expected_peer",
]

#: Most bytes that one `read` returns: what one socket read of asyncio and uvloop can bring.
MAX_CHUNK: Final = 256 * 1024
#: Unread bytes above which a stream stops reading: the credit window of one channel (1 MiB), so
#: that a reader which is busy for a moment does not stall the sender.
RECEIVE_BUFFER: Final = 1024 * 1024
#: Unsent bytes above which `writable` turns False: asyncio's own default, four 16 KiB chunks.
HIGH_WATER: Final = 64 * 1024
#: Unsent bytes below which `writable` turns True again; asyncio's ratio too.
LOW_WATER: Final = HIGH_WATER // 4
#: Bytes of a body that a stream which stays on this machine takes in one piece: 1 MiB and what stands around it. In 65
#: parts, each with a PING, it took twice the processor time (5.2–7.7 ms for 2.7–4.2, ask and answer, with TLS).
WHOLE_HERE: Final = 1024 * 1024 + 4096
#: Seconds that `aclose` waits for written bytes to leave, before it aborts.
FLUSH_TIMEOUT: Final = 1.0
#: Seconds that an unknown caller has to prove who it is.
HANDSHAKE_TIMEOUT: Final = 5.0
#: Connections of one memory listener that are not yet taken by `accept`; sockets have `Startups`.
MAX_PENDING_HANDSHAKES: Final = 64
#: New connections a second from one address (for IPv6 from one /64): 50 cost a quarter of a core.
MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND: Final = 50

#: Told of every connection that a listener refused: from where, if known, and why.
Refused = Callable[[Endpoint | None, Exception], None]


@runtime_checkable
class ByteStream(Protocol):
    """Two ordered flows of bytes to one other node; nothing about messages.

    One task reads at a time (a second one gets RuntimeError); writing never waits, so any number
    of callers on the loop's thread may write.
    """

    @property
    def local(self) -> Endpoint:
        """This side; the other side's `remote`."""
        ...

    @property
    def remote(self) -> Endpoint:
        """The other side; its `peer_id` is the authenticated one, as `peer_id` here."""
        ...

    @property
    def peer_id(self) -> str | None:
        """The node id that the other side has *proven*; None where the stream proves nothing."""
        ...

    @property
    def secure(self) -> bool:
        """Whether nobody in between can read or change the bytes."""
        ...

    async def read(self) -> bytes:
        """Wait for bytes and return them: 1 to MAX_CHUNK; b"" at the clean end and ever after.

        Raises: StreamBroken, after the last bytes that arrived; StreamClosed if closed here, also
        while waiting.
        """
        ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Queue bytes to be sent, never waiting; the caller may change `data` afterwards.

        Raises: StreamClosed; StreamBroken if the other side closed, or the network failed.
        """
        ...

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """Queue the parts as `write` would queue them joined. Raises: as `write`."""
        ...

    @property
    def writable(self) -> bool:
        """False above HIGH_WATER unsent bytes, until LOW_WATER; a hint, `write` works anyway."""
        ...

    async def drain(self) -> None:
        """Wait until `writable`. Raises: StreamClosed, StreamBroken."""
        ...

    async def aclose(self) -> None:
        """Send what was written, for at most FLUSH_TIMEOUT seconds, then end the stream.

        Idempotent; when cancelled the stream is aborted instead. Never raises for a broken stream.
        """
        ...

    def abort(self) -> None:
        """End the stream at once; what was not sent is lost. Idempotent."""
        ...


#: As transports call it among themselves.
Stream = ByteStream


@runtime_checkable
class Pushing(Protocol):
    """A stream that can hand over bytes in the very turn of the loop in which they arrive, with no reader to wake."""

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with all bytes from now on, those that wait already first; `read` then tells the end only.

        `receive` takes whatever comes, and raises nothing.
        """
        ...


@runtime_checkable
class Pausing(Protocol):
    """A stream whose source can be told to wait: its bytes stay with the kernel, and then with the other side."""

    def pause(self) -> None:
        """Hand over no more bytes than are here already. Idempotent."""
        ...

    def resume(self) -> None:
        """Go on. Idempotent."""
        ...


@runtime_checkable
class Retaining(Protocol):
    """A stream that says how much it holds: that counts in what a peer may make its node hold."""

    @property
    def retained(self) -> int:
        """Bytes of memory of what came and is not handed over, and of what was written and has not left."""
        ...


@runtime_checkable
class Filling(Protocol):
    """A stream that pushes, and that can read into a place of its reader's: what is large is copied once less."""

    def fill(self, place: memoryview, came: Callable[[int], None]) -> None:
        """Put what comes next there, in place of handing it over, until that is full; `came(size)` hears of each read.

        When it hears of the last one, bytes are handed over again. Called while no bytes wait here, as in the call by
        which bytes are handed over. `came` raises nothing.
        """
        ...


@runtime_checkable
class Narrowing(Protocol):
    """A stream over a path that may drop large packets, and whose next dial can do with smaller ones."""

    def looks_narrow(self) -> bool:
        """Whether the path looks like that now, or did at the last look before its end. Ask from time to time."""
        ...

    def too_wide(self) -> bool:
        """Whether this side has seen the path to be narrow before, and the dialer does not know: tell it, once."""
        ...

    async def apart(self) -> None:
        """What is written next shares no packet with what was written before."""
        ...

    def narrow(self) -> None:
        """Dial the machine on the other side with smaller packets next time, whichever side dialed this one."""
        ...


@runtime_checkable
class Sizing(Protocol):
    """A stream that says in which sizes it is best written to; of another a path is assumed, and measured."""

    @property
    def whole(self) -> int | None:
        """Bytes of a body that may go in one piece while nothing else waits, as that passes in a few milliseconds.

        Such a stream stays on this machine, and what it holds at most passes soon: nothing is measured there, and only
        larger bodies are held back. None: it travels a path. It stays what it is.
        """
        ...


@runtime_checkable
class Meeting(Protocol):
    """A transport at whose places nodes hear of each other, as at a broker: whoever listens there says so."""

    def meet(self, found: Callable[[tuple[Endpoint, ...]], None]) -> None:
        """Before it listens: call `found` with the places of all others there, whenever these are others.

        Nothing is proven of them, not even that somebody is there.
        """
        ...


@runtime_checkable
class Listener(Protocol):
    """Accepts streams on one endpoint."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens: the real port, and this node's id where streams are authenticated."""
        ...

    async def accept(self) -> Stream:
        """Wait for the next stream; it is authenticated already.

        Handshakes run side by side: a hanging or failing one delays no other stream. Raises:
        StreamClosed after `aclose`, also while waiting.
        """
        ...

    async def aclose(self) -> None:
        """Stop listening and drop what `accept` has not taken; streams that it took live on.

        Idempotent.
        """
        ...


@runtime_checkable
class Guarded(Protocol):
    """A listener that shares out what is not judged yet by where it comes from, and hears how each was judged."""

    def guard(self, known: Callable[[str], bool]) -> None:
        """From now on streams count against the listener until they are settled or gone.

        `known`: whether good peers are known to be at an address; a reserve is kept for those.
        """
        ...


@runtime_checkable
class Provisional(Protocol):
    """A stream that counts against its listener until somebody says what became of it."""

    def settle(self, reason: str = "") -> None:
        """It was let in, or refused for that reason. Idempotent."""
        ...


@runtime_checkable
class Transport(Protocol):
    """Opens and accepts the streams of some schemes for one node."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The endpoint schemes that it serves."""
        ...

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> Stream:
        """Open a stream within `timeout` seconds; names are resolved anew at each dial.

        `expect` is the node id that must answer; None takes `endpoint.peer_id`, and if that is
        None too, anybody. A stream that proves nothing (`peer_id` None) cannot check it: the
        handshake above must. Raises: DialFailed; HandshakeFailed with reason `node_id` if another
        node answers, `certificate` or `tls` if the two sides cannot agree; ValueError for a scheme
        that it does not serve.
        """
        ...

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> Listener:
        """Listen on `endpoint` (port 0: any free port). Raises: ListenFailed, ValueError."""
        ...


@runtime_checkable
class ManyPlaces(Protocol):
    """A transport of whose endpoints some are names, each of which may stand for many places."""

    async def places(self, endpoint: Endpoint, *, timeout: float) -> tuple[Endpoint, ...]:
        """The places that a name stands for now, the preferred first, with the node that is expected at it.

        Of an endpoint that is no name it is the endpoint itself. Raises: DialFailed where it cannot be found out
        within `timeout` seconds.
        """
        ...


def expected_peer(transport: Transport, endpoint: Endpoint, expect: str | None) -> str | None:
    """The node id that a dial of `endpoint` must meet; for every implementation of `dial`.

    Raises: ValueError if `transport` does not serve the scheme, or if the two ids disagree.
    """
    if endpoint.scheme not in transport.schemes:
        served = ", ".join(transport.schemes)
        raise ValueError(f"{endpoint} is not for this transport, which serves {served}")
    if expect is not None:
        check_node_id(expect)
        if endpoint.peer_id not in (None, expect):
            raise ValueError(f"{endpoint} names one node and `expect` another: {expect}")
    return expect if expect is not None else endpoint.peer_id
