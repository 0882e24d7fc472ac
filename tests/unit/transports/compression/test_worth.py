"""What is compressed at all: not noise, not what was worth nothing, and all the same a look now and then."""

from __future__ import annotations

import random

from peerbus.transports.compression.worth import FIRST, LEAST, LONGEST, NOISE_TRIED, Worth

TEXT = b"a message of some words, as people write them; " * 100
RNG = random.Random(7)


def test_what_is_short_is_left_alone() -> None:
    worth = Worth()
    assert [worth.tries(b"x" * size) for size in (0, LEAST - 1, LEAST)] == [False, False, True]


def test_noise_is_told_from_text_and_from_numbers_and_one_in_some_is_tried() -> None:
    worth = Worth()
    assert all(worth.tries(TEXT) for _ in range(10))
    assert worth.tries(b"".join(number.to_bytes(4, "big") for number in range(4000)))
    tried = [worth.tries(RNG.randbytes(RNG.randrange(1024, 70_000))) for _ in range(4 * NOISE_TRIED)]
    assert sum(tried) == 4


def test_after_some_poor_ones_the_breaks_double_until_one_is_worth_it() -> None:
    worth = Worth()
    breaks = []
    for _ in range(9):
        worth.found(100, 99)
        left = 0
        while not worth.tries(TEXT):
            left += 1
        breaks.append(left)
    assert breaks == [0, 0, FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST, LONGEST, LONGEST]
    worth.found(100, 50)
    worth.found(100, 99)
    assert worth.tries(TEXT)
