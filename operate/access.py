"""Who may ask what: the token, the scope, and which pages of a browser are let in."""

# Law 1. A Unix socket of mode 0600 is its own guard: whoever can open it is the node's user. No page of a browser can.
# Law 2. Over TCP nothing is told without the token, and nothing that depends on whether the first letters of it fit.
# Law 3. A name that an attacker's DNS points here is none of this node's: `Host` is one of ours, or refused.

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..actors.base import ConfigError
from .exchange import ApiError, Permission

__all__ = ["Entrance", "existing_token", "read_token"]

#: Letters that a token has at least: what is shorter can be guessed.
SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Entrance:
    """What is asked of who calls at one place. `token` None: a Unix socket. `hosts`: what `Host` may be."""

    scope: Permission
    token: str | None = None
    hosts: frozenset[str] = frozenset()
    secure: bool = False

    def check(self, headers: Mapping[str, str], needs: Permission) -> None:
        """Raises ApiError where this caller may not do what needs that scope."""
        origin = headers.get("origin")
        if self.token is None:
            if origin is not None:
                raise ApiError(403, "origin", "pages of a browser are not let in here")
        else:
            if headers.get("host", "").lower() not in self.hosts:
                raise ApiError(421, "host", f"this node is called {' or '.join(sorted(self.hosts))} here")
            own = {f"{'https' if self.secure else 'http'}://{host}" for host in self.hosts}
            if origin is not None and origin.lower() not in own:
                raise ApiError(403, "origin", "pages from elsewhere are not let in here")
            scheme, _, token = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.token.encode()):
                raise ApiError(401, "unauthorized", "send the token: Authorization: Bearer TOKEN")
        if needs is Permission.WRITE and self.scope is not Permission.WRITE:
            raise ApiError(403, "read_only", "this place is for looking only: write = true in [admin] lets you steer")


def read_token(path: Path) -> str:
    """The token of a file that only its owner can read, made where there is none. Raises ConfigError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return existing_token(path)
    except OSError as error:
        raise ConfigError(f"the token {path} cannot be made: {error.strerror}") from error
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    return token


def existing_token(path: Path) -> str:
    """The token of a file that only its owner can read. Raises ConfigError."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno())
            text = file.read(4096).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the token {path} cannot be read: {error}") from error
    if stat.S_IMODE(mode.st_mode) & 0o077:
        raise ConfigError(f"the token {path} can be read by others: chmod 600 {path}")
    if len(text) < SHORTEST or not text.isprintable() or " " in text:
        raise ConfigError(f"the token {path} is no word of at least {SHORTEST} letters")
    return text
