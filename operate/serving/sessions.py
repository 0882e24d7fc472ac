"""Browsers that were let in: a ticket that works once becomes a cookie and a key, and both are asked for each time.

Laws:
1. A ticket is exchanged once, and not after its time.
2. A browser sends its cookies to every port of a host, so a program of another user on this machine may see one. The
   key it sends to the page's own origin only: neither opens anything without the other.
3. What is kept of a secret is its digest. Browsers and tickets are bounded: the oldest makes room.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BrowserSession", "Sessions"]

#: Browsers that are let in at one time, and tickets that nobody has used.
MOST, MOST_TICKETS = 32, 16
#: Seconds for which a ticket works, and for which a browser that asks nothing stays in.
TICKET, UNUSED = 3600.0, 12 * 3600.0


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """What a browser was given. It is not kept."""

    cookie: str
    key: str


class Sessions:
    """See the module. `now`: seconds of any clock that does not go back; `secret` makes one that nobody guesses."""

    def __init__(self, secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self._secret = secret
        #: By the digest of the cookie: that of the key, and when it was last used.
        self._open: dict[bytes, tuple[bytes, float]] = {}
        #: By the digest of the ticket: until when it works.
        self._tickets: dict[bytes, float] = {}

    def ticket(self, now: float) -> str:
        """A new ticket: whoever comes with it first is let in."""
        made = self._secret()
        self._tickets[_digest(made)] = now + TICKET
        _bound(self._tickets, MOST_TICKETS)
        return made

    def redeem(self, ticket: str, now: float) -> BrowserSession | None:
        """Exchange a ticket. None: it is none, was used, or its time is over."""
        until = self._tickets.pop(_digest(ticket), None)
        return self.open(now) if until is not None and now < until else None

    def open(self, now: float) -> BrowserSession:
        """Let a browser in."""
        made = BrowserSession(self._secret(), self._secret())
        self._open[_digest(made.cookie)] = _digest(made.key), now
        _bound(self._open, MOST)
        return made

    def known(self, cookie: str, key: str, now: float) -> bool:
        """That browser was let in, and asks now."""
        name = _digest(cookie)
        found = self._open.get(name)
        if found is None:
            return False
        digest, used = found
        if now >= used + UNUSED:
            del self._open[name]
            return False
        if not hmac.compare_digest(digest, _digest(key)):
            return False
        del self._open[name]  # it goes behind the others: the one that is used least recently makes room
        self._open[name] = digest, now
        return True

    def close(self, cookie: str) -> None:
        """Let it in no longer."""
        self._open.pop(_digest(cookie), None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _bound(kept: dict[bytes, tuple[bytes, float]] | dict[bytes, float], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
