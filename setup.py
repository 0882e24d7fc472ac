"""What setup.cfg cannot say: the core is compiled where that is possible and not refused, and where the project is
published, which CITATION.cff alone says (docs/releasing.md).

PEERBUS_PURE=1, or any other word: nothing is compiled; PEERBUS_PURE=0: what cannot be compiled ends the build. Where it
is not set, that costs speed only.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
WANTED = os.environ.get("PEERBUS_PURE", "")
#: What an editable install links is what its user edits; a compiled module would stand before it.
EDITABLE = {"editable_wheel", "develop"} & set(sys.argv)
#: What compiles: mypyc, and the types of what the core imports.
TOOLS = ["mypy>=2.1,<3", "msgspec>=0.20", "pykka>=4.5,<5", "setuptools>=77"]


def possible() -> bool:
    """Whether to try: nobody refused it, and there is a compiler of C."""
    if WANTED not in ("", "0") or EDITABLE:
        return False
    compiler = shlex.split(os.environ.get("CC", "")) or ["cc"]  # which may have arguments
    return WANTED == "0" or any(map(shutil.which, (compiler[0], "gcc", "clang")))


def extensions() -> list[Extension]:
    """The compiled modules; none where they cannot be had."""
    if not possible():
        return []
    try:
        sys.path.insert(0, str(HERE / "scripts"))
        from native_build import compiled

        return compiled(HERE)
    except (SystemExit, Exception) as error:
        if WANTED == "0":
            raise
        print(f"peerbus: the core is not compiled: {error!r}", file=sys.stderr)
        return []
    finally:
        sys.path.pop(0)


class AllOrNothing(build_ext):
    """A compiler that fails costs speed, not the installation; but no half of the modules is left."""

    def run(self) -> None:
        """Compile, or leave no trace of having tried."""
        try:
            super().run()
        except Exception as error:
            if WANTED == "0":
                raise
            print(f"peerbus: the core is not compiled: {error!r}", file=sys.stderr)
            for output in self.get_outputs():
                Path(output).unlink(missing_ok=True)
            self.extensions = self.distribution.ext_modules = []


def published() -> dict[str, object]:
    """The addresses, and the README with links that lead there; nothing where none is written, or it is not asked."""
    sys.path.insert(0, str(HERE / "scripts"))
    try:
        from project_addresses import citation_of, links_made_whole, project_addresses
    except ImportError:  # an image of a container is built without scripts/
        return {}
    finally:
        sys.path.pop(0)
    addresses = project_addresses(citation_of(HERE))
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    return {"project_urls": addresses, "long_description": links_made_whole(readme, addresses)} if addresses else {}


setup(
    script_name="setup.py",  # which is no module of the package, though it lies in its folder
    setup_requires=TOOLS if possible() and "egg_info" in sys.argv else [],
    ext_modules=extensions() if {"build_ext", "bdist_wheel", "build", "install"} & set(sys.argv) else [],
    cmdclass={"build_ext": AllOrNothing},
    **published(),
)
