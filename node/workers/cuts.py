"""How soon a worker that is elsewhere, and its node, notice that nothing comes over the network any more.

A handler that holds a worker's loop says nothing either, and may for long. The systems at both ends answer meanwhile:
so the network is asked by TCP's own means.
"""

from __future__ import annotations

import contextlib
import socket

from ...transports.streams import SocketStream, Stream

__all__ = ["NOTICED_AFTER", "notice_cuts"]

#: Seconds after which the other end is given up that acknowledges nothing.
NOTICED_AFTER = 10
_OPTIONS = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": NOTICED_AFTER * 1000}


def notice_cuts(stream: Stream) -> None:
    """Do so on this stream. Of no account where it is none of TCP's, or the system has other means."""
    sock = stream.transport.get_extra_info("socket") if isinstance(stream, SocketStream) else None
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for name, value in _OPTIONS.items():
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
