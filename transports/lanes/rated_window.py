"""The receiving end of a channel that has a rate: credit goes back no faster than the buckets of the peer refill."""

# Law 1. It is a `ReceiveWindow` in all but what it grants back, so that a channel without a rate pays nothing for it.
# Law 2. What is owed and cannot be paid for is asked for again when it can be: nobody waits for ever.
# Law 3. With a limit of asks, credit and open asks together are no more than that.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...actors.messages import Rate
from ..rules import PeerBuckets
from .ask_limit import AskLimit
from .credit import ReceiveWindow

__all__ = ["RateView", "RatedWindow", "unrated"]


@dataclass(frozen=True, slots=True)
class RateView:
    """What a rate comes to for one peer on one channel, at one instant.

    `messages`, `bytes`: what may be granted at once, None without such a limit; below 0 for what was lent. `asks`:
    that are in flight, where that has a limit. `held`: messages whose credit is held back, `stood`: seconds in which
    some was.
    """

    rate: str
    messages: float | None
    bytes: float | None
    asks: int | None
    held: int
    stood: float


class RatedWindow(ReceiveWindow):
    """Takes the place of `window`. `now`: seconds; `again(after)` has `due` asked once more in that many seconds."""

    __slots__ = ("_again", "_buckets", "_held_since", "_now", "_stood", "limit")

    def __init__(
        self,
        window: ReceiveWindow,
        buckets: PeerBuckets,
        limit: AskLimit | None,
        now: Callable[[], float],
        again: Callable[[float], object],
    ) -> None:
        messages, size = window.announced
        super().__init__(messages, size)
        self.stand_where(window)
        self._buckets = buckets
        self._now, self._again = now, again
        self.limit = limit
        #: Since when credit is held back, and for how long it was before.
        self._held_since: float | None = None
        self._stood = 0.0
        buckets.open(self, now())

    @property
    def credit(self) -> tuple[int, int]:
        """Messages and bytes that the peer may send now."""
        return self._messages, self._bytes

    @property
    def stood(self) -> float:
        """Seconds for which credit was held back, all together."""
        return self._stood + (0.0 if self._held_since is None else self._now() - self._held_since)

    @property
    def rate(self) -> Rate:
        """What it goes by."""
        return self._buckets.rate

    def view(self) -> RateView:
        """Levels at this instant."""
        messages, size = self._buckets.levels(self._now())
        held = 0 if self._held_since is None else self._messages_owed
        return RateView(
            str(self.rate), messages, size, None if self.limit is None else self.limit.open, held, self.stood
        )

    def due(self, *, at_once: bool = False) -> tuple[int, int] | None:
        """As `ReceiveWindow.due`, and no more than can be paid for."""
        messages, size = self._messages_owed, self._bytes_owed
        enough = 2 * messages >= self._messages_max or 2 * size >= self._bytes_max
        if not (enough or (at_once and (messages or size))):
            return None
        room = messages if self.limit is None else min(messages, self.limit.most - self.limit.open - self._messages)
        now = self._now()
        given, bytes_given, wait = self._buckets.pay(max(room, 0), size, now, at_once=at_once)
        self._note(now, held=wait > 0.0 or room < messages)
        if wait:
            self._again(wait)
        if not (given or bytes_given):
            return None
        self._messages_owed -= given
        self._bytes_owed -= bytes_given
        self._messages += given
        self._granted += given
        self._bytes += bytes_given
        return given, bytes_given

    def _note(self, now: float, *, held: bool) -> None:
        if held and self._held_since is None:
            self._held_since = now
        elif not held and self._held_since is not None:
            self._stood += now - self._held_since
            self._held_since = None

    def end(self) -> None:
        """Nothing is granted any more: credit that is left is given back, and nothing points back to the owner."""
        self._note(self._now(), held=False)
        self._buckets.close(self, self._now())
        self._again = _never


def unrated(window: ReceiveWindow) -> ReceiveWindow:
    """A plain window that goes on where this one is."""
    plain = ReceiveWindow(*window.announced)
    plain.stand_where(window)
    return plain


def _never(_after: float) -> None:
    """The connection has ended."""
