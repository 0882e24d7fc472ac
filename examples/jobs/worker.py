"""A worker renders one frame at a time. A process runs a pool of them, and so several frames."""

from __future__ import annotations

import asyncio

from peerbus.actors import Address, Channel, Reactor, handles

from .messages import GivenUp, Progress, Render

#: The role that workers offer. Its attribute `slots` says how many frames a node renders at a time.
ROLE = "worker"


class Worker(Reactor):
    """`seconds`: what a frame takes."""

    # Idempotent: a frame that is rendered twice is the same frame. So it is asked elsewhere when its worker is gone.
    channel = Channel("worker", messages=(Render,), idempotent=(Render,), timeout=300)

    def __init__(self, seconds: float = 2.0) -> None:
        super().__init__()
        self._step = seconds / 4

    @handles(Render)
    async def render(self, job: Render, sender: Address[Progress] | None) -> str:
        percent = 0
        try:
            for percent in (0, 25, 50, 75, 100):
                if sender is not None:
                    await self.tell(sender, Progress(job.frame, percent, self.bus.name))
                if percent < 100:
                    await asyncio.sleep(self._step)  # your work. What computes is a pool of threads, or of processes
        except asyncio.CancelledError:
            self.bus.publish(GivenUp(job.frame, percent))  # here is where a job cleans up
            raise
        return self.bus.name
