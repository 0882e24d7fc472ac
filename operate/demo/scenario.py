"""What happens in the demonstration: nodes start, meet and sync a file, an archive dies, every copy is checked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import ConfigError, PeerbusError
from ...node.process import open_for_writing
from .audience import Audience
from .broker import DemoBroker
from .carriers import CARRIERS, DEFAULT_CARRIER
from .cluster import Cluster, NodeProcess
from .messages import Job
from .progress import FRAME, Display, mib, plural
from .report import DemoResult, Row

__all__ = ["DEFAULT_NODES", "DEFAULT_SIZE", "DEFAULT_TIMEOUT", "DemoPlan", "Scenario"]

#: Two that have the file, of which one is killed, and two that want it.
DEFAULT_NODES = 4
#: Processes that two cores can start within the default timeout.
MAX_NODES = 32
#: MiB of the file that is made up.
DEFAULT_SIZE, MAX_SIZE = 64, 16 * 1024
#: Seconds for everything, from the first process to the last copy.
DEFAULT_TIMEOUT = 60.0
#: The share of all copies at which an archive is killed.
MIDWAY = 0.5
#: Bytes that are made up or hashed before anything else gets a turn.
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """What the flags ask for. Raises ConfigError where that cannot be."""

    nodes: int = DEFAULT_NODES
    file: Path | None = None
    size: int = DEFAULT_SIZE
    kill: bool = True
    keep: Path | None = None
    timeout: float = DEFAULT_TIMEOUT
    carrier: str = DEFAULT_CARRIER

    def __post_init__(self) -> None:
        least, why = (
            (3, "two archives, one of them to be killed, and one that wants the file") if self.kill else (2, "")
        )
        if not least <= self.nodes <= MAX_NODES:
            hint = "; with --no-kill 2 are enough" if self.nodes == 2 else ""
            raise ConfigError(f"--nodes {self.nodes}: write {least} to {MAX_NODES}{why and f' ({why})'}{hint}")
        if not 0 <= self.size <= MAX_SIZE:
            raise ConfigError(f"--size {self.size}: write 0 to {MAX_SIZE} MiB; --file takes a file of any size")
        if not 0 < self.timeout < float("inf"):
            raise ConfigError(f"--timeout {self.timeout:g}: write seconds above 0")
        if self.carrier not in CARRIERS:
            raise ConfigError(f"--carrier {self.carrier}: write {', '.join(CARRIERS)}")
        if self.file is not None and not self.file.is_file():
            raise ConfigError(f"--file {self.file} {'is not a file' if self.file.exists() else 'does not exist'}")
        if self.keep is not None and self.keep.exists() and (not self.keep.is_dir() or any(self.keep.iterdir())):
            raise ConfigError(f"--keep {self.keep} is there already; name a new or an empty folder")

    @property
    def archives(self) -> int:
        """How many nodes hold the file: half of them, and two where one is killed."""
        return max(2 if self.kill else 1, self.nodes // 2)


class Scenario:
    """One demonstration in `folder`, which is empty. Its network has a name of its own: two at once do not meet.

    `audience`: looks at the nodes while they run; for it they run on when all is done, until that is cancelled.
    """

    def __init__(self, plan: DemoPlan, folder: Path, display: Display, audience: Audience | None = None) -> None:
        self._audience = audience
        self._plan = plan
        self._folder = folder
        self._display = display
        self._network = f"demo-{secrets.token_hex(4)}"
        self._victim: str | None = None
        self._broker: DemoBroker | None = None

    async def play(self) -> DemoResult:
        """From the first process to the last. Raises PeerbusError where a process is lost or the time is over."""
        now = asyncio.get_running_loop().time
        began, plan = now(), self._plan
        file = await self._made_up() if plan.file is None else plan.file.resolve()
        size, digest = file.stat().st_size, await _sha256(file)
        if digest is None:
            raise PeerbusError(f"{file} has gone")
        async with contextlib.AsyncExitStack() as stack:
            if CARRIERS[plan.carrier].broker:
                self._broker = await stack.enter_async_context(DemoBroker(self._folder))
            cluster = await stack.enter_async_context(Cluster(self._folder))
            try:
                async with asyncio.timeout(plan.timeout):
                    await self._start(cluster, file, size)
                    await self._watch(cluster)
                    await self._last_reports(cluster)
                    started, ended = _span(cluster)
            except TimeoutError:
                raise PeerbusError(
                    f"not done within {plan.timeout:g} s: {_where(cluster)}; --timeout gives more"
                ) from None
            members = list(cluster.members.values())
            rows = [await self._row(member, digest, started, ended) for member in members]
            wanting = [member for member in members if member.job.wants]
            result = DemoResult(
                ok=all(row.verified is not False for row in rows),
                network=self._network,
                file=str(file) if plan.file or plan.keep else file.name,
                size=size,
                sha256=digest,
                seconds=round(ended - started, 6),
                total_seconds=round(now() - began, 3),
                killed=self._victim,
                killed_at=None if self._victim is None else _mean([member.share_before for member in wanting]),
                killed_by=None if self._victim is None else _mean([_share_after(member) for member in wanting]),
                nodes=tuple(rows),
            )
            if self._audience is not None:
                self._audience.done(result)
                await cluster.wait_until(lambda: False)  # it raises where a node ends by itself
        return result

    async def _made_up(self) -> Path:
        path = self._folder / "made-up.bin"
        self._display.say(f"making up a file of {mib(self._plan.size * CHUNK)}")
        with open_for_writing(path) as file:
            for _ in range(self._plan.size):
                file.write(os.urandom(CHUNK))
                await asyncio.sleep(0)
        return path

    async def _start(self, cluster: Cluster, file: Path, size: int) -> None:
        plan, say = self._plan, self._display.say
        carrier, broker = CARRIERS[plan.carrier], "" if self._broker is None else self._broker.place
        known = f"they know nothing but the nats-server at {broker}" if broker else "no address is configured"
        say(f"{plan.nodes} nodes, each a process with a key of its own; {known}")
        wanting = plan.nodes - plan.archives
        names = [f"archive-{i + 1}" for i in range(plan.archives)] + [f"want-{i + 1}" for i in range(wanting)]
        for name in names:
            home, wants = self._folder / name, name.startswith("want")
            home.mkdir(mode=0o700)
            await cluster.start(
                Job(
                    name=name,
                    network=self._network,
                    identity=str(home / "key.pem"),
                    file=str(home / file.name if wants else file),
                    archives=plan.archives,
                    wants=wants,
                    listen=carrier.endpoint(self._network, broker),
                    mdns=not carrier.broker,
                    admin=None if self._audience is None else str(self._audience.socket_of(name)),
                )
            )
        await cluster.wait_until(lambda: all(member.up for member in cluster.members.values()))
        for member in cluster.members.values():
            does = "wants the file" if member.job.wants else f"archive, holds {file.name} ({mib(size)})"
            say(f"  {member.name:<10} {member.node_id[:8]}…  {does}")
        if self._audience is not None:
            await self._audience.begin(list(cluster.members))

    async def _watch(self, cluster: Cluster) -> None:
        """Until nobody wants anything."""
        now = asyncio.get_running_loop().time
        wanting = [member for member in cluster.members.values() if member.job.wants]
        met = False
        while not all(member.settled for member in wanting):
            await cluster.wait_news(FRAME)
            if self._broker is not None:
                self._broker.check()
            if not met and any(member.report.progress.state != "looking" for member in wanting):
                met = True
                meets = CARRIERS[self._plan.carrier].meets
                self._display.say(f"they found each other {meets}, in the network {self._network}")
            share = sum(member.report.progress.share for member in wanting) / len(wanting)
            begun = all(member.report.progress.state != "looking" for member in wanting)
            if self._plan.kill and self._victim is None and begun and share >= MIDWAY:
                self._kill(cluster, share)
            self._display.draw([(member.name, member.report) for member in wanting], now())
        self._display.draw([(member.name, member.report) for member in wanting], now(), last=True)

    def _kill(self, cluster: Cluster, share: float) -> None:
        victim = [member for member in cluster.members.values() if not member.job.wants][-1]
        cluster.kill(victim)
        self._victim = victim.name
        pid = victim.process.pid
        self._display.say(f"kill -9 {victim.name} (process {pid}), as {int(share * 100)}% of all is known to be copied")

    async def _last_reports(self, cluster: Cluster) -> None:
        """Hear of everyone once more: the archives have served after they last reported."""
        alive = [member for member in cluster.members.values() if member.killed_at is None]
        enough = {member.name: member.reports + 2 for member in alive}  # one may have been on its way
        await cluster.wait_until(lambda: all(member.reports >= enough[member.name] for member in alive))

    async def _row(self, member: NodeProcess, digest: str, started: float, ended: float) -> Row:
        job, report, progress = member.job, member.report, member.report.progress
        copy = Path(job.file)
        fetched = job.wants and progress.blocks > 0
        size = progress.bytes if job.wants else report.served.bytes
        seconds = progress.seconds if job.wants else (member.killed_at or ended) - started
        return Row(
            name=job.name,
            id=member.node_id,
            roles=job.roles,
            peers=report.peers,
            killed=member.killed_at is not None,
            blocks_served=report.served.blocks,
            blocks_fetched=progress.blocks,
            bytes=size,
            retries=progress.retries,
            ask_p50_ms=round(progress.p50 * 1e3, 3) if fetched else None,
            ask_p99_ms=round(progress.p99 * 1e3, 3) if fetched else None,
            mb_per_s=round(size / 1e6 / seconds, 3) if size and seconds > 0 else None,
            verified=await _sha256(copy) == digest if job.wants else None,
        )


def _span(cluster: Cluster) -> tuple[float, float]:
    """From the first ask for a block to the last copy, by what those say that have one."""
    done = [m.report for m in cluster.members.values() if m.job.wants and m.report.progress.state == "done"]
    ended = [report.ended_at for report in done if report.ended_at is not None]
    if not ended:
        return 0.0, 0.0
    return min(e - r.progress.seconds for e, r in zip(ended, done, strict=True)), max(ended)


def _share_after(member: NodeProcess) -> float:
    return member.report.progress.share if member.share_after is None else member.share_after


def _mean(shares: list[float]) -> float:
    return round(sum(shares) / len(shares), 3)


async def _sha256(path: Path) -> str | None:
    """The digest in hexadecimal; None where there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK):
                digest.update(data)
                await asyncio.sleep(0)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def _where(cluster: Cluster) -> str:
    """How far everybody is."""
    if not cluster.members:
        return "the nodes did not start"
    down = [member.name for member in cluster.members.values() if not member.up]
    if down:
        return f"{', '.join(down)} did not start"
    wanting = [member for member in cluster.members.values() if member.job.wants]
    return ", ".join(
        f"{m.name} is {m.report.progress.state} with {plural(m.report.peers, 'peer')} at {m.report.progress.share:.0%}"
        for m in wanting
    )
