"""peerbus over QUIC, by pywebtransport: experimental. See the README beside this package."""

from __future__ import annotations

from .quic_transport import KIND, QUIC, QuicTransport

__all__ = ["KIND", "QUIC", "QuicTransport"]
