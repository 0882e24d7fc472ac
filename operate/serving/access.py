"""Who may ask what: the token, the scope, and which pages of a browser are let in."""

# Law 1. A Unix socket of mode 0600 is its own guard: whoever can open it is the node's user. No page of a browser can.
# Law 2. Over TCP nothing is told without the token, or a session that it opened, and nothing that depends on whether
#        the first letters of it fit.
# Law 3. A name that an attacker's DNS points here is none of this node's: `Host` is one of ours, or refused.
# Law 4. What a page asks for it asks for itself: not for another page, also not for one at another port of this host.

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ...actors.base import ConfigError, opened_file
from ..api import ApiError, Permission
from .sessions import Sessions

__all__ = ["Entrance", "check_token", "existing_token", "read_token"]

#: Letters that a token has at least: what is shorter can be guessed.
SHORTEST = 16
#: Where a page sends its key: a header that no page from elsewhere can send (Fetch standard, "CORS-safelisted").
KEY = "x-peerbus-key"


@dataclass(frozen=True, slots=True)
class Entrance:
    """What is asked of a caller at one place. `hosts`: what `Host` may be, none at a Unix socket.

    `token`: lets in whoever sends it; `sessions`: the browsers that were let in, whose cookie is called `cookie`.
    """

    scope: Permission
    token: str | None = None
    hosts: frozenset[str] = frozenset()
    secure: bool = False
    sessions: Sessions | None = None
    cookie: str = ""

    def check(self, headers: Mapping[str, str], needs: Permission) -> None:
        """Raises ApiError where this caller may not do what needs that scope."""
        self.check_place(headers)
        if self.hosts and not self.has_token(headers) and not self.has_session(headers):
            sent = "authorization" in headers
            text = "that is not the token of this node" if sent else "send the token: Authorization: Bearer TOKEN"
            raise ApiError(401, "unauthorized", text)
        if needs is Permission.WRITE and self.scope is not Permission.WRITE:
            raise ApiError(403, "read_only", "this place is for looking only: write = true in [admin] lets you steer")

    def check_place(self, headers: Mapping[str, str]) -> None:
        """Raises ApiError where the caller means another place, or is a page from elsewhere."""
        origin = headers.get("origin")
        if not self.hosts:
            if origin is not None:
                raise ApiError(403, "origin", "pages of a browser are not let in here")
            return
        if not self._called(headers.get("host", "").lower()):
            raise ApiError(421, "host", f"this node is called {' or '.join(sorted(self.hosts))} here")
        # Fetch Metadata Request Headers (W3C), "Sec-Fetch-Site": sent also where `Origin` is not.
        elsewhere = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        scheme, _, host = (origin or "").lower().partition("://")
        own = scheme == ("https" if self.secure else "http") and self._called(host)
        if elsewhere or (origin is not None and not own):
            raise ApiError(403, "origin", "pages from elsewhere are not let in here")

    def _called(self, host: str) -> bool:
        """That is a name of this place. A certificate may be for `*.example.org` (RFC 9525, 6.3: one label)."""
        return not host.startswith("*") and (host in self.hosts or f"*.{host.partition('.')[2]}" in self.hosts)

    def has_token(self, headers: Mapping[str, str]) -> bool:
        """The caller sends the token."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self.token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(token.strip().encode(), self.token.encode())

    def has_session(self, headers: Mapping[str, str]) -> bool:
        """The caller is a browser that was let in, and sends its key as well."""
        if self.sessions is None:
            return False
        cookie = self.cookie_of(headers)
        return cookie != "" and self.sessions.known(cookie, headers.get(KEY, ""), monotonic())

    def cookie_of(self, headers: Mapping[str, str]) -> str:
        """The cookie that the caller sends, "" for none (RFC 6265, 4.2)."""
        for pair in headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie:
                return value
        return ""


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


def check_token(path: Path) -> None:
    """Raise ConfigError for a file that `read_token` can neither read nor make."""
    if os.path.lexists(path):
        existing_token(path)
    elif not path.parent.is_dir():
        raise ConfigError(f"the token {path} cannot be made: the folder {path.parent} does not exist")


def existing_token(path: Path) -> str:
    """The token of a file that only its owner can read. Raises ConfigError."""
    try:
        with opened_file(path) as descriptor:
            mode = os.fstat(descriptor)
            text = os.read(descriptor, 4096).decode("ascii").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"the token {path} cannot be read: {why}") from error
    if stat.S_IMODE(mode.st_mode) & 0o077:
        raise ConfigError(f"the token {path} can be read by others: chmod 600 {path}")
    if len(text) < SHORTEST or not text.isprintable() or " " in text:
        raise ConfigError(f"the token {path} is no word of at least {SHORTEST} letters")
    return text
