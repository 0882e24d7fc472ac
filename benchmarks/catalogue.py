"""Every case that a run measures, and every comparison that the report draws between them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .comparison import Bar, Comparison, Figure, Sense
from .run import Measure, Run

__all__ = ["CASES", "SERVERS", "Case", "comparisons", "needed"]


@dataclass(frozen=True, slots=True)
class Case:
    """One fresh process. `module` and `function` are looked up in that process alone: others need not import it.

    `loops`: whether there is one for each event loop, or just one.
    """

    name: str
    module: str
    function: str
    loops: bool = True

    def measure(self) -> Measure:
        """The function that does the work."""
        found: Measure = getattr(importlib.import_module(f".{self.module}", __package__), self.function)
        return found

    @property
    def about(self) -> str:
        """What it does, in a line."""
        return (self.measure().__doc__ or "").strip().partition("\n")[0]

    def key(self, loop: str) -> str:
        """Its name in results: with the loop, where it has one."""
        return f"{self.name}@{loop}" if self.loops else self.name

    def runs(self, loops: Iterable[str], scale: float) -> dict[str, Run]:
        """What to tell each of its processes, by key."""
        return {self.key(loop): Run(loop, scale) for loop in loops}


CASES = {
    case.name: case
    for case in (
        Case("pykka", "local_pykka", "messages", loops=False),
        Case("pykka.actors", "local_pykka", "actors", loops=False),
        Case("local", "local_peerbus", "messages"),
        Case("actors", "local_peerbus", "actors"),
        Case("thread", "local_peerbus", "thread", loops=False),
        Case("floors", "local_floors", "floors"),
        Case("raw", "remote_raw", "plain"),
        Case("raw.tls", "remote_raw", "tls"),
        Case("plain", "remote_peerbus", "plain"),
        Case("tls", "remote_peerbus", "tls"),
    )
}

#: Modules with a `serve(run, name)`, by what `--serve` is given.
SERVERS = {"raw": "remote_raw", "raw.tls": "remote_raw", "plain": "remote_peerbus", "tls": "remote_peerbus"}

_RATE, _TIME, _BYTES, _VOLUME = "/s", "s", "B", "B/s"
_THREE_TIMES = Bar(Sense.AT_LEAST, 3.0)
_A_THIRD = Bar(Sense.AT_MOST, 1 / 3)
_FOUR_TIMES = Bar(Sense.AT_MOST, 4.0)


def comparisons(loops: Sequence[str]) -> list[Comparison]:
    """The rows of the report, in its order. TLS is measured on the last loop: uvloop, which a node takes if it can."""
    rows = []
    for loop in loops:
        rows += _local(loop)
    rows += _thread()
    for loop in loops:
        rows += _remote(loop, "plain", "raw", "plain TCP")
    rows += _remote(loops[-1], "tls", "raw.tls", "TLS 1.3")
    rows += _cost_of_tls(loops[-1])
    return rows


def needed(rows: Iterable[Comparison], loops: Iterable[str], scale: float) -> dict[str, tuple[Case, Run]]:
    """The processes of one round: those that the rows look at, in the order of the catalogue, by key."""
    keys = {figure.case for row in rows for figure in (row.ours, row.baseline)}
    return {key: (case, run) for case in CASES.values() for key, run in case.runs(loops, scale).items() if key in keys}


def _local(loop: str) -> list[Comparison]:
    group = f"in one process, {loop}, against Pykka"

    def against_pykka(
        name: str, unit: str, ours: str, theirs: str, bar: Bar | None = None, *, cases: tuple[str, str] | None = None
    ) -> Comparison:
        mine, other = cases or ("local", "pykka")
        return Comparison(group, name, unit, Figure(CASES[mine].key(loop), ours), Figure(other, theirs), "Pykka", bar)

    many = ("actors", "pykka.actors")
    return [
        against_pykka("tell", _RATE, "tell", "tell", _THREE_TIMES),
        against_pykka("tell by ActorRef", _RATE, "tell by ref", "tell", _THREE_TIMES),
        against_pykka("tell from a thread", _RATE, "tell from a thread", "tell"),
        against_pykka("tell to 1 000 actors in turn", _RATE, "tell in turn", "tell in turn", cases=many),
        against_pykka("ask p50", _TIME, "ask p50", "ask p50", _A_THIRD),
        against_pykka("ask p99", _TIME, "ask p99", "ask p99"),
        against_pykka("ask p50 from a thread", _TIME, "ask from a thread p50", "ask p50"),
        against_pykka("asks, 64 in flight", _RATE, "ask in flight", "ask in flight"),
        against_pykka("spawn", _RATE, "spawn", "spawn", cases=many),
        against_pykka("memory per actor", _BYTES, "memory", "memory", cases=many),
        Comparison(
            group, "tell against a queue", _RATE, Figure(f"local@{loop}", "tell"), Figure(f"floors@{loop}", "tell"),
            "asyncio.Queue(1024)",
        ),
        Comparison(
            group, "ask p50 against a future", _TIME, Figure(f"local@{loop}", "ask p50"),
            Figure(f"floors@{loop}", "ask p50"), "bare future",
        ),
    ]  # fmt: skip


def _thread() -> list[Comparison]:
    group = "an actor with a thread of its own, against Pykka"
    return [
        Comparison(group, "tell, bounded mailbox", _RATE, Figure("thread", "tell"), Figure("pykka", "tell"), "Pykka"),
        Comparison(group, "ask p50", _TIME, Figure("thread", "ask p50"), Figure("pykka", "ask p50"), "Pykka"),
    ]


def _remote(loop: str, case: str, raw: str, title: str) -> list[Comparison]:
    group = f"two processes, {loop}, {title}, against a Protocol of asyncio with msgpack on the same sockets"
    rows = []
    for name, unit, ours, theirs, baseline, bar in (
        ("one-way 100 B", _RATE, "one-way", "one-way", "raw, a write each", None),
        ("one-way 100 B", _RATE, "one-way", "one-way joined maps", "raw, 64 a write, maps", None),
        ("one-way 100 B", _RATE, "one-way", "one-way joined", "raw, 64 a write, arrays", None),
        ("one-way 64 KiB", _VOLUME, "large", "large", "raw", None),
        ("round trip p50", _TIME, "round trip p50", "round trip p50", "raw", _FOUR_TIMES),
        ("round trip p99", _TIME, "round trip p99", "round trip p99", "raw", None),
        ("64 in flight", _RATE, "in flight", "in flight", "raw, a write each", None),
    ):
        figures = Figure(f"{case}@{loop}", ours), Figure(f"{raw}@{loop}", theirs)
        rows.append(Comparison(group, name, unit, *figures, baseline, bar))
    return rows


def _cost_of_tls(loop: str) -> list[Comparison]:
    group = f"two processes, {loop}, TLS 1.3 against plain TCP"
    return [
        Comparison(group, name, unit, Figure(f"tls@{loop}", metric), Figure(f"plain@{loop}", metric), "plain TCP")
        for name, unit, metric in (
            ("one-way 100 B", _RATE, "one-way"),
            ("one-way 64 KiB", _VOLUME, "large"),
            ("round trip p50", _TIME, "round trip p50"),
            ("64 in flight", _RATE, "in flight"),
        )
    ]
