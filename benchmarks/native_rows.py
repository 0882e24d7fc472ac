"""The rows of the compiled build: what it is compared with, and the targets that it has of its own."""

from __future__ import annotations

from .comparison import Bar, Comparison, Figure, Sense
from .products import PRODUCTS

__all__ = ["native_rows"]

_RATE, _TIME, _VOLUME = "/s", "s", "B/s"
_LEAST, _MOST = Sense.AT_LEAST, Sense.AT_MOST


def native_rows() -> list[Comparison]:
    """Messages on the compiled build beside Pykka, the limits and the peers: the baselines of the other runs."""
    return [*_local(), *_beside(), *_streams(), *_casty()]


def _local() -> list[Comparison]:
    group = "the compiled build in one process, against Pykka (told the same)"
    return [
        Comparison(
            group, name, unit, Figure("local.message", ours), Figure("pykka.message", theirs), "Pykka, Messages", bar
        )
        for name, unit, ours, theirs, bar in (
            ("tell", _RATE, "tell", "tell", Bar(_LEAST, 9)),
            ("tell_many, 64 at a time", _RATE, "tell_many", "tell", None),
            ("tell through ActorRef", _RATE, "tell by ref", "tell", Bar(_LEAST, 8)),
            ("ask p50", _TIME, "ask p50", "ask p50", None),
            ("asks, 64 in flight", _RATE, "ask in flight", "ask in flight", Bar(_LEAST, 4.5)),
            ("tell from a foreign thread", _RATE, "tell from a thread", "tell", Bar(_LEAST, 4)),
        )
    ]  # fmt: skip


def _beside() -> list[Comparison]:
    """By figure: the product, the bar, and the figure of the product where that has another name."""
    one_way = (("zmq", 1.0), ("zenoh", 1.3), ("nats", 5.0), ("erlang", 1.5))
    rows: list[tuple[str, str, str, str, str, Bar | None]] = [
        ("one-way 100 B", _RATE, "one-way", "raw", "one-way joined maps", Bar(_LEAST, 0.35)),
        *(("one-way 100 B", _RATE, "one-way", name, "one-way", Bar(_LEAST, bar)) for name, bar in one_way),
        *(
            ("one-way 100 B by tell_many", _RATE, "one-way, tell_many", name, "one-way", Bar(_LEAST, bar))
            for name, bar in (("zmq", 1.4), ("zenoh", 2.0))
        ),
        *(
            ("asks, 64 in flight", _RATE, "in flight", name, "in flight", Bar(_LEAST, bar))
            for name, bar in (("raw", 1.3), ("zmq", 1.5), ("nats", 6.0), ("erlang", 1.4))
        ),
        *(
            ("ask p50", _TIME, "ask p50", name, "ask p50", Bar(_MOST, bar))
            for name, bar in (("raw", 1.3), ("zmq", 0.8), ("erlang", 1.2))
        ),
        *(
            ("one-way 64 KiB", _VOLUME, "large", name, "large", Bar(_LEAST, bar))
            for name, bar in (("raw", 0.8), ("erlang", 0.9))
        ),
    ]
    group = "the compiled build between two processes, plain TCP"
    return [
        Comparison(group, title, unit, Figure("peerbus.message", ours), Figure(name, theirs), _title(name, theirs), bar)
        for title, unit, ours, name, theirs, bar in rows
    ]


def _title(name: str, figure: str) -> str:
    return f"{PRODUCTS[name].title}, 64 maps a write" if figure.endswith("joined maps") else PRODUCTS[name].title


def _streams() -> list[Comparison]:
    case, group = "peerbus.message.stream", "the compiled build: items of streams, against its own one-way tells"
    return [
        Comparison(group, name, unit, Figure(case, ours), Figure(case, theirs), "our tells", bar)
        for name, unit, ours, theirs, bar in (
            ("items of 100 B", _RATE, "stream", "one-way", Bar(_LEAST, 0.8)),
            ("items of 64 KiB", _VOLUME, "stream, large", "one-way, large", None),
        )
    ]


def _casty() -> list[Comparison]:
    # It supports no Python as old as the bus does, and beside it ours runs on the Python that it has.
    group = "the compiled build beside casty"
    return [
        Comparison(
            group, name, unit, Figure("peerbus.newer.message", figure), Figure("casty", figure),
            PRODUCTS["casty"].title, bar,
        )
        for name, unit, figure, bar in (
            ("one-way 100 B", _RATE, "one-way", Bar(_LEAST, 3)),
            ("asks, 64 in flight", _RATE, "in flight", Bar(_LEAST, 3)),
            ("ask p50", _TIME, "ask p50", Bar(_MOST, 0.5)),
        )
    ]  # fmt: skip
