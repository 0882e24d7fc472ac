"""The products that are measured between two processes: ours, the limits below it, and its peers."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, cast

from .client import Client
from .machine import which
from .newer import interpreter_for, lacks, other_build
from .processes import Served, served
from .run import Run

__all__ = ["PRODUCTS", "Product"]


class _Module(Protocol):
    """What each product's module offers."""

    def serve(self, run: Run, product: str) -> None:
        """Receive until the standard input ends: listen, print one line that says where, then obey orders."""

    def connected(self, run: Run, product: str, server: Served) -> AbstractContextManager[Client]:
        """Connect to the receiver that printed `server.line`."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product in one configuration. `settings`: what a reader must know of it, in a line."""

    name: str
    title: str
    module: str
    settings: str
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    #: The event loop that suits it best, where it has one; None takes that of the run.
    loop: str | None = None
    #: The oldest Python that it supports, where that is not the one of the bus.
    python: tuple[int, int] | None = None

    @property
    def interpreter(self) -> str | None:
        """The path of a Python that it can be measured with, if one is there."""
        return interpreter_for(self.python)

    def missing(self) -> str | None:
        """Why it cannot be measured here; None where it can."""
        interpreter = self.interpreter
        if interpreter is None:
            return "the Python that it needs has no environment: `python benchmarks install` makes it"
        package = lacks(interpreter, self.packages)
        if package is not None:
            return f"the Python package {package} is not installed"
        other = other_build(interpreter)
        if other is not None:
            return f"the bus on its Python is {other}: `python benchmarks install` makes the build of this run there"
        for program in self.programs:
            if which(program) is None:
                return f"the program {program} is not installed"
        return None

    def serve(self, run: Run) -> None:
        """Be its receiver."""
        self._load().serve(self._run(run), self.name)

    @contextlib.contextmanager
    def connected(self, run: Run) -> Iterator[Client]:
        """Start its receiver, be its sender."""
        with served(self.name, run) as server, self.joined(run, server) as client:
            yield client

    def joined(self, run: Run, server: Served) -> AbstractContextManager[Client]:
        """Be the sender to a receiver that was started."""
        return self._load().connected(self._run(run), self.name, server)

    def _run(self, run: Run) -> Run:
        return run if self.loop is None else Run(self.loop, run.seconds)

    def _load(self) -> _Module:
        return cast("_Module", importlib.import_module(f".{self.module}", __package__))


_BUS = "a deadline on each send, credit, accounting, messages typed and validated on receipt"

