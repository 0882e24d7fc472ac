"""Makes a stream of a connected socket, with TLS after both sides have proven who they are."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TypeVar

from ...actors.base import HandshakeFailed
from .loop_share import share_of
from .socket_stream import SocketStream
from .tls import authenticated_id
from .tls_stream import TlsStream

__all__ = ["handshake_error", "open_stream"]

_S = TypeVar("_S", bound=SocketStream)


async def open_stream(sock: socket.socket, *, tls: ssl.SSLContext | None, server_side: bool) -> SocketStream:
    """Take over a connected socket and, with `tls`, shake hands on it; the caller sets the deadline.

    Whatever ends that, the socket is closed. Raises: HandshakeFailed; OSError if the network failed.
    """
    share = share_of(asyncio.get_running_loop())
    if tls is None:
        return await _connect(sock, SocketStream(sock, share), server_side=server_side)
    stream = await _connect(sock, TlsStream(sock, share, tls, server_side=server_side), server_side=server_side)
    try:
        await stream.shaken
        stream.peer_id = authenticated_id(stream.tls)
    except ssl.SSLError as error:  # it has said so, and closes behind that
        raise handshake_error(error) from error
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


async def _connect(sock: socket.socket, stream: _S, *, server_side: bool) -> _S:
    loop = asyncio.get_running_loop()
    if server_side:
        await loop.connect_accepted_socket(lambda: stream, sock)
    elif sock.family == socket.AF_UNIX:
        await loop.create_unix_connection(lambda: stream, sock=sock)
    else:
        await loop.create_connection(lambda: stream, sock=sock)
    return stream
