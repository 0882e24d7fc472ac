"""What a probe says of the actors that it came by: addresses, and behind one how that actor is in the circle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["ANY_OF", "BESIDE", "chosen", "chosen_in", "owes", "ring_of", "waiting_first"]

#: Behind a name on its way to a peer: whoever waits is a reentrant handler or a generator, and holds nobody.
BESIDE: Final = " (beside)"
#: Behind the name of a pool's member: any one of this number of members is waited for, and how much they had done.
ANY_OF: Final = " (of "
_CHOSEN = re.compile(r"(.*)\.[^.]* \(of (\d{1,6}) at \d{1,6}\)")


def chosen(of: int, mark: int) -> str:
    """What stands behind the name of such a member."""
    return f"{ANY_OF}{of} at {mark % 1_000_000})"


def chosen_in(names: Sequence[str]) -> int:
    """How many of them are such members."""
    return sum(ANY_OF in name for name in names)


def owes(names: Sequence[str]) -> bool:
    """Somebody waits for any of several, and not all of these are there: a circle by the others alone is none."""
    seen: dict[tuple[str, int], set[str]] = {}
    for name in names:
        if ANY_OF in name and (match := _CHOSEN.fullmatch(name)) is not None:
            seen.setdefault((match[1], int(match[2])), set()).add(name.partition(ANY_OF)[0])
    return any(len(members) < of for (_, of), members in seen.items())


def waiting_first(names: Sequence[str]) -> str:
    """The first by address of those that are held up."""
    return min((name for name in names if not name.endswith(BESIDE) and ANY_OF not in name), default="")


def ring_of(names: Sequence[str]) -> list[str]:
    """The circle as whoever reads of it knows its actors: each where it waits."""
    ring: list[str] = []
    for name in names:
        if ANY_OF not in name and (bare := name.removesuffix(BESIDE)) not in ring[-1:]:
            ring.append(bare)
    return ring
