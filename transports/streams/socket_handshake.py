"""Makes a stream of a connected socket, with TLS after both sides have proven who they are."""

from __future__ import annotations

import asyncio
import socket
import ssl

from ...actors.base import HandshakeFailed
from .socket_stream import SocketStream
from .tls import authenticated_id
from .tls_idle import WatchedContext
from .transport import FLUSH_TIMEOUT, HANDSHAKE_TIMEOUT

__all__ = ["handshake_error", "open_stream"]


async def open_stream(sock: socket.socket, *, tls: ssl.SSLContext | None, server_side: bool) -> SocketStream:
    """Take over a connected socket and, with `tls`, shake hands on it; the caller sets the deadline.

    Whatever ends that, the socket is closed. Raises: HandshakeFailed; OSError if the network failed.
    """
    if tls is None:
        return await _connect(sock, None, server_side=server_side)
    if isinstance(tls, WatchedContext):
        tls.by_turns = True  # a `SocketStream` reads again when it is told to
    try:
        # A cancelled handshake leaks its connection where asyncio does both steps in one (its first
        # turn, Python 3.11); uvloop reads the handshake's first bytes too early if they are two.
        if isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
            stream = await _connect(sock, None, server_side=server_side, handshaking=True)
            await _start_tls(stream, tls, server_side=server_side)
        else:
            stream = await _connect(sock, tls, server_side=server_side)
    except ssl.SSLError as error:
        raise handshake_error(error) from error
    try:
        stream.peer_id = authenticated_id(stream.tls)
    except BaseException:
        stream.abort()
        raise
    return stream


def handshake_error(error: OSError) -> HandshakeFailed:
    """Say in the bus's words why a handshake failed."""
    if not isinstance(error, ssl.SSLError):
        return HandshakeFailed("connection", f"ended during the handshake: {error}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return HandshakeFailed("certificate", error.verify_message)
    text = error.reason or str(error)
    # OpenSSL's names: …_ALERT_… is what the other side said, the rest what this side found.
    by_peer = "_ALERT_" in text
    about_certificate = any(word in text for word in ("CERTIFICATE", "UNKNOWN_CA"))
    words = text.lower().replace("_", " ")
    return HandshakeFailed("certificate" if about_certificate else "tls", words, by_peer=by_peer)


async def _connect(
    sock: socket.socket, tls: ssl.SSLContext | None, *, server_side: bool, handshaking: bool = False
) -> SocketStream:
    loop = asyncio.get_running_loop()
    stream = SocketStream(sock, handshaking=handshaking)
    # The caller's deadline comes first; asyncio wants numbers of its own as well.
    waits, ends = (2 * HANDSHAKE_TIMEOUT, FLUSH_TIMEOUT) if tls else (None, None)
    if server_side:
        await loop.connect_accepted_socket(
            lambda: stream, sock, ssl=tls, ssl_handshake_timeout=waits, ssl_shutdown_timeout=ends
        )
        return stream
    connect = loop.create_unix_connection if sock.family == socket.AF_UNIX else loop.create_connection
    # Names prove nothing here, so none is sent to listeners on the way.
    name = "" if tls else None
    await connect(
        lambda: stream,
        sock=sock,
        ssl=tls,
        server_hostname=name,
        ssl_handshake_timeout=waits,
        ssl_shutdown_timeout=ends,
    )
    return stream


async def _start_tls(stream: SocketStream, tls: ssl.SSLContext, *, server_side: bool) -> None:
    # If this fails it closes the connection itself.
    transport = await asyncio.get_running_loop().start_tls(
        stream.transport,
        stream,
        tls,
        server_side=server_side,
        ssl_handshake_timeout=2 * HANDSHAKE_TIMEOUT,
        ssl_shutdown_timeout=FLUSH_TIMEOUT,
    )
    if transport is None:
        raise ConnectionResetError("the connection was lost")
    stream.adopt(transport)
