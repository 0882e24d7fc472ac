"""Whether the next body is worth the work: by a few of its bytes, and by what became of those before it.

Law 1. A body below LEAST travels as it is.
Law 2. One whose bytes look like noise (what is compressed or encrypted already, or random) travels as it is; each
       NOISE_TRIED-th of them is tried all the same, as noise may repeat itself.
Law 3. When POOR bodies in a row were worth nothing, as many are left alone as in the break before twice over, FIRST to
       LONGEST; what is worth something ends that.
"""

from __future__ import annotations

__all__ = ["LEAST", "Worth"]

#: Bytes of a body that is tried: below it the frame around takes what is won.
LEAST = 64
#: Bytes from which on a body is looked at first; the look takes 4 µs, as the work on 500 bytes does.
SAMPLED = 1024
#: Bytes of a body that are looked at, and how many different ones noise has among them: 162 on average, and below 140
#: once in 100 000. Text has 70 at most, numbers and names as MessagePack about 100.
SAMPLE = 256
NOISE = 140
NOISE_TRIED = 16
#: Bodies in a row that saved less than a sixteenth.
POOR = 3
FIRST, LONGEST = 16, 512


class Worth:
    """That of one lane."""

    __slots__ = ("_left_alone", "_noisy", "_pause", "_poor")

    def __init__(self) -> None:
        self._noisy = self._poor = 0
        #: Bodies that are still left alone, and how many are when it is poor again.
        self._left_alone, self._pause = 0, FIRST

    def tries(self, body: bytes) -> bool:
        """Try it."""
        size = len(body)
        if size < LEAST:
            return False
        if self._left_alone:
            self._left_alone -= 1
            return False
        if size >= SAMPLED and len(set(body[:: size // SAMPLE | 1])) > NOISE:
            self._noisy += 1
            return self._noisy % NOISE_TRIED == 0
        return True

    def found(self, before: int, after: int) -> None:
        """What became of one that was tried, in bytes."""
        if before - after >= before >> 4:
            self._poor, self._pause = 0, FIRST
            return
        self._poor += 1
        if self._poor >= POOR:
            self._poor = POOR - 1  # the next one that is poor is enough
            self._left_alone, self._pause = self._pause, min(2 * self._pause, LONGEST)
