"""How often a peer may say what is of use only now and then: a token bucket for each kind of frame.

Each kind is paid for by what it answers (an answer by an ask, credit by a message, a PONG by what was written), and has
some beside it, at once and in each second: what is late, what crosses, what comes twice. So no honest peer meets a
bound at any rate of real work, and one that sends frames for their own sake does in the first tenth of a second
(HTTP/2's advisories of 2019 and 2023: CVE-2019-9512, 9514, 9515, 9518, CVE-2023-44487).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...actors.base import ProtocolError
from .frames import (
    Cancel,
    Close,
    Credit,
    EndFrame,
    Error,
    GoAway,
    GrantFrame,
    Ping,
    Pong,
    ProbeFrame,
    Reply,
    Update,
    WindowFrame,
    ZeroCopyReply,
)

__all__ = ["BOUNDS", "FLOOD", "Allowance", "Earned", "within_bounds"]

#: The reason of a connection whose peer sent more of a kind than it may.
FLOOD = "flood"
#: Tokens at once, and a second, of each kind: beside those that are earned.
BOUNDS: Mapping[str, tuple[int, int]] = {
    "PING": (20_000, 500),
    "PONG": (4096, 100),
    "CANCEL": (4096, 100),
    "REPLY": (8192, 200),
    "ERROR": (8192, 200),
    "CREDIT": (8192, 200),
    "WINDOW": (4096, 200),
    "PROBE": (4096, 500),
    #: Credit for items, their ends, and what comes of a stream that is over: a window of it may be under way.
    "GRANT": (8192, 200),
    "END": (4096, 100),
    "ITEMS": (8192, 200),
    #: Streams that are given up, beside those of which items were taken: opened and cancelled again and again.
    "CANCEL of a stream": (4096, 500),
    #: A node that changes what it offers says so ten times a second at most; see `Announcements`.
    "UPDATE": (512, 20),
    #: 256 channels may end, each once.
    "CLOSE": (512, 1),
    "GOAWAY": (128, 1),
    #: Parts that are not the last and carry less than a kilobyte.
    "small PART": (256, 10),
    #: COMPRESSED that only says that its sender reads such frames: once of each channel.
    "empty COMPRESSED": (512, 1),
    #: Messages that are not what their channel declares.
    "malformed": (4096, 100),
}

#: What was earned since the connection began: it only grows.
Earned: TypeAlias = Callable[[], float]
_Take: TypeAlias = Callable[[Any], object]


class Allowance:
    """How many of one kind may still come. `now`: seconds of any steady clock."""

    __slots__ = ("_at", "_before", "_earned", "_kind", "_most", "_now", "_rate", "left")

    def __init__(self, kind: str, now: Callable[[], float], earned: Earned = float) -> None:
        self._kind = kind
        self._most, self._rate = BOUNDS[kind]
        self._now, self._earned = now, earned
        self._at, self._before = now(), 0.0
        self.left: float = self._most

    def spend(self, count: int = 1) -> None:
        """`count` have come. Raises ProtocolError where that is more than may come."""
        self.left -= count
        if self.left < 0:
            self.fill()

    def fill(self) -> None:
        """Nothing is left: count what was earned meanwhile. Raises ProtocolError where that is not enough."""
        now, earned = self._now(), self._earned()
        gained, paid = (now - self._at) * self._rate, earned - self._before
        self._at, self._before = now, earned
        # What is paid for may all come together: answers to all that was asked, ends of all that was open.
        self.left = min(self._most, self.left + gained) + paid
        if self.left < 0:
            raise ProtocolError(FLOOD, f"{self._kind}: more than {self._most} at once and {self._rate} a second")


def within_bounds(
    takers: Mapping[type, _Take], now: Callable[[], float], earned: Mapping[type, Earned]
) -> dict[type, _Take]:
    """The same takers, which refuse what comes too often. `earned`: what pays for frames of a kind."""
    single = {
        Ping: "PING",
        Pong: "PONG",
        Cancel: "CANCEL",
        WindowFrame: "WINDOW",
        ProbeFrame: "PROBE",
        Update: "UPDATE",
        Close: "CLOSE",
        GoAway: "GOAWAY",
        EndFrame: "END",
        GrantFrame: "GRANT",
    }
    found: dict[type, _Take] = dict(takers)
    for kind, name in single.items():
        if kind not in takers:
            continue
        found[kind] = _one(Allowance(name, now, earned.get(kind, float)), takers[kind])
    found[Error] = _failures(Allowance("ERROR", now, earned[Error]), takers[Error])
    replies = Allowance("REPLY", now, earned[Reply])
    for kind in (Reply, ZeroCopyReply):
        found[kind] = _answers(replies, takers[kind])
    found[Credit] = _grants(Allowance("CREDIT", now, earned[Credit]), takers[Credit])
    return found


def _one(allowance: Allowance, take: _Take) -> _Take:
    def taken(frame: object) -> None:
        allowance.left -= 1
        if allowance.left < 0:
            allowance.fill()
        take(frame)

    return taken


def _failures(allowance: Allowance, take: _Take) -> _Take:
    def taken(frame: Error) -> None:
        allowance.left -= frame.count
        if allowance.left < 0:
            allowance.fill()
        take(frame)

    return taken


def _answers(allowance: Allowance, take: _Take) -> _Take:
    def taken(frame: Reply | ZeroCopyReply) -> None:
        allowance.left -= len(frame.items)
        if allowance.left < 0:
            allowance.fill()
        take(frame)

    return taken


def _grants(allowance: Allowance, take: _Take) -> _Take:
    def taken(frame: Credit) -> None:
        allowance.left -= len(frame.grants)
        if allowance.left < 0:
            allowance.fill()
        take(frame)

    return taken
