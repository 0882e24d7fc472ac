"""How a process that has the compiled build runs from the sources: `PEERBUS_PURE=1`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

__all__ = ["in_use", "use_sources"]


class Sources:
    """Finds the modules of this package by their sources only, where a compiled one stands beside."""

    def __init__(self, package: str) -> None:
        self._inside = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder.find_spec`."""
        if path is None or not fullname.startswith(self._inside):
            return None
        for place in path:
            spec = FileFinder(place, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(fullname)
            if spec is not None:
                return spec
        return None


def in_use() -> bool:
    """The package is imported from its sources, also where a compiled build is there."""
    return any(isinstance(each, Sources) for each in sys.meta_path)


def use_sources(package: str) -> None:
    """Import every module of `package` from its source from now on."""
    sys.meta_path.insert(0, Sources(package))
