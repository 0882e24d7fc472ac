"""Jobs go to whoever has the least to do, tell how far they are, and are cancelled wherever they run."""

import asyncio

from peerbus.actors import LOCAL, Address, Channel, Message, Pool, Reactor, Request, Role, handles
from peerbus.node import Node


class Render(Message, Request[str]):
    frame: int
    seconds: float


class Progress(Message):
    frame: int
    percent: int


class Submit(Message, Request[str]):
    frame: int
    seconds: float = 0.02


class Cancel(Message, Request[bool]):
    """Answered with whether there was something to cancel."""

    frame: int


class Worker(Reactor):
    channel = Channel("worker", messages=(Render,), idempotent=(Render,), timeout=60)

    @handles(Render)
    async def render(self, job: Render, sender: Address[Progress] | None) -> str:
        try:
            for percent in (0, 50):
                if sender is not None:
                    await self.tell(sender, Progress(job.frame, percent))
                await asyncio.sleep(job.seconds / 2)  # stands for work
        except asyncio.CancelledError:
            print(f"the worker cleans up after frame {job.frame}")
            raise
        return f"frame {job.frame} is done"


class Office(Reactor):
    channel = Channel("office", messages=(Submit, Cancel, Progress), timeout=60)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, asyncio.Future[str]] = {}
        self.percent: dict[int, int] = {}

    @handles(Submit, reentrant=True)  # other jobs, progress and cancellations are taken in meanwhile
    async def submit(self, job: Submit) -> str:
        work = asyncio.ensure_future(self.ask(Role("worker", "least") / Worker, Render(job.frame, job.seconds)))
        self.jobs[job.frame] = work
        await asyncio.wait([work])
        del self.jobs[job.frame]
        return f"frame {job.frame} is cancelled" if work.cancelled() else work.result()

    @handles(Progress)
    def progress(self, progress: Progress) -> None:
        self.percent[progress.frame] = progress.percent

    @handles(Cancel)
    def cancel(self, job: Cancel) -> bool:
        return job.frame in self.jobs and self.jobs[job.frame].cancel()


async def main() -> None:
    async with Node("office", listen=["tcp://127.0.0.1:0"], reactors=[Office], channels=[Worker.channel]) as office:
        pool = Pool(Worker, members=2, prefetch=0)  # two frames at a time, and none waits behind them
        worker = Node("worker", peers=office.endpoints, offers={"worker"}, reactors=[pool], channels=[Office.channel])
        async with worker:
            await office.wait_for_peers(role="worker")
            jobs = [office.ask(LOCAL / Office, Submit(frame)) for frame in range(3)]
            endless = office.ask(LOCAL / Office, Submit(7, seconds=600))
            print(*await asyncio.gather(*jobs), sep="\n")
            cancelled = await office.ask(LOCAL / Office, Cancel(7))
            end = await endless
        print(f"{end}: {cancelled}")


if __name__ == "__main__":
    asyncio.run(main())
