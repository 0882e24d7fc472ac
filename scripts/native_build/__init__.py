"""Compile the core by mypyc: what `setup.py` asks of a build that is not pure.

A copy of the package is changed where a compiler has to be told what an interpreter does better without, and compiled.
No line moves, so what a traceback points to stands in the source.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .source import Source
from .statics import hold_statics
from .structs import make_classes
from .widening import widen

if TYPE_CHECKING:
    from setuptools import Extension  # type: ignore[import-untyped]  # it has no types

__all__ = ["compiled", "staged"]

#: What the optimizer of the compiler may do. Debugging at "0" leaves out what debuggers of C need: a third of the size.
OPTIMIZED, DEBUGGED = "3", "0"
#: The name of what all compiled modules share, beside the package: `peerbus__mypyc`.
GROUP = "peerbus"
#: Folders of the package.
FLOORS = ("native", "actors", "transports", "discovery", "node", "operate", "testing")
CONFIGURATION = """[mypy]
python_version = 3.11
ignore_missing_imports = True
explicit_package_bases = True
follow_imports = silent
"""


def compiled(root: Path) -> list[Extension]:
    """The extensions of the core of the checkout at `root`, its C written. Raises: SystemExit where mypy refuses it."""
    from mypyc.build import mypycify

    stage = root / "build" / "native"
    sources = staged(root, stage)
    ini = stage / "mypy.ini"
    ini.write_text(CONFIGURATION, "utf-8")
    os.environ["MYPYPATH"] = str(stage)
    cache = root / "build" / "native-cache"
    # By their paths inside the stage: what a traceback says is found in every folder that has the package.
    paths = [str(source.path.relative_to(stage)) for source in sources]
    with contextlib.chdir(stage):
        return list(
            mypycify(
                ["--config-file", str(ini), "--cache-dir", str(cache), *paths],
                opt_level=OPTIMIZED,
                debug_level=DEBUGGED,
                target_dir=str(root / "build" / "native-c"),
                group_name=GROUP,
            )
        )


def staged(root: Path, stage: Path) -> list[Source]:
    """The modules that are compiled, as they are given to the compiler, in a copy of the package under `stage`.

    Under its name: mypyc names a module by its folders, and a checkout may have any name.
    """
    package = stage / "peerbus"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", "py.typed"):
        shutil.copy2(root / name, package)
    for floor in FLOORS:
        shutil.copytree(root / floor, package / floor, ignore=shutil.ignore_patterns("__pycache__", "static"))
    sources = [Source(name, package.joinpath(*name.split(".")).with_suffix(".py")) for name in _names(root)]
    for change in (widen, make_classes, hold_statics):
        change(sources)
        for source in sources:
            source.write()
    return sources


def _names(root: Path) -> tuple[str, ...]:
    spec = importlib.util.spec_from_file_location("modules", root / "native" / "modules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names: tuple[str, ...] = module.COMPILED
    return names
