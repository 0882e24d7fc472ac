"""libp2p as a carrier: TCP, Noise, yamux, identify and ping, as js-libp2p and go-libp2p speak them."""

from __future__ import annotations

from .multiaddr import to_multiaddr
from .peer_ids import peer_id_text, raw_key_of
from .transport import KIND, Libp2pTransport

__all__ = ["KIND", "Libp2pTransport", "peer_id_text", "raw_key_of", "to_multiaddr"]
