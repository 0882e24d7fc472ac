"""Windows of streams grow and shrink with what their readers take in a round trip, as those of channels do."""

# Law 1. All laws of `window_tuning` hold, within the same budget. But a stream says nowhere how large its window is: it
#        grows by credit for more than was taken, and shrinks by credit for less. So any peer takes part.
# Law 2. What has grown goes back when the stream ends; of one that rests, with what its reader takes after that.

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from ...actors.streams import ItemBuffer, ItemWindow
from .outbox import Outbox
from .window_tuning import LEAST_TRIP, MESSAGE_COST, WindowShare, WindowTuner

__all__ = ["ItemGrowth"]

#: How often what a stream's window begins with: 16 MiB are 400 Mbit/s at 300 ms. A channel's is larger: it is one.
MOST_TIMES: Final = 16


class _Growing:
    __slots__ = ("announced", "each", "target", "tuner", "window")

    def __init__(self, window: ItemWindow, each: int) -> None:
        self.window = window
        self.announced = self.target = window.whole
        #: Bytes of memory that an item takes beside its payload.
        self.each = each
        self.tuner = WindowTuner()


class ItemGrowth:
    """Those of what one connection brings, as answers and with asks. `now`: seconds of the loop's clock."""

    __slots__ = ("_now", "_outbox", "_share", "_streams")

    def __init__(self, now: Callable[[], float], outbox: Outbox, share: WindowShare) -> None:
        self._now = now
        self._outbox = outbox
        self._share = share
        self._streams: dict[Hashable, _Growing] = {}

    def took(self, stream: Hashable, buffer: ItemBuffer, items: int, size: int) -> tuple[int, int] | None:
        """The reader took `items` of `size` bytes of it. Returns what is to be granted for them; None: nothing now."""
        trip, window = self._outbox.pacer.trip, buffer.window
        if trip is None or trip < LEAST_TRIP or not window.received:
            return items, size
        found = self._streams.get(stream)
        if found is None:
            found = self._streams[stream] = _Growing(window, max(MESSAGE_COST, buffer.each))
        least = found.announced
        # What takes much more memory than bytes gets no more of them for being far away.
        most = least[0] * MOST_TIMES, max(least[1], int(least[1] * MOST_TIMES / buffer.per_byte))
        wanted = found.tuner.took((items, size), window.held, found.target, found.announced, self._now(), trip)
        if wanted is not None:
            found.target = min(wanted[0], most[0]), min(wanted[1], most[1])
        whole, target = window.whole, found.target
        if whole == target:
            return items, size
        aim = _towards(whole[0], target[0], items), _towards(whole[1], target[1], size)
        after = self._share.move(found.announced, whole, aim, found.each)
        # Where the budget has no room for all of it, the target is what there is room for.
        found.target = min(target[0], max(after[0], whole[0])), min(target[1], max(after[1], whole[1]))
        window.resize(*after)
        granted = items + after[0] - whole[0], size + after[1] - whole[1]
        return granted if granted != (0, 0) else None

    def left(self, stream: Hashable) -> None:
        """It is over: others may have what its window took."""
        found = self._streams.pop(stream, None)
        if found is not None:
            self._share.move(found.announced, found.window.whole, found.announced, found.each)


def _towards(whole: int, target: int, taken: int) -> int:
    """How large it is next: no smaller than what was taken makes it, as nothing else can be withheld."""
    return target if target >= whole else max(target, whole - taken)
