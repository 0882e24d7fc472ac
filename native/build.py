"""Which of the two builds this process runs."""

from __future__ import annotations

from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from .modules import COMPILED
from .sources import in_use

__all__ = ["build_name"]


@cache
def build_name() -> str:
    """`native`: the core is compiled. `pure`: all of it is Python. Nothing of the package is imported for it."""
    module = Path(__file__).parents[1].joinpath(*COMPILED[0].split("."))
    compiled = any(module.with_name(module.name + suffix).is_file() for suffix in EXTENSION_SUFFIXES)
    return "native" if compiled and not in_use() else "pure"
