from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from source_tree import MODULES

from peerbus.actors.base.plain_file import NoFile, opened_file


def test_a_file_is_read_and_closed_whatever_is_done_with_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    with opened_file(path) as descriptor:
        assert os.read(descriptor, 100) == b"secret"
        assert not os.get_inheritable(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    with pytest.raises(KeyError), opened_file(path) as descriptor:
        raise KeyError
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_pipe_that_nobody_writes_to_a_folder_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path, Path(os.devnull)):
        with pytest.raises(NoFile, match="it is no file"), opened_file(place):
            raise AssertionError


def test_what_is_not_there_is_said_as_the_system_says_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened_file(tmp_path / "nothing"):
        raise AssertionError
    with pytest.raises(ValueError, match="null"), opened_file("a\0b"):
        raise AssertionError


def test_no_other_module_opens_a_path_for_reading_by_hand() -> None:
    # But for the check of a book, which follows no link.
    opening = [
        module.place(node.lineno)
        for module in MODULES.values()
        if module.name not in ("actors.base.plain_file", "node.run.build")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.open" and "O_NONBLOCK" in ast.unparse(node)
    ]
    assert opening == []
