"""What this process makes is nobody else's to write, whatever the umask is, and is made where it was said."""

from __future__ import annotations

import ast
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tree import FLOORS, MODULES

from peerbus.node.process.private_files import make_private_folder, open_for_writing, write_whole


@pytest.fixture
def no_umask() -> Iterator[None]:
    """That of a service which nobody gave one."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("no_umask")
def test_each_folder_on_the_way_is_its_owners_alone(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    make_private_folder(there / "a" / "b")
    make_private_folder(there / "a" / "b")
    assert [mode_of(path) for path in (there, there / "a", there / "a" / "b")] == [0o755, 0o700, 0o700]
    (there / "file").touch()
    for wrong in (there / "file", there / "file" / "a"):
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            make_private_folder(wrong)


@pytest.mark.usefixtures("no_umask")
def test_a_file_has_the_mode_that_was_said_and_no_link_leads_elsewhere(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "own") as file:
        file.write(b"content")
    assert (mode_of(tmp_path / "own"), (tmp_path / "own").read_bytes()) == (0o600, b"content")
    with open_for_writing(tmp_path / "shown", 0o644), open_for_writing(tmp_path / "own"):
        assert mode_of(tmp_path / "shown") == 0o644
        assert (tmp_path / "own").read_bytes() == b""
    (tmp_path / "link").symlink_to(tmp_path / "shown")
    with pytest.raises(OSError, match="symbolic"):
        open_for_writing(tmp_path / "link")


@pytest.mark.usefixtures("no_umask")
def test_a_file_is_written_whole_in_the_place_of_a_link_or_not_at_all(tmp_path: Path) -> None:
    own, link = tmp_path / "own", tmp_path / "link"
    own.write_bytes(b"before")
    link.symlink_to(own)
    write_whole(link, b"content")
    assert (link.is_symlink(), link.read_bytes(), own.read_bytes(), mode_of(link)) == (
        False,
        b"content",
        b"before",
        0o600,
    )
    (tmp_path / "folder").mkdir(mode=0o755)
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "folder", b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "own"]


def test_nothing_in_the_package_leaves_a_mode_to_the_umask() -> None:
    found = []
    for name, module in MODULES.items():
        if module.floor not in FLOORS:
            continue
        for call in ast.walk(module.tree):
            if isinstance(call, ast.Call) and (why := _careless(call)):
                found.append(f"{name}:{call.lineno} {why}")
    assert found == [], "see node/process/private_files.py"


def _careless(call: ast.Call) -> str:
    """Why a call makes a file or folder of any mode, or where a link leads; nothing where it does not."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {keyword.arg for keyword in call.keywords}
    words = [ast.unparse(argument) for argument in call.args]
    match called:
        case "mkdir" | "makedirs":
            return "makes folders" if "mode" not in keywords or "parents" in keywords else ""
        case "write_text" | "write_bytes" | "touch":
            return "writes a file"
        case "open" if ast.unparse(call.func) == "os.open":
            safe = len(words) == 3 and ("O_NOFOLLOW" in words[1] or "O_EXCL" in words[1])
            return "makes a file" if "O_CREAT" in words[1] and not safe else ""
        case "open" if not words or words[0] not in {"descriptor", "os.devnull"}:
            return "writes a file" if any(re.fullmatch(r"'[rbt]*[wax+][rbt+]*'", word) for word in words) else ""
    return ""
