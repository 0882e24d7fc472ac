"""xoscar between its own processes: an actor of a sub-pool, asked from the process that made the pool."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import xoscar
from xoscar.backends.allocate_strategy import ProcessIndex

from ..messages import SMALL
from ..run import Run
from ..timing import Until, in_flight, latencies, percentiles
from .xoscar import Sink

__all__ = ["asked"]


def asked(_product: str, run: Run) -> Mapping[str, float]:
    """Calls of 100 B to an actor in a process of the pool."""
    return run.main(_asked(run))


async def _asked(run: Run) -> dict[str, float]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    pool = await xoscar.create_actor_pool(address, n_process=1)
    try:
        ref = await xoscar.create_actor(Sink, address=address, uid="sink", allocate_strategy=ProcessIndex(1))
        await latencies(lambda seq: ref.echo(seq, SMALL), Until(run.warm_up))
        times = await latencies(lambda seq: ref.echo(seq, SMALL), Until(run.seconds))
        figures = {f"ask {name}": value for name, value in percentiles(times).items()}
        figures["in flight"] = await in_flight(lambda seq: ref.echo(seq, SMALL), Until(run.seconds))
        return figures
    finally:
        await pool.stop()
