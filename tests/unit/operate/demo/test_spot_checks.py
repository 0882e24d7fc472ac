"""A node that has its copy compares blocks of it with those of the archives, and says where they differ."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from admin_client import PATIENCE

from peerbus.actors import LOCAL
from peerbus.node import Node
from peerbus.node.blocksync.blocks import Blocks, GetServed, Served
from peerbus.operate.demo.spot_checks import SpotChecks


async def served(node: Node) -> int:
    return (await node.ask(LOCAL / Blocks, GetServed(), reply=Served)).blocks


@pytest.mark.parametrize("differs", [False, True])
async def test_blocks_are_asked_for_and_a_copy_that_differs_is_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, differs: bool
) -> None:
    (tmp_path / "file").write_bytes(b"a" * 1000)
    (tmp_path / "copy").write_bytes((b"b" if differs else b"a") * 1000)
    async with Node("alice", offers={"archive"}, reactors=[lambda: Blocks(str(tmp_path / "file"))]) as node:
        node.spawn(SpotChecks, str(tmp_path / "copy"))
        async with asyncio.timeout(PATIENCE):
            while await served(node) < 3:
                pass
    heard = capsys.readouterr()
    assert ("a copy differs" in caplog.text + heard.out + heard.err) is differs


async def test_of_an_empty_file_there_is_nothing_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with Node("alice") as node:
        ref = node.spawn(SpotChecks, str(tmp_path / "file"))
        await node.bus.started(ref)
        assert not node.bus.waits()
