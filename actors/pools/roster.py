"""The members of a pool by their numbers, and which of them has a key. Plain values: no clock, no actor.

Jump consistent hashing (Lamping, Veach, "A fast, minimal memory, consistent hash algorithm", 2014): of n members each
has an n-th of the keys, and where one more comes it takes its part of each, and nothing else moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

__all__ = ["Roster", "jump", "number_of"]

T = TypeVar("T")

_64_BITS = (1 << 64) - 1
#: The multiplier of the paper's generator, a linear congruential one.
_MULTIPLIER = 2862933555777941757


def number_of(key: str) -> int:
    """A key as 64 bits: the same in each process and on each day."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())


def jump(number: int, buckets: int) -> int:
    """The bucket of the number, out of `buckets`, which are one at least."""
    at, following = 0, 0
    while following < buckets:
        at = following
        number = (number * _MULTIPLIER + 1) & _64_BITS
        following = int((at + 1) * ((1 << 31) / ((number >> 33) + 1)))
    return at


class Roster(Generic[T]):
    """Members by number, from 0; None stands for one that has ended for good. It does not change."""

    __slots__ = ("alive", "slots")

    def __init__(self, slots: Sequence[T | None] = ()) -> None:
        self.slots: tuple[T | None, ...] = tuple(slots)
        #: Those that have not ended, by number.
        self.alive: tuple[T, ...] = tuple(each for each in self.slots if each is not None)

    def owner(self, number: int) -> T:
        """The member that has a key of that `number_of`. Raises IndexError where none is left.

        The keys of one that has ended are spread over the others, and no other key moves.
        """
        slots = self.slots
        if len(self.alive) == len(slots):
            return self.alive[jump(number, len(slots))]
        found = slots[jump(number, len(slots))] if slots else None
        return self.alive[jump(number ^ _64_BITS, len(self.alive))] if found is None else found

    def without(self, member: T) -> Roster[T]:
        """Those that are left where that one has ended: its number stays free."""
        return Roster([None if each is member else each for each in self.slots])

    def first(self, count: int) -> Roster[T]:
        """The members of the first `count` numbers."""
        return Roster(self.slots[:count])

    def free(self, count: int) -> list[int]:
        """The numbers below `count` that nobody has."""
        slots = self.slots
        return [place for place in range(count) if place >= len(slots) or slots[place] is None]

    def filled(self, more: dict[int, T]) -> Roster[T]:
        """With these at the numbers that they have."""
        count = max([len(self.slots), *(place + 1 for place in more)])
        slots = [*self.slots, *[None] * (count - len(self.slots))]
        for place, member in more.items():
            slots[place] = member
        return Roster(slots)
