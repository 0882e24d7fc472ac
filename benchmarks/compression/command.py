"""The command line: which ways on which messages, as a table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .corpus import CORPORA, Corpus, bodies
from .ways import MORE, WAYS, Way

__all__ = ["Row", "main", "measured"]

_ABOUT = """\
What the examples send, 200 bytes to 64 KiB, compressed and read again in each way: how much smaller it becomes, and
the processor time of a message at both ends. Alone: a frame each, as asks travel; together: in frames of 8 KiB, as
what is told without a pause does. A cell: before to after (µs out + µs in). Each time is the best of ROUNDS.
"""


class Row(NamedTuple):
    """One way, on one kind of message. `ratio` before to after; seconds of processor time a message."""

    messages: str
    size: int
    together: bool
    way: str
    ratio: float
    shrink: float
    unfold: float


def measured(corpus: Corpus, way: Way, *, together: bool, rounds: int = 3, share: float = 1.0) -> Row:
    """Measure it. Raises AssertionError where what comes out is not what went in."""
    count = max(2, int(corpus.count * share))
    payloads = corpus.payloads(count)
    frames = list(bodies(payloads, together=together))
    seen = list(bodies(corpus.payloads(count, seed=8), together=together))
    best_out = best_back = float("inf")
    after = 0
    for _ in range(rounds):
        ends = way.ends(seen)
        began = time.process_time()
        packed = [ends.shrink(frame) for frame in frames]
        between = time.process_time()
        back = [ends.unfold(each) for each in packed]
        over = time.process_time()
        assert back == frames, f"{way.name} does not give {corpus.name} back"
        best_out, best_back = min(best_out, between - began), min(best_back, over - between)
        after = sum(map(len, packed))
    before = sum(map(len, frames))
    size = sum(map(len, payloads)) // len(payloads)
    return Row(corpus.name, size, together, way.name, before / after, best_out / count, best_back / count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser("compression", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="ROUNDS", help="3 by default")
    parser.add_argument("--more", action="store_true", help="other levels and windows in place of these")
    parser.add_argument("--share", type=float, default=1.0, help="of the messages, 0 to 1: a quick look")
    options = parser.parse_args(arguments)
    ways = MORE if options.more else WAYS
    print("\n".join(_table(ways, _all(ways, options.rounds, options.share))))
    return 0


def _all(ways: Sequence[Way], rounds: int, share: float) -> Iterator[list[Row]]:
    for corpus in CORPORA:
        small = len(corpus.payloads(1)[0]) < 4096
        for together in (False, True) if small else (False,):
            print(corpus.name, file=sys.stderr)
            yield [measured(corpus, way, together=together, rounds=rounds, share=share) for way in ways]


def _table(ways: Sequence[Way], found: Iterable[list[Row]]) -> Iterator[str]:
    yield f"| messages | | {' | '.join(way.name for way in ways)} |"
    yield f"| --- | --- | {' | '.join('---' for _ in ways)} |"
    for rows in found:
        first = rows[0]
        cells = (f"{row.ratio:.2f} ({row.shrink * 1e6:.1f} + {row.unfold * 1e6:.1f})" for row in rows)
        how = "together" if first.together else "alone"
        yield f"| {first.messages}, {first.size:,} B | {how} | {' | '.join(cells)} |"
