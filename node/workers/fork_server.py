"""The fork server, as the node has it: a process of one thread that has the library imported, and forks workers.

A fresh interpreter takes half a second to import what a worker needs, a fork of one that has it some milliseconds. The
node itself does not fork: it has threads, and what its loop holds. `multiprocessing` has such a server too, but runs
the program's own file once more in each child, and does not tell how one ended.

Task: one (waits for: words of the server; feeds: whoever started the worker).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ...actors.base import PeerbusError, get_logger, new_task
from ..process import is_shielded
from .fork_talk import LARGEST, Fork, ForkDone, Gone, ServerWord, read_word

__all__ = ["ForkServer", "WorkerProcess"]

log = get_logger("peerbus.workers")

#: Seconds in which the server is to begin: it imports what the reactors need.
BEGIN_WITHIN: Final = 60.0
_CODE: Final = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from peerbus.node.workers.forking import main; "
    "main(int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[5]), shielded=json.loads(sys.argv[4]))"
)


@dataclass(eq=False)
class WorkerProcess:
    """One that runs. `stream` is the node's end of its socket pair; `ended` is told once how it ended, in words."""

    pid: int
    stream: socket.socket
    pipe: int
    ended: Callable[[str], None]
    over: asyncio.Event
    #: See `WorkerRuns`: it is here.
    where: str = ""

    def kill(self) -> None:
        """End it, now."""
        if not self.over.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the pipe that it lives by."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


class ForkServer:
    """See the module. `preload`: modules of the reactors, imported before the first fork where they start no thread."""

    def __init__(self, node: str, preload: Sequence[str]) -> None:
        self._node = node
        self._preload = tuple(dict.fromkeys(preload))
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._pipe = -1
        self._task: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._number = 0
        self._running: dict[int, WorkerProcess] = {}
        #: Ends that were heard of before the word of the beginning was.
        self._early: dict[int, int] = {}
        self._ready: asyncio.Future[None] | None = None
        #: Held by whoever begins it anew.
        self._beginning = asyncio.Lock()

    async def start(self) -> None:
        """Begin; returns when it forks. Raises PeerbusError."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if _LINUX else socket.SOCK_DGRAM)
        for each in (ours, theirs):
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                each.setsockopt(socket.SOL_SOCKET, option, 2 * LARGEST)
        reader, self._pipe = os.pipe()
        ours.setblocking(False)
        numbers, words = (theirs.fileno(), reader), (is_shielded(), self._preload)
        arguments = [json.dumps(sys.path), *map(str, numbers), *map(json.dumps, words)]
        self._ready = loop.create_future()
        try:
            self._process = _begun(arguments, (theirs.fileno(), reader))
        finally:
            theirs.close()
            os.close(reader)
        self._socket = ours
        self._task = new_task(self._listen(ours), loop=loop, name=f"peerbus {self._node} fork server")
        try:
            async with asyncio.timeout(BEGIN_WITHIN):
                await self._ready
        except TimeoutError:
            why = f"the fork server of {self._node} did not begin within {BEGIN_WITHIN:.0f} s{self._imports}"
            raise PeerbusError(why) from None

    @property
    def _imports(self) -> str:
        return f", in which it imports {', '.join(self._preload)}" if self._preload else ""

    async def _begun(self) -> socket.socket:
        """The way to it; where it has ended it is begun anew, once for all who need it. Raises PeerbusError."""
        async with self._beginning:
            if self._socket is None or self._process is None or self._process.poll() is not None:
                await self.aclose()
                await self.start()
        if self._socket is None:
            raise PeerbusError(f"the fork server of {self._node} has ended, with its node")
        return self._socket

    async def fork(self, setup: bytes, ended: Callable[[str], None]) -> WorkerProcess:
        """Start a worker that is told this. Raises PeerbusError where it cannot be started."""
        server = await self._begun()
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        self._number += 1
        number, future = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            word = msgspec.msgpack.encode(Fork(number, setup))
            if len(word) > LARGEST:
                raise PeerbusError(f"what a worker is told takes {len(word)} bytes, the most is {LARGEST}")
            socket.send_fds(server, [word], [theirs.fileno(), reader])
            pid = await future
        except BaseException as error:
            ours.close()
            os.close(writer)
            if isinstance(error, OSError):
                raise PeerbusError(f"the fork server of {self._node} does not answer: {error}") from error
            raise
        finally:
            self._asked.pop(number, None)
            theirs.close()
            os.close(reader)
        ours.setblocking(False)
        process = WorkerProcess(pid, ours, writer, ended, asyncio.Event())
        self._running[pid] = process
        if pid in self._early:
            self._gone(pid, self._early.pop(pid))
        return process

    async def aclose(self) -> None:
        """End it, and with it what it has forked. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._process is not None:
            await _waited(self._process)
            self._process = None
        self._lost("it has ended")

    async def _listen(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(server, LARGEST):
                self._heard(read_word(data))
        except OSError as error:
            log.debug("the fork server is gone", node=self._node, error=str(error))
        process = self._process
        if process is None:
            return
        await _waited(process)
        begins = self._ready is not None and not self._ready.done()
        self._lost(f"it {told(process.returncode)}{self._imports if begins else ''}")

    def _heard(self, word: ServerWord) -> None:
        if isinstance(word, ForkDone):
            future = self._asked.get(word.number)
            if word.number == 0:
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(None)
            elif future is not None and not future.done():
                if word.pid:
                    future.set_result(word.pid)
                else:
                    future.set_exception(PeerbusError(f"no worker could be forked: {word.text}"))
        elif isinstance(word, Gone):
            if word.pid in self._running:
                self._gone(word.pid, word.status)
            else:
                self._early[word.pid] = word.status

    def _gone(self, pid: int, status: int) -> None:
        process = self._running.pop(pid)
        process.close()
        process.over.set()
        process.ended(told(status))

    def _lost(self, why: str) -> None:
        error = PeerbusError(f"the fork server of {self._node}: {why}")
        waiting: list[asyncio.Future[Any]] = [*self._asked.values()]
        if self._ready is not None:
            waiting.append(self._ready)
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()
        for pid in tuple(self._running):  # they lived by it no longer than by the node
            self._running[pid].kill()
            self._gone(pid, -signal.SIGKILL)


def _begun(arguments: Sequence[str], files: tuple[int, int]) -> subprocess.Popen[bytes]:
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
    command = [sys.executable, *flags, "-c", _CODE, *arguments]
    return subprocess.Popen(  # noqa: S603  # all of it is ours
        command, pass_fds=files, stdin=subprocess.DEVNULL, start_new_session=True
    )


_LINUX: Final = sys.platform == "linux"


def told(status: int) -> str:
    """How a process ended, by what `waitstatus_to_exitcode` says."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    more = " (out of memory, or somebody's kill -9)" if -status == signal.SIGKILL else ""
    return f"was ended by {name}{more}"


async def _waited(process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            return
        await asyncio.sleep(0.005)
    process.kill()
    process.wait()
