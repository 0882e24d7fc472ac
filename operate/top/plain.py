"""Pictures one after the other, as lines, where there is no terminal; or what is in them as JSON, a line each."""

from __future__ import annotations

from collections.abc import Callable

from ..api import as_json
from .figures import BLOCKS
from .grid import arranged
from .tables import COLUMNS, rows_of
from .watching import Watching

__all__ = ["PlainTop"]

#: Looks until rates are known.
FIRST = 2
NOTHING = (0, False)


class PlainTop:
    """Tells `say` what `watching` has read, once rates are known: by `lines` for people, None: as JSON.

    `count`: how often; None: without an end.
    """

    def __init__(
        self, watching: Watching, say: Callable[[str], None], lines: Callable[[], str] | None, count: int | None
    ) -> None:
        self._watching = watching
        self._say = say
        self._lines = lines
        self._left = count
        #: What was told last: of which look, and whether the node had gone.
        self._told = NOTHING

    def changed(self) -> None:
        """Something else is there: tell it, if it was read just now, or that the node has gone, once."""
        watching, now = self._watching, (self._watching.looks, bool(self._watching.lost))
        if watching.looks < FIRST or now == self._told:
            return
        first, self._told = self._told == NOTHING, now
        if self._lines is None:
            self._say(self._as_json())
        else:
            self._say(self._lines() if first else f"\n{self._lines()}")
        if self._left is not None and not watching.lost:
            self._left -= 1
            if self._left <= 0:
                watching.end()

    def _as_json(self) -> str:
        watching, choice = self._watching, self._watching.choice
        sample, rates = watching.sample, watching.rates
        assert sample is not None
        columns = COLUMNS[choice.shown]
        rows = rows_of(sample, choice.shown, rates, BLOCKS)
        found = arranged(rows, columns, sort=choice.sort, reverse=choice.reverse, match=choice.match)
        node = ("received", "sent", "handled", "to peers", "failed", "cpu")
        told = {
            "node": sample.node.name,
            "lost": watching.lost,
            "rates": {each: rates.rate(each) for each in node},
            choice.shown.value: [
                {each.title: row.values.get(each.title) for each in columns if each.title != "TRAFFIC"} for row in found
            ],
        }
        return as_json(told).decode()
