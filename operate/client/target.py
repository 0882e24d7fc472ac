"""Where the admin API of one node is, and what it takes to be let in there."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from ...actors.base import ConfigError
from ..serving import SocketPlace, TcpPlace

__all__ = ["AdminTarget"]


@dataclass(frozen=True, slots=True)
class AdminTarget:
    """A place with the token that is asked for over TCP. `authority`: the certificates, in PEM, that https is
    checked against; None: those that the system trusts.

    Raises ConfigError for TCP without a token.
    """

    place: SocketPlace | TcpPlace
    token: str | None = field(default=None, repr=False)
    authority: Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.place, TcpPlace) and self.token is None:
            raise ConfigError(f"{self.place} asks for a token: name the file that it stands in, --token FILE")

    def __str__(self) -> str:
        return str(self.place)

    @property
    def host(self) -> str:
        """What `Host` says there (RFC 9112, 3.2)."""
        return "localhost" if isinstance(self.place, SocketPlace) else str(self.place).partition("://")[2]

    def headers(self) -> list[tuple[str, str]]:
        """What stands at the head of each request."""
        asked = [("host", self.host), ("accept", "application/json")]
        return asked if self.token is None else [*asked, ("authorization", f"Bearer {self.token}")]

    def tls(self) -> ssl.SSLContext | None:
        """What https is spoken with. Raises ConfigError where the certificates cannot be read."""
        if not isinstance(self.place, TcpPlace) or not self.place.secure:
            return None
        try:
            return ssl.create_default_context(cafile=self.authority)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "reason", None) or error.strerror or error
            raise ConfigError(f"the certificates in {self.authority} cannot be used: {why}") from error
