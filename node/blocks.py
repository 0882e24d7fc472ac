"""A file, served in blocks to every asker.

`reactors = [{path = "peerbus.node.blocks:Blocks", args = {file = "/srv/archive.tar"}}]` in a configuration runs it;
`peerbus.node.blocksync` fetches what it serves.
"""

from __future__ import annotations

import hashlib
import os
from io import FileIO
from typing import BinaryIO

from ..actors.base import ConfigError, RemoteError
from ..actors.engine import handles
from ..actors.messages import Channel, Message
from ..actors.reactor import Reactor

__all__ = ["Block", "Blocks", "GetBlock", "GetManifest", "GetServed", "Manifest", "Served"]

#: Bytes of a block. Here 64, 128 and 256 KiB are equally fast over TLS; below, each ask costs more than its bytes.
BLOCK_SIZE = 128 * 1024
#: Blocks of one file: their digests have to fit into one message. Larger files get larger blocks.
MAX_BLOCKS = 65_536


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


class GetServed(Message):
    """Ask what was served since the start; a Served answers."""


class Served(Message):
    """Blocks and bytes that were served."""

    blocks: int
    bytes: int


class Blocks(Reactor):
    """Serves the file at the path `file`. Starting raises ConfigError where it cannot be read."""

    channel = Channel("blocks", messages=(GetManifest, Manifest, GetBlock, Block, GetServed, Served))
    dispatcher = "thread"  # it waits for a disk, and hashes: on a thread of its own nobody waits with it

    def __init__(self, file: str, *, block_size: int = BLOCK_SIZE) -> None:
        super().__init__()
        self._path = file
        self._block_size = block_size
        self._blocks = self._bytes = 0

    @classmethod
    def check_args(cls, file: str, *, block_size: int = BLOCK_SIZE) -> None:
        """Raise ConfigError where the file cannot be opened: `peerbus run` asks before it starts anything."""
        with _opened(file):
            pass

    def on_start(self) -> None:
        """Read the file once, for its digests."""
        self._file = _opened(self._path)
        try:
            self._manifest = _manifest(self._file, self._block_size)
        except OSError as error:
            raise _unserved(self._path, error) from error

    @handles(GetManifest)
    def _get_manifest(self, _request: GetManifest) -> Manifest:
        return self._manifest

    @handles(GetBlock)
    def _get_block(self, request: GetBlock) -> Block:
        manifest = self._manifest
        if not 0 <= request.index < len(manifest.blocks):
            raise RemoteError("no_such_block", f"{request.index} of {len(manifest.blocks)}")
        data = os.pread(self._file.fileno(), manifest.block_size, request.index * manifest.block_size)
        self._blocks += 1
        self._bytes += len(data)
        return Block(request.index, data)

    @handles(GetServed)
    def _get_served(self, _request: GetServed) -> Served:
        return Served(self._blocks, self._bytes)

    def on_stop(self) -> None:
        """Close the file."""
        self._file.close()


def _opened(path: str) -> FileIO:
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise _unserved(path, error) from error


def _unserved(path: str, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be served: {error.strerror}")


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
