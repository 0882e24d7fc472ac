"""Every case that a run measures: a fresh process each, and what is needed for it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from .products import PRODUCTS
from .run import Measure
from .slow import DELAYS, SIZES

__all__ = ["CASES", "NEWER", "PEERS", "SLOW", "STREAMED", "Case", "slow_name"]


@dataclass(frozen=True, slots=True)
class Case:
    """One fresh process. `function` of `module` is looked up in that process alone: others need not import it.

    `arguments`: given to the function before the run; the first names the product where it measures any.
    """

    name: str
    module: str
    function: str
    arguments: tuple[object, ...] = ()

    def measure(self) -> Measure:
        """The function that does the work."""
        found: Measure = getattr(importlib.import_module(f".{self.module}", __package__), self.function)
        return partial(found, *self.arguments)  # type: ignore[arg-type]  # the arguments are those that it takes

    @property
    def about(self) -> str:
        """What it does, in a line."""
        if self.arguments:
            product = PRODUCTS[str(self.arguments[0])]
            return f"{product.title}: {product.settings}"
        return (getattr(self.measure(), "func").__doc__ or "").strip().partition("\n")[0]  # noqa: B009  # a partial's

    @property
    def interpreter(self) -> str:
        """The path of the Python that it is measured with."""
        return (PRODUCTS[str(self.arguments[0])].interpreter if self.arguments else None) or sys.executable

    def missing(self) -> str | None:
        """Why it cannot be measured here; None where it can."""
        return PRODUCTS[str(self.arguments[0])].missing() if self.arguments else None


def _remote(name: str) -> Case:
    return Case(name, "remote", "figures", (name,))


def _streamed(name: str) -> Case:
    return Case(f"{name}.stream", "remote", "streamed", (name,))


def _large(name: str) -> Case:
    return Case(f"{name}.large", "remote", "large_asks", (name,))


#: The peers of the second command: the limit, the bus and what others built.
PEERS = (
    "raw", "raw.nats", "peerbus", "peerbus.message", "zmq", "zenoh", "nats", "peerbus.nats", "grpc", "xoscar", "erlang",
)  # fmt: skip
#: Those that answer in items.
STREAMED = ("peerbus", "peerbus.message", "grpc")
#: A peer that needs a newer Python than the bus does, and the bus on that Python.
NEWER = ("peerbus.newer", "peerbus.newer.message", "casty")
#: Products behind a slow receiver; Pykka has no other process, so it is there with one actor in this one.
SLOW = ("peerbus.slow", "zmq", "zmq.pub", "zenoh", "nats", "grpc", "xoscar", "casty", "erlang", "pykka")


def slow_name(product: str, delay: float, size: int) -> str:
    """The name of the case of that product behind a slow receiver."""
    return f"slow/{product}/{delay * 1000:g}ms/{size >> 10}KB"


def _slow(product: str, delay: float, size: int) -> Case:
    module = "slow_pykka" if product == "pykka" else "slow"
    return Case(slow_name(product, delay, size), module, "figures", (product, delay, size))


CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case("pykka", "local_pykka", "messages"),
        Case("pykka.message", "local_pykka", "messages_of_ours"),
        Case("pykka.actors", "local_pykka", "actors"),
        Case("local", "local_peerbus", "messages"),
        Case("local.message", "local_peerbus", "messages_of_ours"),
        Case("actors", "local_peerbus", "actors"),
        Case("alone", "local_peerbus", "alone"),
        Case("crowd", "local_peerbus", "crowd"),
        Case("thread", "local_peerbus", "thread"),
        Case("floors", "local_floors", "floors"),
        Case("snapshot", "snapshots", "snapshots"),
        Case("traced.off", "traced", "off"),
        Case("traced.carried", "traced", "carried"),
        Case("traced.recorded", "traced", "recorded"),
        Case("raw", "remote_raw", "plain"),
        _remote("raw.tls"),
        _remote("sockets"),
        Case("peerbus", "remote_peerbus", "plain"),
        _remote("peerbus.tls"),
        _remote("peerbus.libp2p"),
        _remote("peerbus.unix"),
        *(_large(name) for name in ("peerbus.unix", "peerbus.unix.plain", "raw.unix")),
        _remote("raw.unix"),
        Case("worked.asked", "worked", "asked"),
        Case("worked.large", "worked", "large"),
        Case("worked.xoscar", "peers.xoscar_worked", "asked", ("xoscar",)),
        Case("worked.shared", "worked", "shared"),
        Case("worked.burdened", "worked", "burdened"),
        Case("compression", "compressed", "compressed"),
        Case("peerbus.wide", "remote", "one_way_only", ("peerbus.wide",)),
        *(_streamed(name) for name in STREAMED),
        Case("peerbus.many", "remote_many", "many"),
        Case("peerbus.many.message", "remote_many", "many_of_ours"),
        *(_remote(name) for name in PEERS if name not in ("raw", "peerbus")),
        *(_remote(name) for name in NEWER),
        *(_slow(product, delay, size) for size in SIZES for delay in DELAYS for product in SLOW),
    )
}
