"""The rows of both reports: what is compared with what, and the target of each."""

from __future__ import annotations

from .cases import PEERS
from .comparison import Bar, Comparison, Figure, Sense
from .compressed import COMPRESSED, METHODS
from .products import PRODUCTS
from .worked_rows import worked_peer_rows, worked_rows

__all__ = ["peer_rows", "run_rows"]

_RATE, _TIME, _BYTES, _VOLUME = "/s", "s", "B", "B/s"


#: 64 messages a call, as many as the raw Protocol joins to one write.
_BY_MANY, _TELL_MANY = "one-way 100 B by tell_many", "one-way, tell_many"


def _at_least(value: float) -> Bar:
    return Bar(Sense.AT_LEAST, value)


def _at_most(value: float) -> Bar:
    return Bar(Sense.AT_MOST, value)


def run_rows() -> list[Comparison]:
    """Ours beside Pykka, and beside what two processes can do without a bus."""
    return [
        *_local(), *_messages(), *_limits(), *_flooded(), *_tls(), *_libp2p(), *_unix(), *_credit(), *_streams(),
        *_many(), *_looked_at(), *_traced(), *_compressed(), *worked_rows(),
    ]  # fmt: skip


def _local() -> list[Comparison]:
    group = "in one process, against Pykka"
    rows = [
        Comparison(group, name, unit, Figure(case, ours), Figure(their_case, theirs), "Pykka", bar)
        for name, unit, case, ours, their_case, theirs, bar in (
            ("tell", _RATE, "local", "tell", "pykka", "tell", _at_least(8)),
            ("tell_many, 64 at a time", _RATE, "local", "tell_many", "pykka", "tell", None),
            ("tell through ActorRef", _RATE, "local", "tell by ref", "pykka", "tell", _at_least(6)),
            ("ask p50", _TIME, "local", "ask p50", "pykka", "ask p50", _at_most(0.10)),
            ("ask p99", _TIME, "local", "ask p99", "pykka", "ask p99", None),
            ("asks, 64 in flight", _RATE, "local", "ask in flight", "pykka", "ask in flight", _at_least(4)),
            ("tell to 1 000 actors in turn", _RATE, "actors", "tell in turn", "pykka.actors", "tell in turn",
             _at_least(30)),
            ("tell from a foreign thread", _RATE, "local", "tell from a thread", "pykka", "tell", _at_least(5)),
            ("ask p50 from a foreign thread", _TIME, "local", "ask from a thread p50", "pykka", "ask p50", None),
            ("spawn", _RATE, "actors", "spawn", "pykka.actors", "spawn", None),
            ("actor with a thread: tell", _RATE, "thread", "tell", "pykka", "tell", None),
            ("actor with a thread: ask p50", _TIME, "thread", "ask p50", "pykka", "ask p50", None),
        )
    ]  # fmt: skip
    return [
        *rows,
        Comparison(
            group, "memory per actor", _BYTES, Figure("actors", "memory"), Figure("pykka.actors", "memory"), "Pykka",
            _at_most(5 * 1024), absolute=True,
        ),
        Comparison(
            group, "tell", _RATE, Figure("local", "tell"), Figure("floors", "tell"), "a bare asyncio.Queue(1024)"
        ),
        Comparison(group, "ask p50", _TIME, Figure("local", "ask p50"), Figure("floors", "ask p50"), "a bare future"),
    ]  # fmt: skip


