"""The processes of the demonstration: started, listened to, killed, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ...actors.base import PeerbusError
from ...node.process import open_for_writing
from .messages import Job, NodeFailed, Report, Started, decode_said, encode

__all__ = ["Cluster", "NodeProcess"]

#: Seconds that processes may take to say goodbye; then they are killed.
GOODBYE = 3.0
#: Lines of a log that an error shows.
TAIL = 12


class NodeProcess:
    """One process and what it has said. `killed_at`: when the demonstration killed it, on `Report.at`'s clock."""

    def __init__(self, job: Job, log: Path, process: asyncio.subprocess.Process) -> None:
        self.job = job
        self.log = log
        self.process = process
        self.node_id = ""
        self.report = Report()
        #: Reports so far.
        self.reports = 0
        self.killed_at: float | None = None
        #: Its share of its copy when somebody was killed: at least the first, at most the second.
        self.share_before = 0.0
        self.share_after: float | None = None
        self._reports_after = 0
        self.failure = ""
        self.ended = False

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self.job.name

    @property
    def up(self) -> bool:
        """Its node has started."""
        return bool(self.node_id)

    @property
    def settled(self) -> bool:
        """It wants nothing (any more)."""
        return not self.job.wants or self.report.progress.state in ("done", "failed")

    def hear(self, report: Report, killed_at: float | None) -> None:
        """It has reported; `killed_at`: when somebody was killed, if anybody was."""
        self.report = report
        self.reports += 1
        if killed_at is None or report.at <= killed_at:
            self.share_before = report.progress.share
        elif self._reports_after < 2:  # the first one may leave out what was being told just then
            self._reports_after += 1
            self.share_after = report.progress.share

    def why_lost(self) -> str:
        """Why it ended by itself, with the end of its log."""
        if self.failure:
            return f"{self.name}: {self.failure}"
        status = self.process.returncode
        how = f"was ended by signal {-status}" if status is not None and status < 0 else f"ended with status {status}"
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join([f"{self.name} {how}, by itself. The end of its log:", *(f"  {line}" for line in lines)])


class Cluster:
    """Processes by name. `async with Cluster(folder)`: none of them is left when it ends.

    Tasks: one for each process (waits for: its standard output; feeds: its member).
    """

    def __init__(self, folder: Path) -> None:
        self.members: dict[str, NodeProcess] = {}
        #: When one was killed.
        self.killed_at: float | None = None
        self._folder = folder
        self._readers: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def start(self, job: Job) -> NodeProcess:
        """Start a process for this job."""
        log = self._folder / f"{job.name}.log"
        starting = asyncio.create_task(self._start(job, log), name=f"demo: starts {job.name}")
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # asyncio cuts off a process that is half started so that its pipes outlive the loop: end it as the others.
            await starting
            raise

    async def _start(self, job: Job, log: Path) -> NodeProcess:
        with open_for_writing(log) as errors:
            process = await _whole(
                asyncio.create_subprocess_exec(
                    sys.executable,
                    *_flags(),
                    "-m",
                    "peerbus.operate.demo.worker",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,  # Ctrl-C in the terminal is for the parent; it tells the others
                )
            )
        member = self.members[job.name] = NodeProcess(job, log, process)
        assert process.stdin is not None
        process.stdin.write(encode(job))
        self._readers.append(asyncio.create_task(self._read(member), name=f"demo: hears {job.name}"))
        return member

    def kill(self, member: NodeProcess) -> None:
        """End a process as a power failure would: SIGKILL."""
        member.killed_at = self.killed_at = time.monotonic()
        self._signal(member, signal.SIGKILL)

    async def wait_news(self, timeout: float) -> None:
        """Wait until some process has said something. Raises PeerbusError for one that ended by itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._news.wait()
        self._news.clear()
        for member in self.members.values():
            if member.ended and member.killed_at is None:
                raise PeerbusError(member.why_lost())

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on the members. Raises as `wait_news`."""
        while not condition():
            await self.wait_news(timeout=1.0)

    async def aclose(self) -> None:
        """Tell all to end, kill those that do not, wait for each."""
        self._closing = True
        for member in self.members.values():
            if member.process.stdin is not None:
                member.process.stdin.close()
        try:
            async with asyncio.timeout(GOODBYE):
                await asyncio.gather(*self._readers)
        except TimeoutError:
            pass
        finally:
            for member in self.members.values():
                self._signal(member, signal.SIGKILL)
        await asyncio.gather(*self._readers, return_exceptions=True)
        await asyncio.gather(*(member.process.wait() for member in self.members.values()))

    async def _read(self, member: NodeProcess) -> None:
        assert member.process.stdout is not None
        try:
            async for line in member.process.stdout:
                try:
                    said = decode_said(line)
                except msgspec.MsgspecError:
                    continue  # the last line of a process that was killed while it wrote
                match said:
                    case Started():
                        member.node_id = said.node_id
                    case NodeFailed():
                        member.failure = said.text
                    case Report() if not self._closing:
                        member.hear(said, self.killed_at)
                self._news.set()
            await member.process.wait()
        finally:
            member.ended = True
            self._news.set()

    @staticmethod
    def _signal(member: NodeProcess, number: signal.Signals) -> None:
        if member.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                member.process.send_signal(number)


async def _whole(start: Coroutine[object, object, asyncio.subprocess.Process]) -> asyncio.subprocess.Process:
    """Start a process; where the caller is cancelled meanwhile, it ends first: half of one would be left behind."""
    starting = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        process.kill()
        await process.communicate()
        raise


def _flags() -> list[str]:
    """The new interpreter shall import what this one does: not from the current folder, where this one does not."""
    return [] if {"", os.getcwd()} & set(sys.path) else ["-P"]