PRODUCTS = {
    product.name: product
    for product in (
        Product("peerbus", "peerbus", "remote_peerbus", f"plain TCP; {_BUS}; messages are frozen dataclasses"),
        Product(
            "peerbus.message", "peerbus, Messages", "remote_peerbus",
            f"plain TCP; {_BUS}; messages derive from peerbus.actors.Message",
        ),
        Product("peerbus.tls", "peerbus, TLS", "remote_peerbus", f"mutual TLS 1.3; {_BUS}"),
        Product("peerbus.libp2p", "peerbus, libp2p", "remote_peerbus", f"TCP, Noise XX and yamux; {_BUS}"),
        Product("peerbus.unix", "peerbus, Unix socket", "remote_peerbus", f"a Unix socket, mutual TLS 1.3; {_BUS}"),
        Product(
            "peerbus.unix.plain", "peerbus, plain Unix socket", "remote_peerbus", f"a Unix socket without TLS; {_BUS}",
        ),
        Product(
            "peerbus.wide", "peerbus, credit that never binds", "remote_peerbus",
            "plain TCP; a window of 1 048 576 messages and 1 GiB, so that no sender waits and no credit is sent",
        ),
        Product(
            "peerbus.slow", "peerbus, TLS", "remote_peerbus",
            f"mutual TLS 1.3; {_BUS}; an `async` handler, default windows, 1 s deadline",
        ),
        Product("peerbus.many", "peerbus, 64 peers", "remote_many", f"plain TCP; 64 nodes in one process; {_BUS}"),
        Product(
            "peerbus.nats", "peerbus over NATS", "peers.peerbus_nats",
            f"nats-server on 127.0.0.1 (a third process), TLS 1.3 from node to node inside; {_BUS}; Messages",
            programs=("nats-server",),
        ),
        Product(
            "raw.nats", "raw Protocol, NATS", "peers.nats_raw",
            "the raw Protocol through a nats-server on 127.0.0.1 (a third process), without TLS",
            programs=("nats-server",),
        ),
        Product("raw", "raw Protocol", "remote_raw", "asyncio Protocol and msgpack: no deadline, type or flow control"),
        Product("raw.tls", "raw Protocol, TLS", "remote_raw", "the same with the bus's certificates and TLS settings"),
        Product("raw.unix", "raw Protocol, Unix socket", "remote_raw", "the same over a plain Unix socket"),
        Product("sockets", "raw sockets", "remote_sockets", "blocking sockets and msgpack, TCP_NODELAY, a thread each"),
        Product(
            "zmq", "pyzmq", "peers.zeromq",
            "blocking calls (its asyncio side is slower); PUSH/PULL for one-way, DEALER/ROUTER for asks; "
            "high-water marks 1 000, the default; SNDTIMEO 1 s",
            packages=("zmq", "msgpack"),
        ),
        Product(
            "zmq.pub", "pyzmq PUB/SUB", "peers.zeromq",
            "PUB/SUB, its pattern for many receivers; otherwise the same (a PUB never waits)",
            packages=("zmq", "msgpack"),
        ),
        Product(
            "zenoh", "zenoh-python", "peers.zenoh",
            "two peers over tcp/127.0.0.1, no scouting, no shared memory; a declared publisher, "
            "CongestionControl.BLOCK, wait_before_close raised from 5 s to 10 min so that it waits rather than "
            "drops the link; a callback for messages, a queryable for asks",
            packages=("zenoh", "msgpack"),
        ),
        Product(
            "nats", "nats-py", "peers.nats",
            "nats-server on 127.0.0.1 (a third process); uvloop; pending limits of the subscription lifted, "
            "max_pending of the server 1 GiB, so that it drops as late as it can",
            packages=("nats", "msgpack", "uvloop"), programs=("nats-server",), loop="uvloop",
        ),
        Product(
            "grpc", "grpc.aio", "peers.grpc",
            "one stream of the client's for one-way, unary calls for asks; bytes with msgpack, no protobuf",
            packages=("grpc", "msgpack"), loop="asyncio",
        ),
        Product(
            "xoscar", "xoscar", "peers.xoscar",
            "`tell` for one-way, a call for asks; its own serialisation; actor pools over TCP on 127.0.0.1, uvloop",
            packages=("xoscar", "uvloop"), loop="uvloop",
        ),
        Product(
            "casty", "casty", "peers.casty",
            "a client and the one node of a cluster over TCP on 127.0.0.1, one replica, plain; a core of "
            "compiled Rust; mailboxes are unbounded, its default; on the oldest Python that it supports",
            packages=("casty", "uvloop"), loop="uvloop", python=(3, 12),
        ),
        Product(
            "peerbus.newer", "peerbus", "remote_peerbus", f"plain TCP; {_BUS}; on the Python of casty",
            packages=("peerbus",), python=(3, 12),
        ),
        Product(
            "peerbus.newer.message", "peerbus, Messages", "remote_peerbus",
            f"plain TCP; {_BUS}; messages derive from peerbus.actors.Message; on the Python of casty",
            packages=("peerbus",), python=(3, 12),
        ),
        Product(
            "erlang", "Erlang distribution", "peers.erlang",
            "two nodes of Erlang/OTP on 127.0.0.1, `!` for one-way, a tagged reply for asks; default busy limit",
            programs=("erl", "erlc"),
        ),
        Product(
            "pykka", "Pykka", "slow_pykka",
            "one ThreadingActor in this process, its inbox unbounded as always; sender and receiver share the memory",
        ),
    )
}  # fmt: skip
