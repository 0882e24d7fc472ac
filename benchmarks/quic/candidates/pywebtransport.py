"""pywebtransport (Rust), as the carrier of `examples/quic_transport`, which proves nodes by what TLS exports."""

from __future__ import annotations

import sys
from pathlib import Path

from peerbus.transports import Endpoint, register

from .carried import Carried

__all__ = ["PyWebTransport"]

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples" / "quic_transport"))

from peerbus_quic import QUIC, QuicTransport

register(QUIC)


class PyWebTransport(Carried):
    """The example."""

    packages = ("pywebtransport",)

    def __init__(self) -> None:
        super().__init__(QuicTransport, lambda: Endpoint("quic", host="127.0.0.1"))
