"""The keeper of a worker that runs elsewhere: it waits for it, as often as it goes away.

What starts that process, and how often, others decide. So nothing fails here where it has gone: what is sent to its
reactors waits until it is back, or until its deadline.
"""

from __future__ import annotations

import asyncio

from ...actors.base import PeerbusError, get_logger
from ...actors.engine import handles
from ...actors.messages import ActorStarted, ActorTerminated
from .keeper import ProcessOver, WorkerKeeper

__all__ = ["AwaitingKeeper"]

log = get_logger("peerbus.workers")

#: Seconds between two tries of a worker that comes and cannot start, by how often that was so.
PAUSES = (0.1, 0.5, 2.0, 5.0)


class AwaitingKeeper(WorkerKeeper):
    """See the module. Task: one while it is not there (waits for: the worker, the time; feeds: its place)."""

    async def on_started(self) -> None:
        """Its reactors can be sent to from now on."""
        self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated)
        self._place.stand()
        self._await_it()

    def _await_it(self) -> None:
        self.create_task(self._meet(), name=f"awaits worker {self._place.name}")

    async def _meet(self) -> None:
        failed = 0
        while True:
            try:
                await self._place.begin(self)
            except PeerbusError as error:
                log.warning("worker came and cannot work", node=self.bus.name, worker=self._place.name, why=str(error))
                await asyncio.sleep(PAUSES[min(failed, len(PAUSES) - 1)])
                failed += 1
            else:
                return

    @handles(ProcessOver)
    def _over(self, event: ProcessOver) -> None:
        log.warning("worker is gone, it is awaited", node=self.bus.name, worker=self._place.name, why=event.text)
        self._await_it()
