"""The rows of worker processes in both reports, with their targets."""

from __future__ import annotations

from .comparison import Bar, Comparison, Figure, Sense

__all__ = ["worked_peer_rows", "worked_rows"]

_RATE, _TIME = "/s", "s"


def _at_least(value: float) -> Bar:
    return Bar(Sense.AT_LEAST, value)


def _at_most(value: float) -> Bar:
    return Bar(Sense.AT_MOST, value)


def worked_rows() -> list[Comparison]:
    """Worker processes of one node: what they add to a raw socket, what two of them share, and who notices."""
    group = "a node and its worker processes"
    shared, burdened = "worked.shared", "worked.burdened"
    return [
        Comparison(
            group, "ask of a worker p50", _TIME, Figure("worked.asked", "ask p50"), Figure("raw.unix", "ask p50"),
            "raw Protocol, Unix socket", _at_most(1.6),
        ),
        Comparison(
            group, "asks of a worker, 64 in flight", _RATE, Figure("worked.asked", "in flight"),
            Figure("raw.unix", "in flight"), "raw Protocol, Unix socket",
        ),
        Comparison(
            group, "ask of 1 MiB of a worker p50", _TIME, Figure("worked.large", "ask 1 MiB p50"),
            Figure("raw.unix.large", "ask 1 MiB p50"), "raw Protocol, Unix socket", _at_most(3.0),
        ),
        Comparison(
            group, "asks that compute, 2 workers", _RATE, Figure(shared, "2 workers"), Figure(shared, "1 worker"),
            "1 worker", _at_least(1.8),
        ),
        Comparison(
            group, "ask of the node's own actor p99, a worker computes", _TIME, Figure(burdened, "burdened p99"),
            Figure(burdened, "idle p99"), "the worker rests", _at_most(2.0),
        ),
    ]  # fmt: skip


def worked_peer_rows() -> list[Comparison]:
    """Asks of a worker beside those of xoscar between its own processes."""
    between = "xoscar, between its own processes"
    return [
        Comparison(
            "worker processes of one node", title, unit, Figure("worked.asked", figure),
            Figure("worked.xoscar", figure), between, bar,
        )
        for title, unit, figure, bar in (
            ("ask of a worker p50", _TIME, "ask p50", _at_most(1.2)),
            ("asks of a worker, 64 in flight", _RATE, "in flight", _at_least(1.5)),
        )
    ]  # fmt: skip
