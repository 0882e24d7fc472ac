"""The two files of a sync, used from several threads: closed they touch nothing any more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from peerbus.actors import ConfigError, RemoteError
from peerbus.node.blocksync.files import CopiedFile, ServedFile


def test_blocks_are_read_at_their_places_and_none_once_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789a")
    file = ServedFile(str(tmp_path / "file"))
    assert file.read(4, 4, 2) == [b"4567", b"89a"]
    file.close()
    file.close()
    assert file.read(0, 4, 1) == []
    with pytest.raises(ConfigError, match="none cannot be served: No such file"):
        ServedFile(str(tmp_path / "none"))


@pytest.mark.parametrize("whole", [b"abcd", b"abce"])
def test_a_copy_is_in_its_place_when_every_block_and_the_whole_are_right(tmp_path: Path, whole: bytes) -> None:
    blocks = [hashlib.sha256(each).digest() for each in (b"ab", b"cd")]
    copy = CopiedFile(tmp_path / "copy", 2, blocks, hashlib.sha256(whole).digest())
    assert [copy.put(1, b"cd"), copy.put(0, b"xx"), copy.put(0, b"ab")] == [True, False, True]
    if whole == b"abcd":
        copy.finish()
        assert (tmp_path / "copy").read_bytes() == b"abcd"
    else:
        with pytest.raises(RemoteError, match="wrong_copy"):
            copy.finish()
    copy.close()
    assert copy.put(0, b"ab"), "right, and nobody writes it any more"
    assert [path.name for path in tmp_path.iterdir()] == (["copy"] if whole == b"abcd" else [])
