"""What each carrier costs: the table of docs/carriers.md, out of the latest runs."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from .report import figure
from .results import Results

__all__ = ["carriers_table"]

#: By scheme the product that goes over it, and whether it is measured beside the peers, by `make bench-peers`.
_CARRIERS = (
    ("tcp", "peerbus.tls", False),
    ("unix", "peerbus.unix", False),
    ("libp2p+tcp", "peerbus.libp2p", False),
    ("nats", "peerbus.nats", True),
)
_FIGURES = (
    ("an ask, p50", "ask p50", "s"),
    ("asks, 64 in flight", "in flight", "/s"),
    ("one way, 100 B", "one-way", "/s"),
    ("one way, 64 KiB", "large", "B/s"),
)


def carriers_table(run: Results | None, peers: Results | None) -> str:
    """A line for each, the medians of its rounds; what was not measured says by which command it is."""
    return "\n".join(_lines(run, peers))


def _lines(run: Results | None, peers: Results | None) -> Iterator[str]:
    yield f"| scheme | {' | '.join(title for title, _, _ in _FIGURES)} | measured |"
    yield f"| --- | {' | '.join('---' for _ in _FIGURES)} | --- |"
    for scheme, product, beside in _CARRIERS:
        results = peers if beside else run
        rounds = [] if results is None else [found[product] for found in results.rounds if product in found]
        cells = [figure(median(found[name] for found in rounds), unit) if rounds else "–" for _, name, unit in _FIGURES]
        when = results.started if results is not None and rounds else f"by `make bench{'-peers' if beside else ''}`"
        yield f"| `{scheme}` | {' | '.join(cells)} | {when} |"