def _messages() -> list[Comparison]:
    """What Messages cost: beside others, and beside the frozen dataclasses of all other rows."""
    group = "Messages, in one process against Pykka (told the same)"
    rows = [
        Comparison(
            group, name, unit, Figure("local.message", ours), Figure("pykka.message", theirs), "Pykka, Messages", bar
        )
        for name, unit, ours, theirs, bar in (
            ("tell", _RATE, "tell", "tell", _at_least(6)),
            ("tell_many, 64 at a time", _RATE, "tell_many", "tell", None),
            ("tell through ActorRef", _RATE, "tell by ref", "tell", _at_least(5.5)),
            ("ask p50", _TIME, "ask p50", "ask p50", _at_most(0.10)),
            ("asks, 64 in flight", _RATE, "ask in flight", "ask in flight", _at_least(3.5)),
            ("tell from a foreign thread", _RATE, "tell from a thread", "tell", None),
        )
    ]  # fmt: skip
    group = "Messages, between two processes, plain TCP, against the limit"
    rows += [
        Comparison(group, name, unit, Figure("peerbus.message", figure), Figure("raw", theirs), against, bar)
        for name, unit, figure, theirs, against, bar in (
            ("one-way 100 B", _RATE, "one-way", "one-way joined maps", "raw Protocol, 64 maps a write",
             _at_least(0.23)),
            ("one-way 100 B", _RATE, "one-way", "one-way joined", "raw Protocol, 64 arrays a write", None),
            (_BY_MANY, _RATE, _TELL_MANY, "one-way joined maps", "raw Protocol, 64 maps a write", None),
            (_BY_MANY, _RATE, _TELL_MANY, "one-way joined", "raw Protocol, 64 arrays a write", None),
            ("one-way 64 KiB", _VOLUME, "large", "large", "raw Protocol", _at_least(0.8)),
            ("ask p50", _TIME, "ask p50", "ask p50", "raw Protocol", _at_most(1.4)),
            ("asks, 64 in flight", _RATE, "in flight", "in flight", "raw Protocol, a write each", _at_least(1.0)),
        )
    ]  # fmt: skip
    group = "Messages beside frozen dataclasses"
    rows += [
        Comparison(group, name, unit, Figure(f"{case}.message", figure), Figure(case, figure), "frozen dataclasses")
        for name, unit, case, figure in (
            ("tell in one process", _RATE, "local", "tell"),
            ("tell through ActorRef", _RATE, "local", "tell by ref"),
            ("asks, 64 in flight, in one process", _RATE, "local", "ask in flight"),
            ("one-way 100 B", _RATE, "peerbus", "one-way"),
            ("one-way 64 KiB", _VOLUME, "peerbus", "large"),
            ("asks, 64 in flight", _RATE, "peerbus", "in flight"),
        )
    ]
    return rows


def _limits() -> list[Comparison]:
    group = "between two processes, plain TCP, against the limit"
    return [
        Comparison(group, name, unit, Figure("peerbus", ours), Figure(case, theirs), against, bar)
        for name, unit, ours, case, theirs, against, bar in (
            ("one-way 100 B", _RATE, "one-way", "raw", "one-way joined maps", "raw Protocol, 64 maps a write",
             _at_least(0.3)),
            ("one-way 100 B", _RATE, "one-way", "raw", "one-way joined", "raw Protocol, 64 arrays a write",
             _at_least(0.3)),
            (_BY_MANY, _RATE, _TELL_MANY, "raw", "one-way joined maps", "raw Protocol, 64 maps a write", None),
            (_BY_MANY, _RATE, _TELL_MANY, "raw", "one-way joined", "raw Protocol, 64 arrays a write", None),
            ("one-way 100 B", _RATE, "one-way", "raw", "one-way", "raw Protocol, a write each", None),
            ("one-way 100 B", _RATE, "one-way", "sockets", "one-way", "raw sockets, a write each", None),
            ("one-way 64 KiB", _VOLUME, "large", "raw", "large", "raw Protocol", _at_least(0.8)),
            ("one-way 64 KiB", _VOLUME, "large", "sockets", "large", "raw sockets", None),
            ("ask p50", _TIME, "ask p50", "raw", "ask p50", "raw Protocol", _at_most(1.4)),
            ("ask p50", _TIME, "ask p50", "sockets", "ask p50", "raw sockets", None),
            ("ask p99", _TIME, "ask p99", "raw", "ask p99", "raw Protocol", None),
            ("asks, 64 in flight", _RATE, "in flight", "raw", "in flight", "raw Protocol, a write each",
             _at_least(1.0)),
            ("asks, 64 in flight", _RATE, "in flight", "sockets", "in flight", "raw sockets", None),
        )
    ]  # fmt: skip


def _flooded() -> list[Comparison]:
    group = "asks on an idle channel while another to the same peer is flooded flat out"
    idle = Figure("peerbus", "quiet ask p50")
    return [
        Comparison(group, "ask p50", _TIME, Figure("peerbus", "flooded ask p50"), idle, "the same, idle", _at_most(4)),
        Comparison(
            group, "ask p99", _TIME, Figure("peerbus", "flooded ask p99"), Figure("peerbus", "quiet ask p99"),
            "the same, idle", _at_most(0.020), absolute=True,
        ),
    ]  # fmt: skip


def _tls() -> list[Comparison]:
    group = "TLS 1.3"
    rows = []
    for name, unit, figure, bar in (
        ("one-way 100 B", _RATE, "one-way", _at_least(0.65)),
        ("one-way 64 KiB", _VOLUME, "large", None),
        ("ask p50", _TIME, "ask p50", _at_most(1.4)),
        ("asks, 64 in flight", _RATE, "in flight", None),
    ):
        ours = Figure("peerbus.tls", figure)
        rows += [
            Comparison(group, name, unit, ours, Figure("peerbus", figure), "our plain TCP", bar),
            Comparison(group, name, unit, ours, Figure("raw.tls", figure), "raw Protocol over TLS"),
            Comparison(group, name, unit, ours, Figure("raw", figure), "raw Protocol over plain TCP"),
        ]
    return rows


