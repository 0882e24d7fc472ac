"""The desk of the gateway: it has jobs done by workers, knows how far each is, and cancels."""

from __future__ import annotations

import asyncio

import msgspec

from peerbus.actors import (
    LOCAL,
    Channel,
    MailboxFull,
    NoRoute,
    Overflow,
    PeerGone,
    Reactor,
    RemoteError,
    Role,
    SendError,
    handles,
)

from .messages import Cancel, Count, Job, ListJobs, Progress, Start
from .worker import ROLE, Worker

#: Jobs that are remembered; of those that have ended the oldest are forgotten.
MOST_JOBS = 50
#: Seconds until a job that no worker has refused counts as taken. A refusal takes one round trip.
REFUSED_WITHIN = 0.5


class Reports(Reactor):
    """What workers report to. All that a peer can do here is to say how far a job is whose id it knows."""

    channel = Channel("reports", messages=(Progress,), overflow=Overflow.DROP_OLDEST)

    @handles(Progress)
    def progress(self, progress: Progress) -> None:
        self.bus.publish(progress)


class Desk(Reactor):
    """Its channel is local: only this node begins and cancels jobs."""

    channel = Channel("desk", messages=(Start, Cancel, ListJobs), local=True, mailbox=100, overflow=Overflow.REJECT)

    def __init__(self) -> None:
        super().__init__()
        self.bus.declare(Worker.channel)
        self._jobs: dict[str, Job] = {}
        self._beginning: dict[str, Job] = {}  # no worker has said anything of them yet
        self._asks: dict[str, asyncio.Future[int]] = {}

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, Progress)

    @handles(Start, reentrant=True)
    async def begin(self, start: Start) -> Job:
        job = Job(f"{self.bus.rng.getrandbits(48):012x}", start.below)
        self._beginning[job.id] = job
        asked = self.ask(Role(ROLE, "least") / Worker, Count(job.id, job.below, LOCAL / Reports))
        ask = self._asks[job.id] = asyncio.ensure_future(asked)
        ask.add_done_callback(lambda ended: self._ended(job.id, ended))
        await asyncio.wait({ask}, timeout=REFUSED_WITHIN)
        if self._beginning.pop(job.id, None) is None:
            return self._jobs[job.id]
        if ask.done() and not ask.cancelled() and isinstance(error := ask.exception(), SendError):
            raise _refusal(error) from error
        self._keep(job)
        if ask.done():
            self._settle(job, ask)
        return self._jobs[job.id]

    @handles(Cancel)
    def cancel(self, cancel: Cancel) -> bool:
        """That ends the ask; it crosses the network, and ends the worker's handler."""
        asked = self._asks.get(cancel.id)
        return asked is not None and asked.cancel()

    @handles(ListJobs)
    def jobs(self, _: ListJobs) -> list[Job]:
        return list(self._jobs.values())

    @handles(Progress)
    def progress(self, progress: Progress) -> None:
        job = self._beginning.pop(progress.job, None) or self._jobs.get(progress.job)
        if job is not None and job.id in self._asks:
            self._change(job, state="running", percent=progress.percent, worker=progress.worker)

    def _ended(self, job_id: str, ask: asyncio.Future[int]) -> None:
        del self._asks[job_id]
        if job_id in self._jobs:
            self._settle(self._jobs[job_id], ask)

    def _settle(self, job: Job, ask: asyncio.Future[int]) -> None:
        if ask.cancelled():
            self._change(job, state="cancelled")
        elif (error := ask.exception()) is not None:
            self._change(job, state="failed", text=_refusal(error).text)
        else:
            self._change(job, state="done", percent=100, result=ask.result())

    def _change(self, job: Job, **changes: object) -> None:
        self._keep(msgspec.structs.replace(job, **changes))

    def _keep(self, job: Job) -> None:
        self._jobs[job.id] = job
        for old in [each for each in self._jobs if each not in self._asks][: max(0, len(self._jobs) - MOST_JOBS)]:
            if old != job.id:
                del self._jobs[old]
        self.bus.publish(job)


def _refusal(error: BaseException) -> RemoteError:
    """Why a job was not done, in a word that a front may know, and a text for people."""
    match error:
        case MailboxFull():
            return RemoteError("busy", "all workers are busy")
        case NoRoute():
            return RemoteError("no_worker", "no worker is there")
        case PeerGone():
            return RemoteError("worker_gone", "its worker is gone, and so were those that were tried after it")
        case _:
            return RemoteError("not_done", str(error))
