"""Whom a role's pick chooses among those that offer it. No clock and no chance of its own: `rng` is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from random import Random
from typing import TypeVar

__all__ = ["best_of", "better_of_two", "rendezvous"]

T = TypeVar("T")


def better_of_two(candidates: list[T], load: Callable[[T], float], rng: Random) -> T:
    """The less loaded of two random candidates (Mitzenmacher, "The power of two choices", IEEE TPDS 2001)."""
    return candidates[_better(candidates, load, rng)]


def best_of(candidates: list[T], count: int, load: Callable[[T], float], rng: Random) -> list[T]:
    """So many candidates, each the better of two random ones that are left; all of them where there are no more."""
    left = list(candidates)
    if count >= len(left):
        return left
    return [left.pop(_better(left, load, rng)) for _ in range(count)]


def rendezvous(key: str, node_ids: Iterable[str]) -> list[str]:
    """These nodes in the order in which they are responsible for the key: the first is, the next one if it is gone.

    Highest random weight hashing (Thaler, Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN
    1998). Who knows the same nodes gets the same order, and a node that comes or goes moves only its own keys.
    """
    name = key.encode()
    return sorted(node_ids, key=lambda node_id: (blake2b(name, digest_size=16, key=node_id.encode()).digest(), node_id))


def _better(candidates: list[T], load: Callable[[T], float], rng: Random) -> int:
    count = len(candidates)
    if count == 1:
        return 0
    one = int(rng.random() * count)
    other = int(rng.random() * (count - 1))
    if other >= one:
        other += 1
    return one if load(candidates[one]) <= load(candidates[other]) else other
