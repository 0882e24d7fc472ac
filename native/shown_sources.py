"""How tracebacks come to show lines of what is compiled.

A compiler knows a source by its path inside the package's folder, wherever that will be installed. So what shows lines
(`traceback`, `logging`, debuggers: all by `linecache`) is told where those sources are.
"""

from __future__ import annotations

import linecache
from functools import partial
from importlib.util import decode_source
from pathlib import Path

from .modules import COMPILED

__all__ = ["show_sources", "traced_as"]


def show_sources(package: str) -> None:
    """Let lines of the compiled modules of `package` be found, each read when it is first to be shown."""
    folder = Path(__file__).parents[1]
    for name in COMPILED:
        linecache.cache[traced_as(package, name)] = (
            partial(_read, folder.joinpath(*name.split(".")).with_suffix(".py")),
        )


def traced_as(package: str, name: str) -> str:
    """What a traceback calls the source of a compiled module of `package`."""
    return f"{package}/{name.replace('.', '/')}.py"


def _read(source: Path) -> str | None:
    return decode_source(source.read_bytes()) if source.is_file() else None
