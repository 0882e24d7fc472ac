"""libp2p as a carrier: TCP, Noise, yamux, identify and ping, as js-libp2p and go-libp2p speak them."""

from __future__ import annotations

from .transport import KIND, Libp2pTransport

__all__ = ["KIND", "Libp2pTransport"]
