"""Streams over NATS: for nodes that reach a broker, which is not trusted, and not each other."""

from __future__ import annotations

from .kind import KIND
from .nats_transport import NatsServer, NatsTransport

__all__ = ["KIND", "NatsServer", "NatsTransport"]
