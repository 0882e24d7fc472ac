"""A file, served in blocks to every asker: one, or many of them as a stream.

`reactors = [{path = "peerbus.node.blocksync:Blocks", args = {file = "/srv/archive.tar"}}]` in a configuration runs it;
`Sync` fetches what it serves.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from ...actors.base import RemoteError
from ...actors.engine import handles
from ...actors.messages import Channel, Message, Request, Stream
from ...actors.reactor import Reactor
from .files import ServedFile, unserved

__all__ = ["Block", "Blocks", "GetBlock", "GetManifest", "GetRange", "GetServed", "Manifest", "Served"]

#: Bytes of a block. Here 64, 128 and 256 KiB are equally fast over TLS; below, each block costs more than its bytes.
BLOCK_SIZE = 128 * 1024
#: Blocks of one file: their digests have to fit into one message. Larger files get larger blocks.
MAX_BLOCKS = 65_536
#: Blocks of a stream that are read from the disk in one go.
READ_AHEAD = 4


class GetManifest(Message):
    """Ask what the file consists of; a Manifest answers."""


class Manifest(Message):
    """What a file consists of: sizes in bytes, SHA-256 of the whole and of each block. Raises ValueError where that
    does not fit together."""

    size: int
    block_size: int
    sha256: bytes
    blocks: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.size < 0 or self.block_size < 1 or len(self.blocks) != -(-self.size // self.block_size):
            raise ValueError(f"{self.size} bytes are not {len(self.blocks)} blocks of {self.block_size}")


class GetBlock(Message):
    """Ask for one block, counted from 0; a Block answers, or RemoteError("no_such_block")."""

    index: int


class Block(Message):
    """The bytes of one block. The last one of a file may be shorter than the others."""

    index: int
    data: bytes


class GetRange(Message, Request[Stream[Block]]):
    """Ask for `count` blocks, from `first` on: they come one by one, in order. RemoteError("no_such_block") else."""

    first: int
    count: int


class GetServed(Message):
    """Ask what was served since the start; a Served answers."""


class Served(Message):
    """Blocks and bytes that were served."""

    blocks: int
    bytes: int


class Blocks(Reactor):
    """Serves the file at the path `file`. Starting raises ConfigError where it cannot be read."""

    channel = Channel("blocks", messages=(GetManifest, Manifest, GetBlock, Block, GetRange, GetServed, Served))

    def __init__(self, file: str, *, block_size: int = BLOCK_SIZE) -> None:
        super().__init__()
        self._path = file
        self._block_size = block_size
        self._blocks = self._bytes = 0

    @classmethod
    def check_args(cls, file: str, *, block_size: int = BLOCK_SIZE) -> None:
        """Raise ConfigError where the file cannot be opened: `peerbus run` asks before it starts anything."""
        ServedFile(file).close()

    def on_start(self) -> None:
        """Open the file."""
        self._file = ServedFile(self._path)

    async def on_started(self) -> None:
        """Read it once, for its digests."""
        try:
            self._manifest = await self.run_blocking(_manifest, self._file.file, self._block_size)
        except OSError as error:
            raise unserved(self._path, error) from error

    @handles(GetManifest)
    def _get_manifest(self, _request: GetManifest) -> Manifest:
        return self._manifest

    @handles(GetBlock, reentrant=True)  # the next one is read while this one is
    async def _get_block(self, request: GetBlock) -> Block:
        self._check(request.index, 1)
        (block,) = await self._read(request.index, 1)
        return self._served(block)

    @handles(GetRange)
    async def _get_range(self, request: GetRange) -> AsyncIterator[Block]:
        self._check(request.first, request.count)
        end = request.first + request.count
        for first in range(request.first, end, READ_AHEAD):
            for block in await self._read(first, min(READ_AHEAD, end - first)):
                yield self._served(block)

    @handles(GetServed)
    def _get_served(self, _request: GetServed) -> Served:
        return Served(self._blocks, self._bytes)

    def on_stop(self) -> None:
        """Close the file."""
        self._file.close()

    def _check(self, first: int, count: int) -> None:
        blocks = len(self._manifest.blocks)
        if not (count > 0 and 0 <= first <= blocks - count):
            what = str(first) if count == 1 else f"{count} from {first}"
            raise RemoteError("no_such_block", f"{what} of {blocks}")

    async def _read(self, first: int, count: int) -> list[Block]:
        size = self._manifest.block_size
        found = await self.run_blocking(self._file.read, first * size, size, count)
        return [Block(first + place, data) for place, data in enumerate(found)]

    def _served(self, block: Block) -> Block:
        self._blocks += 1
        self._bytes += len(block.data)
        return block


def _manifest(file: BinaryIO, block_size: int) -> Manifest:
    size = os.fstat(file.fileno()).st_size
    while size > block_size * MAX_BLOCKS:
        block_size *= 2
    whole, blocks = hashlib.sha256(), []
    for offset in range(0, size, block_size):
        data = os.pread(file.fileno(), block_size, offset)
        whole.update(data)
        blocks.append(hashlib.sha256(data).digest())
    return Manifest(size, block_size, whole.digest(), tuple(blocks))
