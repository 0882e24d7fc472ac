"""A project of a user: made whole or not at all, found again from inside it, and given one more reactor."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ... import __version__
from ...actors.base import ConfigError
from ...node.process import write_whole
from ...transports.streams import Identity
from .names import ProjectNames, ReactorNames
from .reactor_list import with_reactor
from .templates import rendered

__all__ = ["MadeReactor", "UserProject"]

#: The nodes of a new project, each with a key of its own.
NODES = ("alice", "bob")
_NO_PROJECT = 'make one by `peerbus new APP`, or write package = "…" into its table [tool.peerbus]'


@dataclass(frozen=True, slots=True)
class MadeReactor:
    """What was made of one reactor; `path` is how a configuration names it."""

    path: str
    files: tuple[Path, ...]
    #: The configuration that runs it now; None where none was named.
    config: Path | None


@dataclass(frozen=True, slots=True)
class UserProject:
    """A project: its folder, and the name of its package in there."""

    folder: Path
    package: str

    @classmethod
    def make(cls, folder: Path) -> UserProject:
        """A new one, named as its folder is, with a key for each node. Raises ConfigError; then nothing is left."""
        names = ProjectNames.of(folder.name)
        if folder.exists() or folder.is_symlink():
            raise ConfigError(f"{folder} exists; write another name, or take it away first")
        if not folder.parent.is_dir():
            raise ConfigError(f"{folder} cannot be made: there is no folder {folder.parent}")
        values = {"app": names.app, "package": names.package, "versions": _versions(__version__)}
        try:
            draft = Path(tempfile.mkdtemp(prefix=f".{names.app}-", dir=folder.parent))
            try:
                _write(draft, rendered("project", values))
                (draft / "keys").mkdir(mode=0o700)
                for node in NODES:
                    Identity.generate().save(draft / "keys" / f"{node}.pem")
                draft.chmod(0o755 & ~_umask())
                draft.rename(folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
        except OSError as error:
            raise ConfigError(f"{folder} cannot be made: {error.strerror}") from error
        return cls(folder, names.package)

    @classmethod
    def around(cls, place: Path) -> UserProject:
        """The project that `place` is in. Raises ConfigError where it is in none."""
        for folder in (place, *place.parents):
            path = folder / "pyproject.toml"
            if path.is_file():
                return cls(folder, _package_of(path))
        raise ConfigError(f"{place} is in no project, there is no pyproject.toml; {_NO_PROJECT}")

    def add(self, names: ReactorNames, config: Path | None = None) -> MadeReactor:
        """Give it a reactor and its test; `config`: a configuration that runs it from then on. Raises ConfigError."""
        values = {
            "package": self.package,
            "module": names.module,
            "Reactor": names.cls,
            "channel": names.channel,
        }
        path = f"{self.package}.{names.module}:{names.cls}"
        texts = rendered("reactor", {**values, "app": self.package})
        for file in texts:
            if (self.folder / file).exists():
                raise ConfigError(f"{self.folder / file} exists; write another name, or take it away first")
        changed = None if config is None else with_reactor(config, path)
        try:
            _write(self.folder, texts)
            if config is not None and changed is not None:
                place = config.resolve()  # what a link leads to, with the mode that it has
                write_whole(place, changed.encode(), stat.S_IMODE(place.stat().st_mode))
        except OSError as error:
            raise ConfigError(f"{error.filename} cannot be written: {error.strerror}") from error
        # The reactor first, then its test.
        files = sorted(texts, key=lambda file: (file.startswith("tests/"), file))
        return MadeReactor(path, tuple(map(Path, files)), config)


def _package_of(path: Path) -> str:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    table = content.get("tool", {}).get("peerbus", {})
    package = table.get("package") if isinstance(table, dict) else None
    if not isinstance(package, str):
        raise ConfigError(f"{path} says nothing of peerbus; {_NO_PROJECT}")
    if not (path.parent / package / "__init__.py").is_file():
        raise ConfigError(
            f"{path}: tool.peerbus.package is {package!r}, and there is no {package}/__init__.py beside it"
        )
    return package


def _write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        for folder in reversed(path.relative_to(root).parents):
            (root / folder).mkdir(mode=0o755, exist_ok=True)
        write_whole(path, text.encode(), 0o644)


def _versions(version: str) -> str:
    """What a project that begins with this version can run on: before 1.0 a minor version may change an interface."""
    major, minor, *_ = version.split(".")
    return f">={major}.{minor},<{int(major) + 1}" if major != "0" else f">=0.{minor},<0.{int(minor) + 1}"


def _umask() -> int:
    """The process's: it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
