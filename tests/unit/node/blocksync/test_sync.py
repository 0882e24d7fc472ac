"""Syncing a file: every size, archives that lie, refuse or go, and what is left on the disk when it fails."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import LOCAL, Bus, Reactor, RemoteError, handles
from peerbus.node import Node
from peerbus.node.blocksync.blocks import Block, Blocks, GetBlock, GetRange, GetServed, Served
from peerbus.node.blocksync.sync import GetProgress, Progress, Sync

BLOCK = 1000
CONTENT = random.Random(7).randbytes(100 * BLOCK + 1)


class Refusing(Blocks):
    """An archive that has its manifest only."""

    @handles(GetBlock)
    def _refuse(self, _request: GetBlock) -> Block:
        raise RemoteError("busy")

    @handles(GetRange)
    async def _refuse_all(self, request: GetRange) -> AsyncIterator[Block]:
        yield self._refuse(GetBlock(request.first))


class Lying(Blocks):
    """An archive that sends another block than the one asked for."""

    @handles(GetBlock)
    async def _lie(self, request: GetBlock) -> Block:
        return await self._get_block(GetBlock(0 if request.index else 1))

    @handles(GetRange)
    async def _lie_on(self, request: GetRange) -> AsyncIterator[Block]:
        for index in range(request.first, request.first + request.count):
            yield await self._lie(GetBlock(index))


class Stingy(Blocks):
    """An archive that ends each stream before its last block."""

    @handles(GetRange)
    async def _send_less(self, request: GetRange) -> AsyncIterator[Block]:
        for index in range(request.first, request.first + request.count - 1):
            yield await self._get_block(GetBlock(index))


class Lavish(Blocks):
    """An archive that sends a block more than it was asked for."""

    @handles(GetRange)
    async def _send_more(self, request: GetRange) -> AsyncIterator[Block]:
        for index in range(request.first, request.first + request.count):
            yield await self._get_block(GetBlock(index))
        yield await self._get_block(GetBlock(0))


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original"
    path.write_bytes(CONTENT)
    return path


class Cluster:
    """Archives and one node that wants the file, on Unix sockets."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.copy = folder / "copy"
        self.archives: list[Node] = []
        self._stack = stack

    async def archive(self, file: Path, kind: Callable[..., Reactor] = Blocks) -> Node:
        listen = [f"unix://{self.folder}/{len(self.archives)}.sock"]
        reactors = [partial(kind, str(file), block_size=BLOCK)]
        node = Node("archive", network="test", listen=listen, offers={"archive"}, reactors=reactors)
        self.archives.append(await self._stack.enter_async_context(node))
        return node

    async def sync(
        self, *, sources: int | None = None, patience: float = 10.0, on_progress: Callable[[Progress], bool] = bool
    ) -> Progress:
        """Sync to the end, or to where `on_progress` says so."""
        peers = [endpoint for archive in self.archives for endpoint in archive.endpoints]
        async with Node("want", network="test", peers=peers) as node:
            with node.subscribe(Progress) as news:
                sources = len(peers) if sources is None else sources
                node.spawn(Sync, str(self.copy), sources=sources, patience=patience)
                while (progress := await news.get()).state not in ("done", "failed"):
                    if on_progress is not bool and on_progress(progress):
                        break
            return progress

    @property
    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.suffix != ".sock" and path.name != "original")


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        yield Cluster(tmp_path, stack)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK])
async def test_a_copy_of_any_size_is_right(cluster: Cluster, original: Path, size: int) -> None:
    os.truncate(original, size)
    await cluster.archive(original)
    progress = await cluster.sync()
    assert (progress.state, progress.bytes, progress.blocks) == ("done", size, -(-size // BLOCK))
    assert progress.share == 1
    assert cluster.copy.read_bytes() == CONTENT[:size]
    assert cluster.leftovers == ["copy"]


async def test_blocks_come_from_every_archive(cluster: Cluster, original: Path) -> None:
    for _ in range(2):
        await cluster.archive(original)
    assert (await cluster.sync()).state == "done"
    served = [await node.ask(LOCAL / Blocks, GetServed(), reply=Served) for node in cluster.archives]
    assert sum(each.blocks for each in served) == 101
    assert sum(each.bytes for each in served) == len(CONTENT)
    assert min(each.blocks for each in served) > 10


async def test_an_archive_that_goes_is_made_up_for_by_the_other(cluster: Cluster, original: Path) -> None:
    await cluster.archive(original)
    going = await cluster.archive(original)
    told: list[None] = []

    def midway(progress: Progress) -> bool:
        if progress.share > 0.3 and not told:
            told.append(None)
            for peer in going.peers:
                going.disconnect(peer)
        return False

    assert (await cluster.sync(on_progress=midway)).state == "done"
    assert told
    assert cluster.copy.read_bytes() == CONTENT


@pytest.mark.parametrize("kind", [Refusing, Lying, Stingy])
async def test_an_archive_that_answers_wrongly_is_asked_again_elsewhere(
    cluster: Cluster, original: Path, kind: type[Blocks]
) -> None:
    await cluster.archive(original)
    await cluster.archive(original, kind)
    progress = await cluster.sync()
    assert progress.state == "done"
    assert progress.retries > 0
    assert cluster.copy.read_bytes() == CONTENT


async def test_what_is_sent_beyond_what_was_asked_for_is_left(cluster: Cluster, original: Path) -> None:
    await cluster.archive(original, Lavish)
    progress = await cluster.sync()
    assert (progress.state, progress.blocks) == ("done", 101)
    assert cluster.copy.read_bytes() == CONTENT


async def test_a_block_with_a_wrong_byte_is_not_taken(cluster: Cluster, original: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "original.spoilt"
    spoilt.write_bytes(CONTENT)
    await cluster.archive(original)
    await cluster.archive(spoilt)
    spoilt.write_bytes(bytes(len(CONTENT)))  # after its manifest was made
    progress = await cluster.sync()
    assert progress.state == "done"
    assert progress.retries > 0
    assert cluster.copy.read_bytes() == CONTENT


async def test_of_two_files_the_one_that_most_archives_have_is_fetched(
    cluster: Cluster, original: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_bytes(CONTENT[::-1])
    for file in (other, original, original):
        await cluster.archive(file)
    assert (await cluster.sync()).state == "done"
    assert cluster.copy.read_bytes() == CONTENT


async def test_a_sync_that_nobody_serves_fails_and_says_so(cluster: Cluster) -> None:
    progress = await cluster.sync(sources=1, patience=0.01)
    assert progress.state == "failed"
    assert "no peer that offers 'archive'" in progress.text
    assert cluster.leftovers == []


async def test_fewer_archives_than_wanted_are_enough_after_a_while(cluster: Cluster, original: Path) -> None:
    await cluster.archive(original)
    assert (await cluster.sync(sources=3, patience=0.2)).state == "done"


@pytest.mark.parametrize(("kind", "why"), [(Refusing, "busy"), (Stingy, "too_few_blocks: an archive sent 0 of 1")])
async def test_a_sync_fails_when_no_block_comes_for_a_while(
    cluster: Cluster, original: Path, kind: type[Blocks], why: str
) -> None:
    os.truncate(original, BLOCK)
    await cluster.archive(original, kind)
    progress = await cluster.sync(patience=0.1)
    assert (progress.state, progress.text) == ("failed", why)
    assert cluster.leftovers == []


async def test_a_place_that_cannot_be_written_fails_the_sync(cluster: Cluster, original: Path, tmp_path: Path) -> None:
    await cluster.archive(original)
    cluster.copy = tmp_path / "nowhere" / "copy"
    progress = await cluster.sync()
    assert progress.state == "failed"
    assert "nowhere" in progress.text


async def test_a_node_that_stops_midway_leaves_no_half_copy(cluster: Cluster, original: Path) -> None:
    await cluster.archive(original)
    progress = await cluster.sync(on_progress=lambda progress: progress.share > 0.3)
    assert progress.state == "fetching"
    assert cluster.leftovers == []


async def test_a_sync_tells_its_progress_to_whoever_asks(cluster: Cluster, original: Path) -> None:
    archive = await cluster.archive(original)
    async with Node("want", network="test", peers=archive.endpoints) as node:
        with node.subscribe(Progress) as news:
            node.spawn(Sync, str(cluster.copy))
            while (await news.get()).state != "done":
                pass
        progress = await node.ask(LOCAL / Sync, GetProgress(), reply=Progress)
    assert (progress.state, progress.size, progress.blocks_in_all) == ("done", len(CONTENT), 101)
    assert 0 <= progress.p50 <= progress.p99 <= progress.seconds


async def test_a_node_that_stops_before_its_sync_has_begun_is_no_failure_of_the_sync(tmp_path: Path) -> None:
    async with Bus() as bus:
        bus.spawn(partial(Sync, str(tmp_path / "copy")))
    assert not bus.statistics().dead_letters