def _libp2p() -> list[Comparison]:
    group = "libp2p: Noise and yamux instead of TLS"
    return [
        Comparison(
            group, name, unit, Figure("peerbus.libp2p", figure), Figure("peerbus.tls", figure), "our TCP with TLS 1.3",
            bar,
        )
        for name, unit, figure, bar in (
            ("one-way 100 B", _RATE, "one-way", None),
            ("one-way 64 KiB", _VOLUME, "large", _at_least(0.6)),
            ("ask p50", _TIME, "ask p50", _at_most(2.0)),
            ("asks, 64 in flight", _RATE, "in flight", None),
        )
    ]  # fmt: skip


def _unix() -> list[Comparison]:
    group = "a Unix socket"
    plain, raw = Figure("peerbus.unix.plain.large", "ask 1 MiB p50"), Figure("raw.unix.large", "ask 1 MiB p50")
    rows = [
        Comparison(group, name, unit, Figure("peerbus.unix", figure), Figure("peerbus.tls", figure), "our TCP with TLS")
        for name, unit, figure in (
            ("one-way 100 B", _RATE, "one-way"), ("one-way 64 KiB", _VOLUME, "large"), ("ask p50", _TIME, "ask p50"),
        )
    ]  # fmt: skip
    return [
        *rows,
        Comparison(group, "ask of 1 MiB p50, plain", _TIME, plain, raw, "raw Protocol, plain"),
        Comparison(
            group, "ask of 1 MiB p50, TLS 1.3", _TIME, Figure("peerbus.unix.large", "ask 1 MiB p50"), raw,
            "raw Protocol, plain",
        ),
    ]  # fmt: skip


def _credit() -> list[Comparison]:
    group = "the cost of credit"
    return [
        Comparison(
            group, name, unit, Figure("peerbus", figure), Figure("peerbus.wide", figure), "a window that never binds",
            bar,
        )
        for name, unit, figure, bar in (
            ("one-way 100 B", _RATE, "one-way", _at_least(0.9)),
            ("one-way 64 KiB", _VOLUME, "large", None),
        )
    ]  # fmt: skip


def _streams() -> list[Comparison]:
    group = "streams: items, against our own one-way tells between the same two processes"
    return [
        Comparison(group, f"{name}{of}", unit, Figure(case, ours), Figure(case, theirs), "our tells", _at_least(bar))
        for of, case in (("", "peerbus.stream"), (", Messages", "peerbus.message.stream"))
        for name, unit, ours, theirs, bar in (
            ("items of 100 B", _RATE, "stream", "one-way", 0.8),
            ("items of 64 KiB", _VOLUME, "stream, large", "one-way, large", 0.9),
        )
    ]  # fmt: skip


def _many() -> list[Comparison]:
    group = "the cost of more peers and actors"
    return [
        *(
            Comparison(
                group, f"one-way{of} to {to}", _RATE, Figure(case, f"one-way, {figure}"),
                Figure(case, "one-way, 1 connected"), "1 connected", _at_least(bar),
            )
            for case, of, bar in (("peerbus.many.message", " of Messages", 0.8), ("peerbus.many", "", 0.7))
            for to, figure in (("1 of 64 connected", "1 of 64"), ("64 in turn, in all", "64 in turn"))
        ),
        Comparison(
            group, "local ask p50 beside 1 000 idle actors", _TIME, Figure("crowd", "ask p50"),
            Figure("alone", "ask p50"), "1 actor", _at_most(1.1),
        ),
    ]  # fmt: skip


def _looked_at() -> list[Comparison]:
    group = "a node of 5 000 actors and 200 peers that is looked at, on its event loop"
    ledger = Figure("snapshot", "ledger")
    return [
        Comparison(
            group, name, _TIME, Figure("snapshot", figure), ledger, "its ledger", _at_most(most), absolute=True
        )
        for name, figure, most in (
            ("snapshot", "snapshot", 0.005),
            ("metrics", "metrics", 0.010),
            ("page of 100 actors", "page of actors", 0.005),
        )
    ]  # fmt: skip


def _traced() -> list[Comparison]:
    return [
        Comparison(
            f"Messages that are traced, in one process, {how}", name, unit, Figure(case, figure),
            Figure("traced.off", figure), "untraced",
        )
        for how, case in (("and none recorded", "traced.carried"), ("and all recorded", "traced.recorded"))
        for name, unit, figure in (
            ("tell", _RATE, "tell"), ("ask p50", _TIME, "ask p50"), ("asks, 64 in flight", _RATE, "ask in flight"),
        )
    ]  # fmt: skip


