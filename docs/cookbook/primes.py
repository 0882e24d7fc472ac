"""What the processes of cpu.py import: a module that can be imported by name, with nothing that starts by itself."""

import os

from peerbus.actors import Channel, Message, Reactor, Request, handles


class Count(Message, Request[tuple[int, int]]):
    """Answered with how many primes there are below, and by which process that was counted."""

    below: int


class Primes(Reactor):
    channel = Channel("primes", messages=(Count,), idempotent=(Count,), timeout=60)

    @handles(Count)
    def count(self, wanted: Count) -> tuple[int, int]:
        sieve = bytearray([1]) * wanted.below
        sieve[:2] = b"\0\0"
        for number in range(2, int(wanted.below**0.5) + 1):
            if sieve[number]:
                sieve[number * number :: number] = bytes(len(range(number * number, wanted.below, number)))
        return sum(sieve), os.getpid()
