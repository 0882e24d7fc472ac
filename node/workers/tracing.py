"""What traces in a worker of a node that traces: it is of a floor above, and imported by its name where wanted."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final, Protocol

from ...actors.base import get_logger
from ...actors.bus import Bus
from ...actors.sends import Tracer
from ...transports.sending import InsideLink

__all__ = ["TRACES", "TRACING_MODULE", "WorkerTracing", "worker_tracing"]

log = get_logger("peerbus.workers")

#: The word by which a node says to a worker that it traces.
TRACES: Final = "traces"
#: Where it is.
TRACING_MODULE: Final = importlib.util.resolve_name("...operate.tracing.worker_spans", __package__)


class WorkerTracing(Protocol):
    """What tells the node of the spans of a worker."""

    def tracer_for(self, node: str) -> Tracer:
        """Traces the sends of the worker's bus, as those of a node of that name."""

    def connect(self, bus: Bus, way: InsideLink) -> None:
        """Tell the node by `way`, from now on."""


def worker_tracing(worker: str) -> WorkerTracing | None:
    """That of the worker of that name; None where OpenTelemetry is not installed here, as a line of the log says."""
    try:
        found = importlib.import_module(TRACING_MODULE)
    except ImportError as error:
        log.warning(
            "worker does not trace as its node does: pip install 'peerbus[otel]' where it runs",
            worker=worker,
            why=str(error),
        )
        return None
    made: WorkerTracing = found.WorkerSpans(worker)
    return made
