"""The office has frames rendered: as many at a time as the workers that are there can take, the others wait here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from peerbus.actors import Channel, Reactor, Role, SendError, handles
from peerbus.discovery import PeerDown, PeerRolesChanged, PeerUp

from .messages import Cancel, Film, Progress, Render
from .worker import ROLE, Worker


class Office(Reactor):
    """Publishes each `Progress` on its bus, for whoever shows it."""

    channel = Channel("office", messages=(Film, Cancel, Progress), timeout=3600)

    def __init__(self) -> None:
        super().__init__()
        self.bus.declare(Worker.channel)  # this node talks to workers, it runs none
        self._jobs: dict[int, asyncio.Future[str]] = {}
        self._changed = asyncio.Condition()

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, PeerUp, PeerDown, PeerRolesChanged)

    @handles(Film, reentrant=True)  # progress and cancellations are taken in meanwhile
    async def film(self, film: Film) -> list[str]:
        self._jobs = {}
        try:
            for frame in range(film.frames):
                async with self._changed:
                    await self._changed.wait_for(lambda: self._under_way() < self._slots())
                outcome = self.ask(Role(ROLE, "least") / Worker, Render(frame), wait_for_peer=True)
                self._jobs[frame] = asyncio.ensure_future(self._end_of(outcome))
            ends = await asyncio.gather(*self._jobs.values(), return_exceptions=True)
        finally:  # whoever wanted the film may be gone: then nobody wants its frames
            for job in self._jobs.values():
                job.cancel()
            await asyncio.gather(*self._jobs.values(), return_exceptions=True)
        return [end if isinstance(end, str) else _why(end) for end in ends]

    async def _end_of(self, outcome: Awaitable[str]) -> str:
        try:
            return await outcome
        finally:
            async with self._changed:
                self._changed.notify_all()

    @handles(Cancel)
    def cancel(self, job: Cancel) -> bool:
        """That ends the ask, and so the handler, on whichever machine it runs."""
        return job.frame in self._jobs and self._jobs[job.frame].cancel()

    @handles(Progress)
    def progress(self, progress: Progress) -> None:
        self.bus.publish(progress)

    @handles(PeerUp, PeerDown, PeerRolesChanged)
    async def peers_changed(self, _: PeerUp | PeerDown | PeerRolesChanged) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _slots(self) -> int:
        """Frames that the workers that are there render at a time, as they say."""
        links = self.bus.routes.offering(ROLE, Worker.channel.name)
        return sum(int(link.roles[ROLE].attributes.get("slots", "1")) for link in links)

    def _under_way(self) -> int:
        return sum(not job.done() for job in self._jobs.values())


def _why(end: BaseException) -> str:
    if isinstance(end, asyncio.CancelledError):
        return "cancelled"
    return f"failed: {end.reason}" if isinstance(end, SendError) else f"failed: {end}"
