"""Serving a file in blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import LOCAL, Bus, ConfigError, RemoteError
from peerbus.node.blocksync.blocks import Block, Blocks, GetBlock, GetManifest, GetRange, GetServed, Manifest, Served

Serve = Callable[[bytes, int], Bus]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A function that serves some bytes in blocks of a size."""
    running: list[Bus] = []

    def start(content: bytes, block_size: int) -> Bus:
        file = tmp_path / "file"
        file.write_bytes(content)
        running.append(Bus(reactors=[partial(Blocks, str(file), block_size=block_size)]).start())
        return running[-1]

    yield start
    for bus in running:
        bus.stop()


def test_the_manifest_says_what_the_file_is(serve: Serve) -> None:
    manifest = serve(b"12345", 2).ask(LOCAL / Blocks, GetManifest()).get()
    digests = tuple(hashlib.sha256(block).digest() for block in (b"12", b"34", b"5"))
    assert manifest == Manifest(5, 2, hashlib.sha256(b"12345").digest(), digests)


def test_a_block_has_the_bytes_of_its_place_and_is_counted(serve: Serve) -> None:
    bus = serve(b"12345", 2)
    assert bus.ask(LOCAL / Blocks, GetBlock(1)).get() == Block(1, b"34")
    assert bus.ask(LOCAL / Blocks, GetBlock(2)).get() == Block(2, b"5")
    assert bus.ask(LOCAL / Blocks, GetServed()).get() == Served(2, 3)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_block_that_is_not_there_is_refused(serve: Serve, index: int) -> None:
    with pytest.raises(RemoteError, match=f"no_such_block: {index} of 3"):
        serve(b"12345", 2).ask(LOCAL / Blocks, GetBlock(index)).get()


async def test_a_range_of_blocks_comes_as_a_stream(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(21)))
    async with Bus(reactors=[partial(Blocks, str(tmp_path / "file"), block_size=2)]) as bus:
        blocks = [block async for block in bus.stream(LOCAL / Blocks, GetRange(1, 10))]
        assert blocks == [Block(index, bytes(range(2 * index, min(2 * index + 2, 21)))) for index in range(1, 11)]
        assert await bus.ask(LOCAL / Blocks, GetServed()) == Served(10, 19)
        for first, count in ((-1, 1), (0, 0), (11, 1), (10, 2), (0, 12)):
            with pytest.raises(RemoteError, match="no_such_block"):
                await anext(bus.stream(LOCAL / Blocks, GetRange(first, count)))


def test_a_large_file_has_larger_blocks_and_not_more_than_a_message_holds(serve: Serve) -> None:
    manifest = serve(bytes(65_536 * 2 + 1), 1).ask(LOCAL / Blocks, GetManifest(), reply=Manifest).get()
    assert (manifest.block_size, len(manifest.blocks)) == (4, 32_769)


def test_a_file_that_is_not_there_stops_the_bus_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing cannot be served: No such file"):
        Bus(reactors=[partial(Blocks, str(tmp_path / "nothing"))]).start()


def test_a_file_is_looked_for_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    Blocks.check_args(str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="nothing cannot be served: No such file"):
        Blocks.check_args(str(tmp_path / "nothing"))


@pytest.mark.parametrize(("size", "block_size", "blocks"), [(-1, 1, 0), (1, 0, 1), (10, 5, 3), (10, 5, 1)])
def test_a_manifest_that_does_not_fit_together_cannot_be_made(size: int, block_size: int, blocks: int) -> None:
    with pytest.raises(ValueError, match="are not"):
        Manifest(size, block_size, b"", (b"",) * blocks)
