"""A node as a simulation runs it: what it would run in processes of its own runs on its loop, with all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...actors.base import get_logger
from ...actors.engine import Body
from ...node.node import Node
from ...node.workers import FactoryPath, Worker, Workers, WorkerView

__all__ = ["SimulatedNode", "SimulatedWorkers"]

log = get_logger("peerbus.testing")

#: In the place of a process: where such an actor runs.
HERE = "the simulation"


class SimulatedWorkers(Workers):
    """The workers of a simulated node. Each of their reactors is an actor of the node, supervised as its class says."""

    async def start(self) -> None:
        """Start what they run, one after the other. Raises what the first one that cannot be started raises."""
        for name, worker in self._workers.items():
            for path in worker.paths:
                here = "loop" if path.load().dispatcher == "process" else None
                await self._bus.started(self._bus.actors.spawn(path.factory(), dispatcher=here))
            log.info("worker runs inside, this is a simulation", node=self._bus.name, worker=name)

    def stand_in(self, name: str, factory: Callable[[], Body], prefetch: int) -> Callable[[], Body]:
        """As `RunsProcesses.stand_in`: the member itself."""
        return factory

    def views(self) -> tuple[WorkerView, ...]:
        """As `Workers.views`."""
        return tuple(
            WorkerView(name, "running", 0, tuple(_names(worker)), 1, "", at=HERE)
            for name, worker in self._workers.items()
        )


class SimulatedNode(Node):
    """See the module."""

    def _make_workers(self, workers: Mapping[str, Worker], members: Sequence[FactoryPath]) -> Workers:
        return SimulatedWorkers(self.bus, self._codecs, workers, self.identity, members)


def _names(worker: Worker) -> Sequence[str]:
    return [reactor.declared_channel().name for reactor in worker.classes]
