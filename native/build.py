"""Which of the two builds this process runs."""

from __future__ import annotations

import os
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from .modules import COMPILED
from .shown_sources import show_sources
from .sources import in_use, use_sources

__all__ = ["PURE", "build_name", "choose_build"]

#: The variable of the environment that chooses the build. Anything but nothing and `0` refuses what is compiled.
PURE = "PEERBUS_PURE"


@cache
def build_name() -> str:
    """`native`: the core is compiled. `pure`: all of it is Python. Nothing of the package is imported for it."""
    module = Path(__file__).parents[1].joinpath(*COMPILED[0].split("."))
    compiled = any(module.with_name(module.name + suffix).is_file() for suffix in EXTENSION_SUFFIXES)
    return "native" if compiled and not in_use() else "pure"


def choose_build(package: str) -> None:
    """Import `package` from its sources where `PEERBUS_PURE` says so; else let what is compiled say which these are."""
    if os.environ.get(PURE, "") not in ("", "0"):
        use_sources(package)
    elif build_name() == "native":
        show_sources(package)
