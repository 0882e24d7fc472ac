"""How a node makes its transport over NATS, of what its operator has written."""

from __future__ import annotations

from typing import Final

from ...actors.base import ConfigError
from ..streams import TransportKind, TransportOptions
from .endpoints import NATS
from .nats_transport import NatsServer, NatsTransport
from .settings import NatsSettings, read_settings

__all__ = ["KIND"]


def _make(options: TransportOptions) -> NatsTransport:
    settings = options.settings if isinstance(options.settings, NatsSettings) else NatsSettings()
    named = tuple(NatsServer(endpoint.host, endpoint.port) for endpoint in options.endpoints)
    servers = settings.servers or named
    if not servers:
        raise ConfigError("nats: no server is named: listen at nats://server:4222/<network>, or set servers")
    return NatsTransport(options.identity, servers, login=settings.login, server_tls=settings.tls)


KIND: Final = TransportKind(scheme=NATS, make=_make, settings=read_settings)
