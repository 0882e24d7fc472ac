"""Which of a role's nodes a send goes to: `"one"`, `"least"`, a `Key("k")`'s, `"all"`, `Several(3)`, `Share(0.67)`.

The text forms are `one`, `least`, `key(k)`, `all`, `n(3)` and `share(0.67)`; the key is percent-encoded there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

__all__ = ["GroupPick", "Key", "OnePick", "Several", "Share", "parse_pick"]

_N = re.compile(r"n\(([0-9]{1,9})\)")
_SHARE = re.compile(r"share\(([0-9]{1,20}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,3})?)\)")
_KEY = re.compile(r"key\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Several:
    """That many of them, or all where there are fewer. Raises ValueError below 1, TypeError for what is no integer.

    ```python
    results = await node.ask(Role("archive", Several(3)) / Blocks, GetBlock(7))
    ```
    """

    count: int

    def __post_init__(self) -> None:
        count: object = self.count  # whatever a program without type checks gives
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"not a pick: Several({count!r}) (an integer; a part of all is Share(0.5))")
        if self.count < 1:
            raise ValueError(f"not a pick: n({self.count}) (at least 1)")

    def of(self, _candidates: int) -> int:
        """How many of that number of candidates."""
        return self.count

    def __str__(self) -> str:
        return f"n({self.count})"


@dataclass(frozen=True, slots=True)
class Share:
    """That part of them, rounded up: `Share(0.67)` of 4 are 3.

    Raises ValueError unless above 0 and at most 1, TypeError for what is no number.

    ```python
    results = await node.ask(Role("archive", Share(0.67)) / Blocks, GetBlock(7), quorum=Share(0.5))
    ```
    """

    part: float

    def __post_init__(self) -> None:
        part: object = self.part
        if not isinstance(part, int | float) or isinstance(part, bool):
            raise TypeError(f"not a pick: Share({part!r}) (a number above 0 and at most 1)")
        if not 0 < self.part <= 1:
            raise ValueError(f"not a pick: share({self.part}) (above 0, at most 1)")

    def of(self, candidates: int) -> int:
        """How many of that number of candidates."""
        # 0.07 * 100 is 7.000000000000001 in floats: a part that is written as 7 % means 7 of 100.
        return math.ceil(self.part * candidates - 1e-9)

    def __str__(self) -> str:
        return f"share({self.part!r})"


@dataclass(frozen=True, slots=True)
class Key:
    """One of them, always the same for the same key, whoever sends; see `peerbus.actors.routing.choice.rendezvous`.

    Raises ValueError for an empty key, TypeError for one that is no text.

    ```python
    await node.tell(Role("archive", Key("user 7")) / Blocks, Forget(7))
    ```
    """

    key: str

    def __post_init__(self) -> None:
        if not isinstance(self.key, str):
            raise TypeError(f"not a pick: Key({self.key!r}) (a key is text: Key({str(self.key)!r}))")
        self.key.encode()  # a lone surrogate is no text: UnicodeEncodeError, a ValueError
        if not self.key:
            raise ValueError("not a pick: key() (the key is empty)")

    def __str__(self) -> str:
        return f"key({quote(self.key, safe='')})"


#: Picks of one receiver: an ask has one answer.
OnePick = Literal["one", "least"] | Key
#: Picks of several: a send has a result for each.
GroupPick = Literal["all"] | Several | Share


def parse_pick(text: str) -> OnePick | GroupPick:
    """Read the text form. Raises ValueError where it is malformed."""
    if text == "one":
        return "one"
    if text == "least":
        return "least"
    if text == "all":
        return "all"
    if found := _N.fullmatch(text):
        return Several(int(found[1]))
    if found := _SHARE.fullmatch(text):
        return Share(float(found[1]))
    if found := _KEY.fullmatch(text):
        try:
            return Key(unquote(found[1], errors="strict"))
        except UnicodeDecodeError as error:
            raise ValueError(f"not a pick: {text!r} (the key is not percent-encoded UTF-8)") from error
    raise ValueError(f"not a pick: {text!r} ('one', 'least', 'key(k)', 'all', 'n(3)' or 'share(0.67)')")
