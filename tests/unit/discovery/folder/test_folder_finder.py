"""Nodes of a folder come and go with its files, whoever writes them and however."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Self

import pytest
from virtual_time import eventually, in_real_time, log_of_the_loop

from peerbus.actors.base import ConfigError
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.finder import Finder
from peerbus.discovery.finder_kinds import make_finders
from peerbus.discovery.folder import folder_finder
from peerbus.discovery.folder.folder_finder import MOST_FILES, FolderFinder, owner_of
from peerbus.transports.streams.endpoint import Endpoint

NODE, OTHER = "a" * 64, "b" * 64
HERE, THERE = (Endpoint("tcp", "10.0.0.2", port) for port in (1, 2))


def say(path: Path, *places: Endpoint, **more: object) -> None:
    path.write_text(json.dumps({"endpoints": list(map(str, places)), **more}))


class Heard:
    """What a finder of this folder says."""

    def __init__(self, folder: Path, options: str = "&write=no") -> None:
        self.found: list[Candidate] = []
        self.lost: list[str] = []
        url = f"folder://{folder}?every=0.01{options}"
        self.finder: Finder = make_finders([url])[url](
            OTHER, "demo", endpoints=[THERE], roles=[], on_found=self.found.append, on_lost=self.lost.append
        )

    async def __aenter__(self) -> Self:
        assert await self.finder.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.finder.aclose()


@in_real_time
async def test_a_config_map_is_swapped_as_a_whole(tmp_path: Path) -> None:
    # As the kubelet does it: files are links into `..data`, which is a link that is put in its place at once.
    for number, place in enumerate((HERE, THERE)):
        (tmp_path / f"..{number}").mkdir()
        say(tmp_path / f"..{number}" / "seeds.json", place, HERE)
    (tmp_path / "..data").symlink_to("..0")
    (tmp_path / "seeds.json").symlink_to("..data/seeds.json")
    async with Heard(tmp_path) as heard:
        await eventually(lambda: bool(heard.found))
        assert (heard.found[0].node_id, heard.found[0].endpoints) == (None, (HERE,))
        (tmp_path / "..new").symlink_to("..1")
        (tmp_path / "..new").replace(tmp_path / "..data")
        say(tmp_path / "more.json", Endpoint("tcp", "10.0.0.3", 1))
        await eventually(lambda: len(heard.found[-1].endpoints) == 2)
        assert {one.host for one in heard.found[-1].endpoints} == {"10.0.0.2", "10.0.0.3"}
        (tmp_path / "more.json").unlink()
        (tmp_path / "seeds.json").unlink()
        await eventually(lambda: heard.found[-1].endpoints == ())
    assert heard.lost == []


@in_real_time
async def test_a_file_that_is_half_written_is_as_it_was_and_what_is_wrong_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "alice.json"
    say(path, HERE, node_id=NODE)
    async with Heard(tmp_path) as heard:
        await eventually(lambda: bool(heard.found))
        path.write_text('{"endpoints": [')
        await eventually(lambda: any(line["event"] == "folder of nodes" for line in log_of_the_loop().lines))
        say(path, THERE, node_id=NODE)
        await eventually(lambda: len(heard.found) > 1)
        assert [each.endpoints for each in heard.found] == [(HERE,), (THERE,)]
        assert heard.lost == []
        path.unlink()
        await eventually(lambda: heard.lost == [NODE])
    assert len([line for line in log_of_the_loop().lines if line["event"] == "folder of nodes"]) == 1


@in_real_time
async def test_a_folder_that_is_not_there_or_not_to_be_written_is_said_and_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    async with Heard(folder, "") as heard:
        await eventually(lambda: len(log_of_the_loop().lines) >= 2)
        folder.mkdir()
        say(folder / "alice.json", HERE, node_id=NODE)
        await eventually(lambda: bool(heard.found))
    assert {line["error"].partition(":")[0] for line in log_of_the_loop().lines} == {
        "this node is not in the folder",
        "cannot be looked at",
    }
    assert [each.name for each in folder.iterdir()] == ["alice.json"]


@in_real_time
async def test_a_folder_that_comes_back_has_the_file_of_this_node_again(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    own = folder / f"{OTHER[:20]}.json"
    async with Heard(folder, ""):
        assert own.exists()
        for _ in range(2):
            own.unlink()
            await eventually(own.exists)
        folder.rename(tmp_path / "elsewhere")
        await eventually(lambda: len(log_of_the_loop().lines) > 0)
        folder.mkdir()
        await eventually(own.exists)
    assert not own.exists()


@in_real_time
async def test_a_folder_that_comes_late_has_the_file_of_this_node_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerbus.discovery.folder.folder_finder.AGAIN", 0.01)
    put, tries = FolderFinder._put, list[Path]()

    def counted(self: FolderFinder, path: Path, data: bytes) -> None:
        tries.append(path)
        put(self, path, data)

    monkeypatch.setattr(FolderFinder, "_put", counted)
    folder = tmp_path / "late"
    async with Heard(folder, ""):
        await eventually(lambda: len(tries) >= 3)
        folder.mkdir()
        await eventually((folder / f"{OTHER[:20]}.json").exists)
    said = [line["error"] for line in log_of_the_loop().lines if "this node" in line["error"]]
    assert len(said) == 1


@in_real_time
async def test_what_is_no_file_is_said_and_hides_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c.json").symlink_to("/dev/zero")
    say(tmp_path / "z.json", HERE, node_id=NODE)
    open_before = len(os.listdir("/proc/self/fd"))
    async with Heard(tmp_path) as heard:
        await eventually(lambda: bool(heard.found))
    assert heard.found[0].node_id == NODE
    said = {Path(line["file"]).name: line["error"] for line in log_of_the_loop().lines}
    assert said == dict.fromkeys(("a.json", "b.json", "c.json"), "it is no file")
    assert len(os.listdir("/proc/self/fd")) == open_before


@in_real_time
async def test_behind_a_look_that_hangs_no_other_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, looks = threading.Event(), 0

    def listdir(_: object) -> list[str]:
        nonlocal looks
        looks += 1
        hangs.wait(30)
        return []

    async with Heard(tmp_path) as heard:
        monkeypatch.setattr("peerbus.discovery.folder.folder_finder.os.listdir", listdir)
        await eventually(lambda: len(log_of_the_loop().lines) > 0)  # the time of one is over
        monkeypatch.undo()
        say(tmp_path / "z.json", HERE, node_id=NODE)
        hangs.set()
        await eventually(lambda: bool(heard.found))
    assert looks <= 2


@in_real_time
async def test_a_calendar_that_is_set_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offset = 1e9
    monkeypatch.setattr("peerbus.discovery.folder.folder_finder.wall_clock", lambda: offset + time.monotonic())

    def expires() -> float:
        found: float = json.loads((tmp_path / f"{OTHER[:20]}.json").read_text())["expires"]
        return found

    async with Heard(tmp_path, ""):
        before = expires()
        offset -= 1e6
        await eventually(lambda: expires() < before - 9e5)


@pytest.mark.parametrize(
    "url",
    [
        "folder://",
        "folder://host/x",
        "folder:///x#y",
        "folder:///x?every=0",
        "folder:///x?every=often",
        "folder:///x?every=nan",
        "folder:///x?write=maybe",
        "folder:///x?often=1",
    ],
)
def test_a_url_that_names_no_folder_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no folder: write folder:///"):
        make_finders([url])


@in_real_time
async def test_many_files_of_one_user_hide_none_of_another_and_all_of_them_have_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_finder, "owner_of", lambda path: f"user {int(path.name[0] != 'z')}")
    for number in range(3 * MOST_FILES):
        say(tmp_path / f"a{number:04}.json", Endpoint("tcp", "10.0.0.3", 1 + number), node_id=f"{number:064x}")
    say(tmp_path / "z.json", HERE, node_id=NODE)
    async with Heard(tmp_path) as heard:
        await eventually(lambda: len({one.node_id for one in heard.found}) == 3 * MOST_FILES + 1)
        assert [one.node_id for one in heard.found[:MOST_FILES]].count(NODE) == 1
        assert NODE not in heard.lost
        assert {one.heard_from for one in heard.found if one.node_id == NODE} == {"user 0"}


@in_real_time
async def test_of_more_users_than_files_are_read_in_one_look_each_has_his_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_finder, "owner_of", lambda path: f"user {path.name[1:5]}")
    users = MOST_FILES + 40
    for number in range(users):
        for more in "ab" if number % 7 else "a":
            place = Endpoint("tcp", "10.0.0.3", 1 + number)
            say(tmp_path / f"a{number:04}{more}.json", place, node_id=f"{2 * number + (more == 'b'):064x}")
    async with Heard(tmp_path) as heard:
        await eventually(lambda: {int(one.node_id or "0", 16) // 2 for one in heard.found} == {*range(users)})


def test_whose_a_file_is_can_be_told_where_there_is_one(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "none.json") == ""
    say(tmp_path / "one.json", HERE)
    assert owner_of(tmp_path / "one.json") == f"user {os.getuid()}"
