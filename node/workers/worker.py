"""A worker process as a program names it: which reactors it runs, where it is, and what is done when it fails."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from ...actors.base import ConfigError, spelled
from ...actors.engine import Body
from ...actors.messages import REACTOR_PATTERN, Supervision
from ...actors.pools import Pool
from ...actors.reactor import Reactor
from ...transports.streams import Endpoint, check_node_id
from ...transports.wire import MAX_CHANNELS
from .factory_path import FactoryPath, factory_path

__all__ = ["HELD_FOR", "Worker", "WorkerFactory", "members_of", "split_reactors", "workers_of", "wrong_place"]

#: Seconds for which a handler may hold a worker's loop by default: longer than any computation that somebody asked for
#: and still waits for, and short enough that a handler which never ends is noticed.
HELD_FOR = 60.0
#: Reactors of a node of several processes: each process is told of all, by numbers of which a connection has this many,
#: and two are of the processes themselves.
MOST_REACTORS = MAX_CHANNELS - 2

#: A reactor class, `functools.partial` of one, or its import path `"package.module:Class"`.
WorkerFactory: TypeAlias = Callable[..., Body] | str | FactoryPath


@spelled
@dataclass(frozen=True)
class Worker:
    """One process of the node, beside the node's own.

    `reactors`: what it runs, in this order: classes, `functools.partial` of them, or import paths.
    `listen`: where it comes to, one that runs elsewhere (`peerbus worker`), as text, `unix:///shared/w.sock` or
    `tcp://0.0.0.0:7450`; empty: the node starts it. `worker_id`: of such a one the id of its key; over TCP there is no
    other way to know it. `unresponsive`: seconds for which a handler may hold its loop before it counts as failed,
    inf for ever. `supervision`: what is done when the process ends; None: as its only reactor says of itself.

    Raises ConfigError where a reactor cannot be made in another process, or a value is out of range.

    ```python
    spread = Node("bob", processes={"crunch": Worker([Blocks], unresponsive=30)})
    ```
    """

    reactors: Sequence[WorkerFactory]
    unresponsive: float = HELD_FOR
    supervision: Supervision | None = None
    listen: str = ""
    worker_id: str = ""

    def __post_init__(self) -> None:
        given: object = self.reactors
        if isinstance(given, str) or not isinstance(given, Sequence):
            object.__setattr__(self, "reactors", (given,))
        if not self.reactors:
            raise ConfigError("a worker runs no reactor; name one, Worker([Hash])")
        object.__setattr__(self, "reactors", tuple(factory_path(each) for each in self.reactors))
        if not 0 < self.unresponsive <= inf:
            raise ConfigError(f"unresponsive is {self.unresponsive}; write seconds above 0, or math.inf for no bound")

        for name in ("listen", "worker_id"):
            text: object = getattr(self, name)
            if not isinstance(text, str):
                raise ConfigError(f"{name} is one text, not {text!r}")
        wrong = wrong_place(self.listen, self.worker_id)
        if wrong:
            raise ConfigError(wrong[1])

    @property
    def paths(self) -> tuple[FactoryPath, ...]:
        """Its reactors, as another process makes them."""
        return tuple(factory_path(each) for each in self.reactors)

    @property
    def classes(self) -> tuple[type[Reactor], ...]:
        """Their classes."""
        return tuple(path.load() for path in self.paths)

    @property
    def policy(self) -> Supervision:
        """What is done when the process ends."""
        if self.supervision is not None:
            return self.supervision
        classes = self.classes
        return classes[0].supervision if len(classes) == 1 else Supervision()


def wrong_place(listen: str, worker_id: str) -> tuple[str, str] | None:
    """What is wrong with where a worker comes to and with the id of its key: which of the two, and why."""
    if worker_id:
        try:
            check_node_id(worker_id)
        except ValueError as error:
            return "worker_id", f"{error}; `peerbus id crunch.key` prints that of a key"
    if not listen:
        return ("worker_id", "is of a worker that runs elsewhere: say where it comes to, listen") if worker_id else None
    try:
        place = Endpoint.parse(listen)
    except ValueError as error:
        return "listen", str(error)
    if place.scheme not in ("tcp", "unix"):
        return "listen", f"{listen}: a worker comes over tcp:// or unix://, not {place.scheme}://"
    if place.scheme == "tcp" and not worker_id:
        return "worker_id", (
            f"{listen} can be reached by others: name the key of the worker that may come, "
            'worker_id = "…" (`peerbus id crunch.key` prints it)'
        )
    return None


def split_reactors(
    reactors: Sequence[Callable[[], Body]], processes: object
) -> tuple[list[Callable[[], Body]], dict[str, Worker]]:
    """Those that the node's own process runs, and its workers: reactors that want a process have one each.

    Raises ConfigError.
    """
    workers = {} if processes is None else workers_of(processes)
    own: list[Callable[[], Body]] = []
    named = {kind.declared_channel().name: name for name, worker in workers.items() for kind in worker.classes}
    for factory in reactors:
        kind: object = factory
        while isinstance(kind, functools.partial):
            kind = kind.func
        channel = getattr(kind, "__channel__", None)
        if channel is not None and channel.name in named:
            raise ConfigError(f"the reactor {channel.name!r} is run by the worker {named[channel.name]!r} already")
        if getattr(kind, "dispatcher", None) == "process" and channel is not None:
            workers[channel.name] = Worker([factory])
            named[channel.name] = channel.name
        else:
            own.append(factory)
    count = len(own) + sum(len(worker.reactors) for worker in workers.values())
    if count > MOST_REACTORS and (workers or members_of(own)):
        raise ConfigError(
            f"the node has {count} reactors, its own and those of its workers, and {MOST_REACTORS} at most where some "
            "run in workers: each process knows all of them; make of those that are alike a Pool"
        )
    return own, workers


def members_of(reactors: Sequence[Callable[[], Body]]) -> tuple[FactoryPath, ...]:
    """What the processes of pools run, of those that have their members in processes. Raises ConfigError."""
    pools = [factory for factory in reactors if isinstance(factory, Pool) and factory.plan.in_processes]
    return tuple(factory_path(pool.plan.factory) for pool in pools)


def workers_of(processes: object) -> dict[str, Worker]:
    """What `Node(processes={…})` says: workers by name. Raises ConfigError."""
    if not isinstance(processes, dict):
        raise ConfigError(f'processes is {processes!r}; write processes={{"crunch": [Hash]}}')
    found: dict[str, Worker] = {}
    names: dict[str, str] = {}
    for name, said in processes.items():
        if not isinstance(name, str) or not REACTOR_PATTERN.fullmatch(name):
            raise ConfigError(f"not a worker's name: {name!r} (lower-case letters, digits, '.', '_', '-'; at most 63)")
        try:
            worker = said if isinstance(said, Worker) else Worker(said)
            for reactor in worker.classes:
                channel = reactor.declared_channel().name
                if channel in names:
                    raise ConfigError(f"the reactor {channel!r} runs in the worker {names[channel]!r} already")
                names[channel] = name
        except ConfigError as error:
            raise ConfigError(f"processes[{name!r}]: {error}") from None
        found[name] = worker
    return found
