"""The law of a siege, in numbers, and what of it an attack broke."""

# Whatever a stranger or a peer does, honest peers' asks keep p99 ≤ 4 × idle or 20 ms, joins take ≤ 1 s, memory,
# descriptors and the log stay in a budget, and it is over within 5 s after the attacker is gone.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["FORGED", "Phase", "Row", "forged_lines", "quantile"]

#: What attackers write where a line of the log could begin with it.
FORGED = "siege-forged"

#: The 99th percentile of honest asks: seconds, or times that of the idle node, whichever is more.
TAIL, TAIL_TIMES = 0.020, 4.0
#: Seconds until an honest node that comes has its first answer.
JOIN = 1.0
#: Bytes of memory and descriptors beyond those of the idle node.
MEMORY, DESCRIPTORS = 128 << 20, 320
#: Bytes of log a second: a hundred lines.
LOG = 16 << 10
#: Seconds after which it is over.
OVER_WITHIN = 5.0
#: Descriptors that may be left then, of asks and joins that are under way.
LEFT = 24


def quantile(values: Sequence[float], fraction: float) -> float:
    """The value that `fraction` of the values do not exceed; inf where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else math.inf


def forged_lines(log: str) -> int:
    """How many lines of a log are an attacker's own, or hold what a terminal obeys."""
    return sum(line.startswith(FORGED) or not line.replace("\t", " ").isprintable() for line in log.splitlines())


@dataclass(frozen=True, slots=True)
class Phase:
    """What the honest noticed for a while: seconds of each ask and join (inf: it failed), and what the node had."""

    seconds: float
    asks: tuple[float, ...]
    joins: tuple[float, ...]
    memory: int
    descriptors: int
    logged: int = 0
    #: Seconds of the longest callback of the node's loop, whose it was, and the share of a processor that it used.
    longest: float = 0.0
    longest_of: str = ""
    busy: float = 0.0

    @property
    def tail(self) -> float:
        """The 99th percentile of the asks."""
        return quantile(self.asks, 0.99)

    @property
    def failed(self) -> int:
        """Asks that failed."""
        return sum(map(math.isinf, self.asks))


@dataclass(frozen=True, slots=True)
class Row:
    """One attack: the node idle, under attack, and after it. `complaints`: what the attack itself found."""

    name: str
    about: str
    idle: Phase
    under: Phase
    after: Phase
    facts: Mapping[str, int] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    #: Lines of the log that an attacker has written, or characters that a terminal obeys.
    forged: int = 0

    @property
    def share(self) -> float:
        """Of a processor, what the node has used for the attackers, and for nothing else."""
        return max(0.0, self.under.busy - self.idle.busy)

    @property
    def tail_bound(self) -> float:
        """Seconds that the 99th percentile may have."""
        return max(TAIL, TAIL_TIMES * self.idle.tail)

    @property
    def broken(self) -> tuple[str, ...]:
        """What of the law did not hold, each with its figures."""
        idle, under, after, bound = self.idle, self.under, self.after, self.tail_bound
        found = [
            (under.tail > bound, f"p99 {under.tail * 1e3:.1f} ms, bound {bound * 1e3:.1f}"),
            (under.failed > 0, f"{under.failed} of {len(under.asks)} asks failed"),
            (not under.joins or max(under.joins) > JOIN, f"a join took {max(under.joins, default=math.inf):.2f} s"),
            (under.memory - idle.memory > MEMORY, f"memory grew by {(under.memory - idle.memory) >> 20} MiB"),
            (under.descriptors - idle.descriptors > DESCRIPTORS, f"{under.descriptors} descriptors"),
            (under.logged / under.seconds > LOG, f"{under.logged / under.seconds / 1024:.0f} KiB/s of log"),
            (after.tail > bound or after.failed > 0, f"p99 {after.tail * 1e3:.1f} ms afterwards"),
            (max(after.joins, default=math.inf) > JOIN, "joins are slow afterwards"),
            (self.forged > 0, f"{self.forged} lines of the log are an attacker's"),
            (after.descriptors - idle.descriptors > LEFT, f"{after.descriptors} descriptors afterwards"),
        ]
        return (*(text for is_so, text in found if is_so), *self.complaints)