def _compressed() -> list[Comparison]:
    group = "compression, each message alone in a frame"
    rows = []
    for messages in COMPRESSED:
        for method in METHODS:
            size, time = (
                Figure("compression", f"{messages}, {method}"),
                Figure("compression", f"{messages}, {method}, time"),
            )
            whole = Figure("compression", messages)
            rows += [
                Comparison(group, f"{messages}, {method}: bytes", "B", size, whole, "as it is"),
                Comparison(group, f"{messages}, {method}: processor time of both ends", _TIME, time, None, ""),
            ]
    return rows


#: What is asked of every product.
_FIGURES = (
    ("one-way 100 B", _RATE, "one-way"),
    (_BY_MANY, _RATE, _TELL_MANY),
    ("one-way 64 KiB", _VOLUME, "large"),
    ("ask p50", _TIME, "ask p50"),
    ("ask p99", _TIME, "ask p99"),
    ("asks, 64 in flight", _RATE, "in flight"),
)


def peer_rows() -> list[Comparison]:
    """Ours beside each peer, figure by figure."""
    return [*_over_nats(), *_beside_peers(), *_beside_grpc(), *worked_peer_rows(), *_beside_casty()]


def _over_nats() -> list[Comparison]:
    bars = {"one-way": _at_least(1.2), "ask p50": _at_most(0.8)}
    rows = [
        Comparison(
            "the bus over a NATS server", title, unit, Figure("peerbus.nats", figure), Figure("nats", figure),
            "nats-py, through as good a server", bars.get(figure),
        )
        for title, unit, figure in _FIGURES
        if figure != _TELL_MANY
    ]  # fmt: skip
    limit = Comparison(
        "the bus over a NATS server", "ask p50", _TIME, Figure("peerbus.nats", "ask p50"),
        Figure("raw.nats", "ask p50"), "raw Protocol through a server, no TLS",
    )  # fmt: skip
    return [*rows, limit]


def _beside_peers() -> list[Comparison]:
    bars = {
        ("one-way", "zenoh"): _at_least(1.2),
        ("one-way", "zmq"): _at_least(1.5),
        ("one-way", "nats"): _at_least(3.5),
        ("one-way", "erlang"): _at_least(0.9),
        (_TELL_MANY, "zenoh"): _at_least(1.3),
        (_TELL_MANY, "zmq"): _at_least(0.9),
        ("large", "zmq"): _at_least(1.2),
        ("large", "raw"): _at_least(0.8),
        ("ask p50", "raw"): _at_most(1.4),
        ("ask p50", "zmq"): _at_most(1.0),
        ("ask p50", "nats"): _at_most(0.5),
        ("ask p50", "zenoh"): _at_most(0.5),
        ("in flight", "raw"): _at_least(1.0),
        ("in flight", "zmq"): _at_least(1.4),
        ("in flight", "nats"): _at_least(5),
    }
    with_messages = {
        ("one-way", "zenoh"): _at_least(0.85),
        ("one-way", "zmq"): _at_least(0.6),
        (_TELL_MANY, "zenoh"): _at_least(1.3),
        (_TELL_MANY, "zmq"): _at_least(0.9),
    }
    return [
        _beside(title, suffix, unit, ours, figure, name, targets.get((figure, name)))
        for title, unit, figure in _FIGURES
        for ours, suffix, targets in (("peerbus", "", bars), ("peerbus.message", ", Messages", with_messages))
        for name in PEERS
        if not name.startswith(("peerbus", "raw."))
    ]


def _beside_casty() -> list[Comparison]:
    bars = {"one-way": _at_least(2.5), "ask p50": _at_most(0.6), "in flight": _at_least(2.5)}
    return [
        _beside(title, suffix, unit, ours, figure, "casty", targets.get(figure))
        for title, unit, figure in _FIGURES
        for ours, suffix, targets in (("peerbus.newer", "", {}), ("peerbus.newer.message", ", Messages", bars))
    ]


def _beside(title: str, suffix: str, unit: str, ours: str, figure: str, product: str, bar: Bar | None) -> Comparison:
    """One figure beside that of a product, which tells one by one where ours tells many at once."""
    theirs = Figure(product, "one-way" if figure == _TELL_MANY else figure)
    name = f"{title}{suffix}"
    return Comparison(name, name, unit, Figure(ours, figure), theirs, PRODUCTS[product].title, bar)


def _beside_grpc() -> list[Comparison]:
    return [
        Comparison(
            f"stream of {name}", f"stream of {name}{suffix}", unit, Figure(f"{ours}.stream", figure),
            Figure("grpc.stream", figure), "grpc.aio, server streaming", bar,
        )
        for name, unit, figure, bar in (
            ("100 B items", _RATE, "stream", _at_least(10)), ("64 KiB items", _VOLUME, "stream, large", None),
        )
        for ours, suffix in (("peerbus", ""), ("peerbus.message", ", Messages"))
    ]  # fmt: skip
