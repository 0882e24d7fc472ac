"""What a configuration says of NATS: `[transports.nats]`, with the servers, and how a node shows them who it is."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...actors.base import ConfigError, did_you_mean
from ..streams import HOST_AND_PORT
from .endpoints import PORT
from .login import Login
from .nats_transport import NatsServer

__all__ = ["NatsSettings", "read_settings", "server_of"]

_FILES: Final = ("password_file", "token_file", "nkey_file", "credentials")
_TEXTS: Final = ("user", "tls_authority", *_FILES)
_KNOWN: Final = ("servers", "tls", *_TEXTS)


@dataclass(frozen=True, slots=True)
class NatsSettings:
    """`servers` are tried in turn; none: those that stand in endpoints."""

    servers: tuple[NatsServer, ...] = ()
    login: Login = field(default_factory=Login)
    #: How servers prove who they are; None: TLS only where a server asks for it, judged by the system's authorities.
    tls: ssl.SSLContext | None = None


def server_of(text: str) -> NatsServer:
    """Read `[nats://]host[:port]`. Raises ValueError."""
    rest = text.removeprefix("nats://").removesuffix("/")
    if not rest.rpartition(":")[2].isdigit() or rest.endswith("]"):
        rest = f"{rest}:{PORT}"
    place = HOST_AND_PORT.checked(HOST_AND_PORT.read(rest))
    if not place.port:
        raise ValueError("a server listens at a port, not at 0")
    return NatsServer(place.host, place.port)


def read_settings(table: Mapping[str, object], folder: Path) -> NatsSettings:
    """As `TransportKind.settings`. Raises ConfigError."""
    for key in table:
        if key not in _KNOWN:
            raise ConfigError(f"{key} is no key of it; known are {', '.join(_KNOWN)}{did_you_mean(key, _KNOWN)}")
    texts: dict[str, str] = {}
    for key in _TEXTS:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise ConfigError(f"{key} = {value!r} is no text")
        texts[key] = value
    files = {key: folder / texts[key] if texts[key] else "" for key in _FILES}
    login = Login.from_files(user=texts["user"], **files)
    return NatsSettings(_servers(table.get("servers", [])), login, _tls(table.get("tls", False), texts, folder))


def _servers(said: object) -> tuple[NatsServer, ...]:
    if not isinstance(said, list):
        raise ConfigError(f'servers = {said!r} is no list; write ["nats://broker:{PORT}"]')
    found = []
    for text in said:
        try:
            found.append(server_of(text if isinstance(text, str) else ""))
        except ValueError as error:
            raise ConfigError(f"servers: {text!r}: {error}") from None
    return tuple(found)


def _tls(said: object, texts: Mapping[str, str], folder: Path) -> ssl.SSLContext | None:
    if not isinstance(said, bool):
        raise ConfigError(f"tls = {said!r} is neither true nor false")
    authority = texts["tls_authority"]
    if not (said or authority):
        return None
    try:
        return ssl.create_default_context(cafile=str(folder / authority) if authority else None)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"tls_authority: {folder / authority}: {error.strerror or error}") from None
