"""What all are measured by: the bus's own TCP with TLS 1.3."""

from __future__ import annotations

from peerbus.transports import Endpoint, TcpTransport

from .carried import Carried

__all__ = ["Tcp"]


class Tcp(Carried):
    """The reference."""

    def __init__(self) -> None:
        super().__init__(TcpTransport, lambda: Endpoint("tcp", host="127.0.0.1"))
