"""Which of the nodes that offer a role its pick chooses. No clock and no chance of its own: `rng` is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

from ..engine import Load, Loads

__all__ = ["LOOKED_AT", "best_of", "better_of_two", "least_of", "rendezvous"]

T = TypeVar("T")

#: Candidates that are looked at for what is usual among them: of more, that number, evenly spread. Looking at one
#: takes about a microsecond, and a median of 32 is as good.
LOOKED_AT = 32


def better_of_two(candidates: Sequence[T], load: Callable[[T], Load], rng: Random) -> T:
    """The less loaded of two random candidates (Mitzenmacher, "The power of two choices", IEEE TPDS 2001)."""
    return candidates[_better(candidates, load, _loads(candidates, load), rng)]


def least_of(candidates: Sequence[T], load: Callable[[T], Load], rng: Random) -> T:
    """The one with the least in flight of all; one of them by chance where several have as little.

    To one that let somebody wait in vain of late each counts as several, see `Loads.crowd`.
    """
    found = [load(each) for each in candidates]
    loads = None
    if any(each.vain for each in found):
        loads = Loads(found[:: -(-len(found) // LOOKED_AT)])
    crowds = [each.in_flight if loads is None else loads.crowd(each) for each in found]
    least = min(crowds)
    return candidates[_any([place for place, crowd in enumerate(crowds) if crowd == least], rng)]


def best_of(candidates: Sequence[T], count: int, load: Callable[[T], Load], rng: Random) -> list[T]:
    """`count` candidates, each the better of two random ones that are left; all of them where there are no more."""
    left = list(candidates)
    if count >= len(left):
        return left
    loads = _loads(candidates, load)
    return [left.pop(_better(left, load, loads, rng)) for _ in range(count)]


def rendezvous(key: str, node_ids: Iterable[str]) -> list[str]:
    """These nodes in the order in which they are responsible for the key: the first is, the next one if it is gone.

    Highest random weight hashing (Thaler, Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN
    1998). All that know the same nodes get the same order, and a node that comes or goes moves only its own keys.
    """
    name = key.encode()
    return sorted(node_ids, key=lambda node_id: (blake2b(name, digest_size=16, key=node_id.encode()).digest(), node_id))


def _loads(candidates: Sequence[T], load: Callable[[T], Load]) -> Loads:
    looked_at = candidates[:: -(-len(candidates) // LOOKED_AT)]
    return Loads([load(each) for each in looked_at])


def _better(candidates: Sequence[T], load: Callable[[T], Load], loads: Loads, rng: Random) -> int:
    count = len(candidates)
    if count == 1:
        return 0
    one = int(rng.random() * count)
    other = int(rng.random() * (count - 1))
    if other >= one:
        other += 1
    return other if loads.less(load(candidates[other]), load(candidates[one])) else one


def _any(places: list[int], rng: Random) -> int:
    return places[int(rng.random() * len(places))]
