"""Compile the core by mypyc: what `setup.py` asks of a build that is not pure.

A copy of the package is changed where a compiler has to be told what an interpreter does better without, and compiled.
No line moves, so what a traceback points to stands in the source.
"""

from __future__ import annotations

import configparser
import contextlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .dataclass_words import keep_words
from .letting_go import mended
from .source import Source
from .statics import hold_constants, hold_statics
from .structs import make_classes
from .widening import widen

if TYPE_CHECKING:
    from setuptools import Extension  # type: ignore[import-untyped]  # it has no types

__all__ = ["compiled", "floors", "staged"]

#: What the optimizer of the compiler may do. Debugging at "0" leaves out what debuggers of C need: a third of the size.
OPTIMIZED, DEBUGGED = "3", "0"
#: mypyc reads and writes one attribute by the structs of several classes, which a compiler may take for several things.
FLAGS = ("-fno-strict-aliasing",)
#: The name of what all compiled modules share, beside the package: `peerbus__mypyc`.
GROUP = "peerbus"
CONFIGURATION = """[mypy]
python_version = 3.11
ignore_missing_imports = True
explicit_package_bases = True
follow_imports = silent
"""


def compiled(root: Path, optimized: str = OPTIMIZED) -> list[Extension]:
    """The extensions of the core of the checkout at `root`, its C written. Raises: SystemExit where mypy refuses it."""
    from mypyc.build import mypycify

    # Each Python its own place: what mypyc writes for one it would take again for another.
    work = root / "build" / "native" / str(sys.implementation.cache_tag)
    stage = work / "stage"
    sources = staged(root, stage)
    ini = stage / "mypy.ini"
    ini.write_text(CONFIGURATION, "utf-8")
    os.environ["MYPYPATH"] = str(stage)
    # By their paths inside the stage: what a traceback says is found in every folder that has the package.
    paths = [str(source.path.relative_to(stage)) for source in sources]
    with contextlib.chdir(stage):
        extensions: list[Extension] = mypycify(
            ["--config-file", str(ini), "--cache-dir", str(work / "cache"), *paths],
            opt_level=optimized,
            debug_level=DEBUGGED,
            target_dir=str(work / "c"),
            group_name=GROUP,
        )
    for extension in extensions:
        extension.extra_compile_args = [*extension.extra_compile_args, *FLAGS]  # mypycify gives all the same list
        extension.sources = [str(mended(Path(source))) for source in extension.sources]
    return extensions


def staged(root: Path, stage: Path) -> list[Source]:
    """The modules that are compiled, as they are given to the compiler, in a copy of the package under `stage`.

    Under its name: mypyc names a module by its folders, and a checkout may have any name.
    """
    package = stage / "peerbus"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", "py.typed"):
        shutil.copy2(root / name, package)
    for floor in floors(root):
        shutil.copytree(root / floor, package / floor, ignore=shutil.ignore_patterns("__pycache__", "static"))
    sources = [Source(name, package.joinpath(*name.split(".")).with_suffix(".py")) for name in _names(root)]
    for change in (widen, make_classes, hold_constants, hold_statics, keep_words):
        change(sources)
        for source in sources:
            source.write()
    return sources


def floors(root: Path) -> list[str]:
    """The folders of the package that stand in its own, as setup.cfg lists them."""
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg", "utf-8")
    packages = (name.split(".") for name in setup["options"]["packages"].split())
    return [parts[1] for parts in packages if len(parts) == 2]


def _names(root: Path) -> tuple[str, ...]:
    spec = importlib.util.spec_from_file_location("modules", root / "native" / "modules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names: tuple[str, ...] = module.COMPILED
    return names
