"""Connects a socket to an address as it is, on any event loop."""

from __future__ import annotations

import asyncio
import os
import socket

__all__ = ["connect"]


async def connect(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, address: tuple[str, int] | tuple[str, int, int, int]
) -> None:
    """Connect a socket that does not block; the address is one, and no name. Raises OSError.

    Not `loop.sock_connect`: uvloop's looks at host and port alone, so that a link-local address loses its zone, and
    the system does not know on which link it is.
    """
    try:
        sock.connect(address)
        return
    except (BlockingIOError, InterruptedError):
        pass
    writable = loop.create_future()
    loop.add_writer(sock, _wake, writable)
    try:
        await writable
    finally:
        loop.remove_writer(sock)
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def _wake(writable: asyncio.Future[None]) -> None:
    if not writable.done():
        writable.set_result(None)
