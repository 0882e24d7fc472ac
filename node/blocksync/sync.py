"""One file, from the nodes that have it to one that wants it: in blocks, each checked, from all of them at once.

`Sync` reads streams of what `Blocks` serves on the nodes that offer a role, several at once, and asks others for the
rest where one ends early, or a block is wrong. The demonstration runs it, and so does a configuration:
`reactors = [{path = "peerbus.node.blocksync:Sync", args = {file = "copy.tar"}}]`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Literal

from ...actors.base import (
    DeadlineExceeded,
    InFull,
    MailboxFull,
    NoRoute,
    PeerbusError,
    RemoteError,
    SendError,
    get_logger,
)
from ...actors.engine import handles
from ...actors.messages import Channel, Message, Role, ShutdownStarted
from ...actors.reactor import Reactor
from .blocks import Block, Blocks, GetBlock, GetManifest, GetRange, Manifest
from .files import CopiedFile
from .in_flight import InFlight
from .runs import Runs

__all__ = ["GetProgress", "Progress", "Sync"]

log = get_logger("peerbus.blocksync")

#: Seconds that one block may take; a slow archive is asked again, or another one. More where one alone takes longer.
ASK_TIMEOUT = 5.0
#: Seconds before the first retry, and at most: each wait is twice the one before, less up to a half by chance.
FIRST_RETRY, LAST_RETRY = 0.01, 0.25


class GetProgress(Message):
    """Ask how far a sync is; a Progress answers."""


class Progress(Message):
    """How far a sync is. `text` says why it failed; times are seconds, `p50` and `p99` how long blocks were awaited."""

    state: Literal["looking", "fetching", "done", "failed"] = "looking"
    text: str = ""
    size: int = 0
    bytes: int = 0
    blocks: int = 0
    blocks_in_all: int = 0
    retries: int = 0
    seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0

    @property
    def share(self) -> float:
        """What is done of the whole, 0 to 1."""
        return self.blocks / self.blocks_in_all if self.blocks_in_all else float(self.state == "done")


#: Why a copy fails that its node does not wait for.
STOPS = "the node stops"


class _Begin(Message):
    """To itself: start."""


class Sync(Reactor):
    """Fetches the file that nodes with `role` serve, and puts it at the path `file` when every byte is right.

    It begins when `sources` nodes serve it, or one after `patience` seconds; as many streams of blocks are open as come
    in time, `streams` at most. It fails when nobody sent a right block for `patience` seconds. `Progress` is published
    on the bus at each percent.
    """

    channel = Channel("sync", messages=(GetProgress, Progress))

    def __init__(
        self, file: str, *, role: str = "archive", sources: int = 1, streams: int = 8, patience: float = 30.0
    ) -> None:
        super().__init__()
        self.bus.declare(Blocks.channel)  # this node talks to that reactor, it runs none
        self._path = Path(file)
        self._role = role
        self._sources = sources
        self._streams = streams
        self._patience = patience
        self._state: Literal["looking", "fetching", "done", "failed"] = "looking"
        self._text = ""
        self._manifest = Manifest(0, 1, b"", ())
        self._blocks = self._bytes = self._retries = 0
        self._waits: list[float] = []
        self._runs = Runs(0, streams)
        self._in_flight = InFlight(streams, timeout=ASK_TIMEOUT, longest=patience)
        #: Those that wait until one more may be open.
        self._room = asyncio.Condition()
        self._began = self._last = self.bus.loop.time()
        self._ended: float | None = None
        #: Comes to its end when the node shuts down: a copy may take longer than that may. None: it has not begun.
        self._limit: asyncio.Timeout | None = None

    def on_start(self) -> None:
        """Begin, as soon as the node has started."""
        self.after(0, _Begin())

    @handles(GetProgress)
    def _get_progress(self, _request: GetProgress) -> Progress:
        times = sorted(self._waits) or [0.0]
        return Progress(
            state=self._state,
            text=self._text,
            size=self._manifest.size,
            bytes=self._bytes,
            blocks=self._blocks,
            blocks_in_all=len(self._manifest.blocks),
            retries=self._retries,
            seconds=(self._now() if self._ended is None else self._ended) - self._began,
            p50=times[len(times) // 2],
            p99=times[len(times) * 99 // 100],
        )

    @handles(_Begin, reentrant=True)  # it takes long, and is asked for its progress meanwhile
    async def _begin(self, _begin: _Begin) -> None:
        if self._state == "failed":
            return  # the node has begun to stop
        self._limit = limit = asyncio.timeout(None)
        try:
            async with limit:
                await self._sync()
        except* (PeerbusError, OSError) as errors:
            first: BaseException = TimeoutError(STOPS) if limit.expired() else errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            self._enter("failed", str(first))
            log.error("sync failed", file=str(self._path), why=self._text)

    @handles(ShutdownStarted)
    def _give_up(self, _: ShutdownStarted) -> None:
        if self._limit is None:
            self._enter("failed", STOPS)
        elif self._state in ("looking", "fetching"):
            self._limit.reschedule(self._now())

    async def _sync(self) -> None:
        self._enter("looking")
        log.info("looking for archives", role=self._role, at_least=self._sources)
        self._manifest = await self._find_manifest()
        manifest = self._manifest
        copy = await self.run_blocking(CopiedFile, self._path, manifest.block_size, manifest.blocks, manifest.sha256)
        try:
            self._began = self._last = self._now()
            self._enter("fetching")
            self._runs = Runs(len(self._manifest.blocks), self._streams)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._streams):
                    group.create_task(self._fetch(copy))
            await self.run_blocking(copy.finish)
        finally:
            copy.close()
        self._enter("done")
        log.info("synced", file=str(self._path), sha256=InFull(self._manifest.sha256.hex()), retries=self._retries)

    async def _find_manifest(self) -> Manifest:
        """Ask everybody with the role, until enough of them have answered; take what most of them say."""
        archives = Role(self._role, "all") / Blocks
        while True:
            manifests = await self.ask(archives, GetManifest(), reply=Manifest, timeout=ASK_TIMEOUT)
            late = self._now() > self._last + self._patience
            if len(manifests.answers) >= self._sources or (late and manifests.answers):
                log.info("fetching", file=str(self._path), archives=len(manifests.answers))
                return Counter(manifests.answers.values()).most_common(1)[0][0]
            if late:
                raise NoRoute(f"no peer that offers {self._role!r} has served a file for {self._patience:.0f} s")
            await asyncio.sleep(0.05)

    async def _fetch(self, copy: CopiedFile) -> None:
        """Fetch one run of blocks after the other, while others fetch theirs."""
        wait = FIRST_RETRY
        while run := self._runs.take():
            rest = await self._read(run, copy)
            if not rest:
                wait = FIRST_RETRY
                continue
            self._runs.give_back(rest)  # to whoever is next: here, or in another task
            self._retries += 1
            await asyncio.sleep(wait * self.bus.rng.uniform(0.5, 1))
            wait = min(wait * 2, LAST_RETRY)

    async def _read(self, run: range, copy: CopiedFile) -> range:
        """Read a stream of these blocks from one of the archives. Returns what of them has not come."""
        in_flight = self._in_flight
        async with self._room:
            await self._room.wait_for(lambda: in_flight.room)
            in_flight.begin()
        asked = since = self._now()
        rest = run
        try:
            request, archive = GetRange(run.start, len(run)), Role(self._role) / Blocks
            async for block in self.stream(archive, request, idle=in_flight.timeout):
                self._waits.append(self._now() - since)
                if not rest:
                    raise RemoteError("too_many_blocks", f"an archive sent more than {len(run)}")
                if not (await self._take(rest[0], block, copy) or await self._fetch_from_any(rest[0], copy)):
                    break
                rest = rest[1:]
                since = self._now()
        except (DeadlineExceeded, MailboxFull) as error:
            in_flight.late(since, self._now())
            self._runs.failed()
            self._goes_on(run, error)
        except (SendError, RemoteError) as error:
            in_flight.failed()
            self._goes_on(run, error)
        except BaseException:
            in_flight.failed()
            raise
        else:
            self._runs.came(len(run) - len(rest), self._now() - asked)
            in_flight.answered(asked, self._now())
            if rest:
                self._goes_on(
                    run, RemoteError("too_few_blocks", f"an archive sent {len(run) - len(rest)} of {len(run)}")
                )
        finally:
            async with self._room:
                self._room.notify(2)  # its own place, and one by which the limit may have grown
        return rest

    def _goes_on(self, run: range, error: SendError | RemoteError) -> None:
        """The stream of these blocks ended early. Raises the error where no block has come for too long."""
        if self._now() > self._last + self._patience:
            raise error
        log.debug("asking again", first=run.start, blocks=len(run), why=str(error))

    async def _fetch_from_any(self, index: int, copy: CopiedFile) -> bool:
        """Ask all archives: the one that was asked sent a wrong block, and as the nearest it would be asked again."""
        log.warning("a wrong block, asking every archive", block=index)
        self._retries += 1
        archives = Role(self._role, "all") / Blocks
        blocks = await self.ask(archives, GetBlock(index), reply=Block, timeout=ASK_TIMEOUT)
        for block in blocks.answers.values():
            if await self._take(index, block, copy):
                return True
        if self._now() > self._last + self._patience:
            raise RemoteError("wrong_block", f"no archive has sent the right block {index}")
        return False

    async def _take(self, index: int, block: Block, copy: CopiedFile) -> bool:
        """Write the block, if it is the right one."""
        if block.index != index or not await self.run_blocking(copy.put, index, block.data):
            return False
        self._last = self._now()
        before = self._blocks * 100 // len(self._manifest.blocks)
        self._blocks += 1
        self._bytes += len(block.data)
        if self._blocks * 100 // len(self._manifest.blocks) > before:
            self._enter("fetching")
        return True

    def _enter(self, state: Literal["looking", "fetching", "done", "failed"], text: str = "") -> None:
        self._state, self._text = state, text
        if state in ("done", "failed"):
            self._ended = self._now()
        self.bus.publish(self._get_progress(GetProgress()))

    def _now(self) -> float:
        return self.bus.loop.time()
