"""What whoever looks has chosen: the table, its order, a filter; each key makes another choice of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...actors.base import ConfigError
from .grid import columns_within
from .sample import Shown
from .tables import COLUMNS, DEFAULT_SORT

__all__ = ["HELP", "TopChoice", "pressed", "sorted_by"]

#: Characters of a filter.
LONGEST = 60
#: Each key, and what it does; the first few stand at the foot of the screen.
HELP: Mapping[str, str] = {
    "p c a": "peers, channels, actors (also Tab)",
    "o w t n": "pools, workers, streams, and patterns: gossips and singletons",
    "s S": "sort by the next column, or by the one before",
    "r": "the other way round",
    "/": "filter: type a text, Enter keeps it, Esc clears it",
    "↑ ↓ PgUp PgDn": "further up or down (also k, j); Home or g: the top",
    "space": "hold the picture, or go on",
    "? h": "this page, and back",
    "q": "quit (also Ctrl-C)",
}
_TABLES = {
    "p": Shown.PEERS,
    "c": Shown.CHANNELS,
    "a": Shown.ACTORS,
    "o": Shown.POOLS,
    "w": Shown.WORKERS,
    "t": Shown.STREAMS,
    "n": Shown.PATTERNS,
}
_ALL = tuple(Shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopChoice:
    """`typing`: the filter is being typed. `first`: the row at the top. `over`: that was enough."""

    shown: Shown = Shown.PEERS
    sorts: Mapping[Shown, str] = field(default_factory=lambda: dict(DEFAULT_SORT))
    reverse: bool = False
    match: str = ""
    typing: bool = False
    paused: bool = False
    helping: bool = False
    first: int = 0
    over: bool = False

    @property
    def sort(self) -> str:
        """The column that the table which is shown is sorted by."""
        return self.sorts[self.shown]


def pressed(choice: TopChoice, key: str, *, width: int, page: int) -> TopChoice:
    """The choice after that key, on a screen of that width with `page` rows; a key of no meaning changes nothing.

    Keys are characters, and the names `up`, `down`, `pageup`, `pagedown`, `home`, `tab`, `enter`, `escape` and
    `backspace`.
    """
    if choice.typing:
        return _typed(choice, key)
    match key:
        case "q":
            return replace(choice, over=True)
        case "?" | "h":
            return replace(choice, helping=not choice.helping)
        case "escape":
            return replace(choice, helping=False) if choice.helping else replace(choice, match="", first=0)
        case "p" | "c" | "a" | "o" | "w" | "t" | "n":
            return replace(choice, shown=_TABLES[key], first=0, helping=False, reverse=False)
        case "tab":
            after = _ALL[(_ALL.index(choice.shown) + 1) % len(_ALL)]
            return replace(choice, shown=after, first=0, helping=False, reverse=False)
        case "s" | "S":
            titles = [column.title for column in columns_within(COLUMNS[choice.shown], width)]
            at = titles.index(choice.sort) if choice.sort in titles else -1
            after_it = titles[(at + (1 if key == "s" else -1)) % len(titles)]
            return replace(choice, sorts={**choice.sorts, choice.shown: after_it}, first=0, reverse=False)
        case "r":
            return replace(choice, reverse=not choice.reverse, first=0)
        case "/":
            return replace(choice, typing=True, helping=False)
        case " ":
            return replace(choice, paused=not choice.paused)
        case "up" | "k":
            return _scrolled(choice, -1)
        case "down" | "j":
            return _scrolled(choice, 1)
        case "pageup":
            return _scrolled(choice, -page)
        case "pagedown":
            return _scrolled(choice, page)
        case "home" | "g":
            return replace(choice, first=0)
        case _:
            return choice


def sorted_by(choice: TopChoice, title: str) -> TopChoice:
    """The table that is shown, sorted by the column of that title, whatever the case. Raises ConfigError."""
    titles = [column.title for column in COLUMNS[choice.shown]]
    for each in titles:
        if each.lower() == title.lower():
            return replace(choice, sorts={**choice.sorts, choice.shown: each})
    raise ConfigError(f"{choice.shown.value} are sorted by {', '.join(titles)}, not by {title[:40]!r}")


def _scrolled(choice: TopChoice, rows: int) -> TopChoice:
    return replace(choice, first=max(0, choice.first + rows))


def _typed(choice: TopChoice, key: str) -> TopChoice:
    match key:
        case "enter":
            return replace(choice, typing=False)
        case "escape":
            return replace(choice, typing=False, match="", first=0)
        case "backspace":
            return replace(choice, match=choice.match[:-1], first=0)
        case _ if len(key) == 1 and key.isprintable():
            return replace(choice, match=(choice.match + key)[:LONGEST], first=0)
        case _:
            return choice
