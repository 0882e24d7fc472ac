"""Opening a connection: the handshake on a stream, to its end. One owner from the first byte to the verdict."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ...actors.base import HandshakeFailed, ProtocolError, StreamBroken, get_logger
from ..admission import Credentials, EntryRules
from ..streams import HANDSHAKE_TIMEOUT, NARROW, Narrowing, Stream
from ..wire import Handshake, Hello, PeerHello, turned_away
from .entering import enter

__all__ = ["Greeted", "Judge", "greet"]

log = get_logger("peerbus.transports")

#: Seconds between two looks at the path: a hole in what comes or goes is one after about two seconds.
LOOK_EVERY = 0.5
#: Bytes of a HELLO that go in a packet of their own, behind all others: any path lets them through, so what a narrow
#: one has dropped is a hole for both sides, and no silence.
LAST_BYTES = 64


@dataclass(frozen=True, slots=True)
class Greeted:
    """An open connection: both sides have said WELCOME. `leftover`: first bytes after it that came along.

    `credentials`: by what right the peer is here; None where nobody has looked, as in a test.
    """

    stream: Stream
    own: Hello
    peer: Hello
    dialed: bool
    leftover: bytes
    credentials: Credentials | None = None
    #: The peer is another process of this node.
    inside: bool = False


#: Decides about a peer whose HELLO is sound: None lets it in, a reason and a text for people refuse it, perhaps with
#: the records of nodes that it may turn to instead.
Judge = Callable[[Hello], tuple[str, str] | tuple[str, str, tuple[bytes, ...]] | None]


async def greet(
    stream: Stream,
    own: Hello,
    judge: Judge,
    *,
    dialed: bool,
    expected_id: str | None = None,
    rules: EntryRules | None = None,
    entered: Callable[[Credentials], object] = id,
    addressed: Callable[[Hello, Credentials], Hello] | None = None,
    timeout: float = HANDSHAKE_TIMEOUT,
) -> Greeted:
    """Shake hands on a new stream within `timeout` seconds; on any error it is closed. `rules`: None lets anybody in.

    Where the rules want something to be shown it is, before either side says HELLO, and `entered` hears what it was.
    `addressed` makes of `own` what this peer is told, once it has proven who it is; None: all are told the same.

    Raises HandshakeFailed (`.by_peer`: the peer did; reason `timeout` when the peer stays silent, `narrow` when the
    path looks as if it dropped large packets: HELLO is one), ProtocolError, StreamBroken.
    """
    handshake = Handshake(own, dialer=dialed, expected_id=expected_id, authenticated_id=stream.peer_id)
    looks = _Looks(stream)
    credentials = None
    try:
        async with asyncio.timeout(timeout) as limit:
            # The dialer ends it, as it can dial anew: so it has seen the hole before the other side takes it away. It
            # says so; where its own bytes are what is lost, the other side has seen that by itself.
            looks.begin(limit if dialed else None)
            credentials, early = await _show(stream, own, rules, dialed=dialed)
            if credentials is not None:
                handshake.authenticated_id = credentials.node_id or None
                entered(credentials)
            if addressed is not None:
                nobody = Credentials(node_id=stream.peer_id or "", proven=stream.peer_id is not None)
                handshake.address(addressed(own, credentials or nobody))
            await _shake(stream, handshake, judge, early)
    except TimeoutError as error:
        looks.look()
        raise await _given_up(stream, handshake, timeout, narrow=looks.narrow) from error
    except (HandshakeFailed, ProtocolError) as error:
        silent = error.reason == "magic" or getattr(error, "by_peer", False)
        if error.reason == "narrow" and silent:
            looks.told()
        await _refuse(stream, turned_away(error.reason) if handshake.is_new and not silent else handshake.to_send())
        raise
    except StreamBroken as error:
        stream.abort()
        if looks.narrow:
            raise HandshakeFailed("narrow", NARROW) from error
        raise
    except BaseException:
        stream.abort()
        raise
    finally:
        looks.end()
    peer = handshake.peer
    assert peer is not None
    if credentials is None or not credentials.node_id:
        credentials = Credentials(node_id=peer.node_id, proven=stream.peer_id is not None)
    if handshake.left_out:
        log.info(
            "peer says more than this version reads", node=own.name, peer=peer.node_id, left_out=handshake.left_out
        )
    return Greeted(stream, handshake.hello, peer, dialed, handshake.leftover(), credentials)


class _Looks:
    """Looks at the path of a stream from time to time, before either side gives up and takes the signs away."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._timer: asyncio.TimerHandle | None = None
        self._limit: asyncio.Timeout | None = None
        self.narrow = False

    def begin(self, limit: asyncio.Timeout | None) -> None:
        """From now on; `limit` ends the handshake at once where the path looks narrow."""
        self._limit = limit
        if isinstance(self._stream, Narrowing):
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self.look()
        if not self.narrow:
            self._timer = loop.call_later(LOOK_EVERY, self._look)
        elif self._limit is not None:
            self._limit.reschedule(loop.time())

    def look(self) -> None:
        """Look now."""
        if not self.narrow and isinstance(self._stream, Narrowing) and self._stream.looks_narrow():
            self.told()

    def told(self) -> None:
        """The path is narrow, as was seen here or there."""
        self.narrow = True
        if isinstance(self._stream, Narrowing):
            self._stream.narrow()

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()


