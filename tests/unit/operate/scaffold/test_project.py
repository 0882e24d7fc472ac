"""A project is made whole or not at all, found from inside it, and given one more reactor."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from peerbus import __version__
from peerbus.actors.base import ConfigError
from peerbus.operate.scaffold import ReactorNames, UserProject
from peerbus.operate.scaffold.project import _versions

UNIT = Path(__file__).parents[4] / "examples" / "deploy" / "systemd" / "peerbus@.service"


def test_a_project_has_all_that_it_runs_on_and_its_keys_are_private(tmp_path: Path) -> None:
    made = UserProject.make(tmp_path / "my-app")
    assert made == UserProject(tmp_path / "my-app", "my_app")
    for name in ("README.md", "Dockerfile", ".gitignore", ".github/workflows/ci.yml", "my_app/py.typed", "alice.toml"):
        assert (made.folder / name).is_file()
    assert [each.name for each in tmp_path.iterdir()] == ["my-app"]
    assert made.folder.stat().st_mode & 0o777 == 0o755 & ~_umask()
    keys = sorted((made.folder / "keys").iterdir())
    assert [(key.name, key.stat().st_mode & 0o777) for key in keys] == [("alice.pem", 0o600), ("bob.pem", 0o600)]
    assert "/keys/\n" in (made.folder / ".gitignore").read_text()
    assert "\n**/*.pem\n" in (made.folder / ".dockerignore").read_text()


def test_a_project_wants_the_version_that_made_it(tmp_path: Path) -> None:
    made = UserProject.make(tmp_path / "app")
    wanted = tomllib.loads((made.folder / "pyproject.toml").read_text())["project"]["dependencies"]
    assert wanted == [f"peerbus{_versions(__version__)}"]
    assert _versions("0.2.1") == ">=0.2,<0.3"
    assert _versions("1.4.0") == ">=1.4,<2"


def test_where_something_stands_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with pytest.raises(ConfigError, match=r"/app exists; write another name"):
        UserProject.make(tmp_path / "app")
    assert list((tmp_path / "app").iterdir()) == []
    with pytest.raises(ConfigError, match=r"there is no folder .*none"):
        UserProject.make(tmp_path / "none" / "app")


def test_what_fails_midway_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(ConfigError, match="No space left"):
        UserProject.make(tmp_path / "app")
    assert list(tmp_path.iterdir()) == []


def test_a_project_is_found_from_inside_it(tmp_path: Path) -> None:
    made = UserProject.make(tmp_path / "app")
    assert UserProject.around(made.folder / "app") == UserProject.around(made.folder) == made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "is in no project"),
        ("[project]\n", "says nothing of peerbus; make one by"),
        ("[tool]\npeerbus = 1\n", "says nothing of peerbus"),
        ("[tool.peerbus]\npackage = 'other'\n", "there is no other/__init__.py"),
        ("[tool\n", "cannot be read"),
    ],
)
def test_a_folder_that_is_no_project_says_how_it_becomes_one(text: str | None, why: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError, match=why):
        UserProject.around(tmp_path)


def test_a_reactor_comes_with_its_test_and_into_a_configuration(tmp_path: Path) -> None:
    project = UserProject.make(tmp_path / "app")
    made = project.add(ReactorNames.of("block-sync"), project.folder / "bob.toml")
    assert made.path == "app.block_sync:BlockSync"
    assert [str(file) for file in made.files] == ["app/block_sync.py", "tests/test_block_sync.py"]
    assert all((project.folder / file).is_file() for file in made.files)
    listed = tomllib.loads((project.folder / "bob.toml").read_text())["reactors"]
    assert listed == [{"path": "app.visitor:Visitor", "args": {"seconds": 2.0}}, made.path]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    project = UserProject.make(tmp_path / "app")
    before = (project.folder / "app" / "greeter.py").read_text()
    with pytest.raises(ConfigError, match=r"greeter\.py exists"):
        project.add(ReactorNames.of("greeter"))
    with pytest.raises(ConfigError, match="no such file"):
        project.add(ReactorNames.of("ledger"), project.folder / "carol.toml")
    assert (project.folder / "app" / "greeter.py").read_text() == before
    assert not (project.folder / "app" / "ledger.py").exists()


def test_the_unit_is_as_hard_as_the_one_that_is_documented(tmp_path: Path) -> None:
    project = UserProject.make(tmp_path / "app")

    def settings(text: str) -> list[str]:
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return [line.replace("/app/", "/peerbus/").replace("=app", "=peerbus") for line in lines]

    made = settings((project.folder / "deploy" / "app@.service").read_text())
    assert [line for line in settings(UNIT.read_text()) if line not in made] == []
    assert [line for line in made if line not in settings(UNIT.read_text())] == [
        "Environment=PEERBUS_IDENTITY=credential:identity.pem"
    ]


def _umask() -> int:
    import os

    mask = os.umask(0o077)
    os.umask(mask)
    return mask
