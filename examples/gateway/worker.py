"""A worker counts primes, a piece at a time. A node runs a pool of them, and takes one job more than it can do."""

from __future__ import annotations

import asyncio

from peerbus.actors import Channel, Overflow, Reactor, handles

from .messages import Count, Progress

#: The role that workers offer.
ROLE = "worker"
#: A job is done in this many pieces: between two of them it is told how far it is, and may be cancelled.
PIECES = 50


class Worker(Reactor):
    """`rest`: seconds between two pieces, where the machine has other things to do as well."""

    # A job that finds no room is refused at once, and the browser hears of it: 503. Nothing waits where nobody sees it.
    channel = Channel(
        "worker", messages=(Count,), idempotent=(Count,), mailbox=1, overflow=Overflow.REJECT, timeout=600
    )

    def __init__(self, rest: float = 0.0) -> None:
        super().__init__()
        self._rest = rest

    @handles(Count)
    async def count(self, wanted: Count) -> int:
        found = 0
        for piece in range(PIECES):
            await self.tell(wanted.report_to, Progress(wanted.job, piece * 100 // PIECES, self.bus.name))
            first, last = (wanted.below * each // PIECES for each in (piece, piece + 1))
            found += await self.run_blocking(primes, first, last)  # on a thread; a cancelled job ends here
            await asyncio.sleep(self._rest)
        return found


def primes(first: int, last: int) -> int:
    """How many there are from `first` on, below `last`."""
    if last <= 2:
        return 0
    small = sieve(int(last**0.5) + 1)
    first = max(first, 2)
    marks = bytearray([1]) * (last - first)
    for prime in small:
        start = max(prime * prime, (first + prime - 1) // prime * prime) - first
        if start < len(marks):
            marks[start::prime] = bytes(len(range(start, len(marks), prime)))
    return sum(marks)


def sieve(last: int) -> list[int]:
    """The primes up to `last`."""
    marks = bytearray([1]) * (last + 1)
    for number in range(2, int(last**0.5) + 1):
        if marks[number]:
            marks[number * number :: number] = bytes(len(range(number * number, last + 1, number)))
    return [number for number in range(2, last + 1) if marks[number]]
