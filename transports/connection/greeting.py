"""Opening a connection: the handshake on a stream, to its end. One owner from the first byte to the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ...actors.base import HandshakeFailed, ProtocolError, StreamBroken
from ..streams import HANDSHAKE_TIMEOUT, Stream
from ..wire import Handshake, Hello, PeerHello

__all__ = ["Greeted", "Judge", "greet"]


@dataclass(frozen=True, slots=True)
class Greeted:
    """An open connection: both sides have said WELCOME. `leftover`: first bytes after it that came along."""

    stream: Stream
    own: Hello
    peer: Hello
    dialed: bool
    leftover: bytes


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
    timeout: float = HANDSHAKE_TIMEOUT,
) -> Greeted:
    """Shake hands on a new stream within `timeout` seconds; on any error it is closed.

    Raises HandshakeFailed (`.by_peer`: the peer did; reason `timeout` when the peer stays silent), ProtocolError,
    StreamBroken.
    """
    handshake = Handshake(own, dialer=dialed, expected_id=expected_id, authenticated_id=stream.peer_id)
    try:
        async with asyncio.timeout(timeout):
            await _shake(stream, handshake, judge)
    except TimeoutError as error:
        await _refuse(stream, handshake.reject("timeout", f"the handshake took longer than {timeout} s"))
        raise HandshakeFailed("timeout", f"no end of the handshake within {timeout} s") from error
    except (HandshakeFailed, ProtocolError):
        await _refuse(stream, handshake.to_send())
        raise
    except BaseException:
        stream.abort()
        raise
    assert handshake.peer is not None
    return Greeted(stream, own, handshake.peer, dialed, handshake.leftover())


async def _shake(stream: Stream, handshake: Handshake, judge: Judge) -> None:
    stream.write(handshake.start())
    while not handshake.established:
        data = await stream.read()
        if not data:
            raise StreamBroken(f"the peer closed the connection while the handshake {handshake.state.value}")
        for event in handshake.receive(data):
            if isinstance(event, PeerHello):
                refusal = judge(event.hello)
                if refusal is not None:
                    stream.write(handshake.reject(refusal[0], refusal[1], refusal[2] if len(refusal) == 3 else ()))
                    raise HandshakeFailed(refusal[0], refusal[1])
                stream.write(handshake.accept())


async def _refuse(stream: Stream, farewell: bytes) -> None:
    """Say why, if it can still be said, and close."""
    try:
        if farewell:
            stream.write(farewell)
    except StreamBroken:
        stream.abort()
    await stream.aclose()
