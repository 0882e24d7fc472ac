"""Things of one kind by name, each imported when it is asked for: built-in ones, and what installed packages bring."""

# Law 1. Nothing is imported before somebody asks for its name: to list what is there reads files, and runs no code.
# Law 2. What is built in is never replaced: a package that brings a thing of that name is not asked for it.
# Law 3. Two packages that bring a thing of one name are a mistake, and neither is taken by chance.
# Law 4. Whatever a package's code raises, also as it is imported, is a ConfigError that names what failed.

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import ConfigError, PeerbusError
from .spelling import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BuiltIn", "Installed", "PlugIns", "blamed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A thing of this package: its module, and the name in it. `needs`: a module that only the extra `extra` brings."""

    module: str
    name: str
    extra: str = ""
    needs: str = ""

    @property
    def missing(self) -> str:
        """How to install what it lacks; '' where nothing is missing."""
        try:
            found = not self.needs or importlib.util.find_spec(self.needs) is not None
        except ModuleNotFoundError:  # of a module in a package that is not there
            found = False
        return "" if found else f"pip install peerbus[{self.extra}]"


@dataclass(frozen=True, slots=True)
class Installed:
    """One name that can be asked for. `by`: the package that brings it; `missing`: what it lacks to work, or ''.

    `clash`: several packages bring it, all in `by`, and none is taken.
    """

    name: str
    by: str
    missing: str = ""
    clash: bool = False


class PlugIns(Generic[T]):
    """Things of the class `kind`, in words `what`; those of packages stand under the entry points `group`.

    `kept`: names that this package has taken without being asked for them, and that nobody may bring.
    """

    def __init__(
        self, what: str, kind: type[T], group: str, built_in: Mapping[str, BuiltIn], *, kept: Container[str] = ()
    ) -> None:
        self._what = what
        self._kind = kind
        self._group = group
        self._built_in = built_in
        self._kept = kept

    def load(self, name: str) -> T:
        """The thing of that name. Raises ConfigError: there is none, it lacks something, or is broken."""
        built_in = self._built_in.get(name)
        if built_in is not None:
            if built_in.missing:
                raise ConfigError(f"{name} needs more than is installed: {built_in.missing}")
            found: object = getattr(importlib.import_module(built_in.module), built_in.name)
            by = "peerbus"
        else:
            point = self._brought(name)
            by = _package(point)
            try:
                found = point.load()
            except (Exception, SystemExit) as error:  # importing runs a package's code, which may raise anything
                text = f"the package {by} brings the {self._what} {name}, and cannot be imported"
                raise ConfigError(f"{text}: {type(error).__name__}: {error}") from error
        if not isinstance(found, self._kind):
            raise ConfigError(f"{by} brings as the {self._what} {name} no {self._kind.__name__}, but {found!r}")
        return found

    def listed(self) -> list[Installed]:
        """All names, the built-in ones first, those that lack something among them."""
        own = [Installed(name, "peerbus", built_in.missing) for name, built_in in self._built_in.items()]
        brought: dict[str, list[EntryPoint]] = {}
        for point in self._points():
            brought.setdefault(point.name, []).append(point)
        return own + [
            Installed(name, ", ".join(sorted({*map(_package, points)})), clash=_clash(points))
            for name, points in sorted(brought.items())
        ]

    def _points(self) -> list[EntryPoint]:
        from importlib.metadata import entry_points  # it takes 20 ms to import, and most nodes never ask

        taken = self._built_in
        return [
            each for each in entry_points(group=self._group) if each.name not in taken and each.name not in self._kept
        ]

    def _brought(self, name: str) -> EntryPoint:
        points = [point for point in self._points() if point.name == name]
        if not points:
            known = [each.name for each in self.listed() if not each.missing and not each.clash]
            meant = did_you_mean(name, known)
            raise ConfigError(f"unknown {self._what} {name!r}; installed are {', '.join(known)}{meant}")
        if _clash(points):
            packages = ", ".join(sorted(map(_package, points)))
            raise ConfigError(f"several packages bring the {self._what} {name!r}: {packages}; keep one of them")
        return points[0]


@contextlib.contextmanager
def blamed(what: str, name: str) -> Iterator[None]:
    """Around a call of what a package has brought, see law 4; errors of the bus and ValueErrors are its answers."""
    try:
        yield
    except (PeerbusError, ValueError):
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(f"the {what} {name} is broken: {type(error).__name__}: {error}") from error


def _clash(points: Sequence[EntryPoint]) -> bool:
    return len({point.value for point in points}) > 1


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
