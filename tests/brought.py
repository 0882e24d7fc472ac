"""A package that is installed for a test: a folder with a module and the entry points that name it."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["package"]


@contextlib.contextmanager
def package(folder: Path, name: str, source: str, points: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """While entered, `name` is a package of this process. `points`: by group, what each name stands for."""
    (folder / f"{name}.py").write_text(source)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in named.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