async def _show(
    stream: Stream, own: Hello, rules: EntryRules | None, *, dialed: bool
) -> tuple[Credentials | None, bytes]:
    """What is done before either side says HELLO: what the peer has shown, and first bytes that came behind that."""
    if isinstance(stream, Narrowing):
        if not dialed and stream.too_wide():
            raise HandshakeFailed("narrow", NARROW)
        await stream.apart()  # from the end of TLS
    if rules is None or rules.open:
        return None, b""
    return await enter(stream, rules, own_id=own.node_id, dialed=dialed)


async def _given_up(stream: Stream, handshake: Handshake, timeout: float, *, narrow: bool) -> HandshakeFailed:
    """Say that the time is over, and close. `narrow`: the path looks so. Returns what is to be raised."""
    reason, why = ("narrow", NARROW) if narrow else ("timeout", f"the handshake took longer than {timeout} s")
    await _refuse(stream, turned_away(reason) if handshake.is_new else handshake.reject(reason, why))
    return HandshakeFailed(reason, NARROW if narrow else f"no end of the handshake within {timeout} s")


async def _shake(stream: Stream, handshake: Handshake, judge: Judge, early: bytes) -> None:
    """`early`: first bytes of it that have come already."""
    with contextlib.suppress(StreamBroken):  # whoever has closed it may have said why
        await _begin(stream, handshake.start())
    while not handshake.established:
        data, early = early or await stream.read(), b""
        if not data:
            raise StreamBroken(f"the peer closed the connection while the handshake {handshake.state.value}")
        for event in handshake.receive(data):
            if isinstance(event, PeerHello):
                refusal = judge(event.hello)
                if refusal is not None:
                    stream.write(handshake.reject(refusal[0], refusal[1], refusal[2] if len(refusal) == 3 else ()))
                    raise HandshakeFailed(refusal[0], refusal[1])
                stream.write(handshake.accept())


async def _begin(stream: Stream, first: bytes) -> None:
    if isinstance(stream, Narrowing):
        stream.write(first[:-LAST_BYTES])
        await stream.apart()
        stream.write(first[-LAST_BYTES:])
    else:
        stream.write(first)


async def _refuse(stream: Stream, farewell: bytes) -> None:
    """Say why, if it can still be said, and close."""
    try:
        if farewell:
            stream.write(farewell)
    except StreamBroken:
        stream.abort()
    await stream.aclose()
