"""A second Python environment, beside that of the run, for products that do not support the Python of the run."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from peerbus.native import build_name

__all__ = ["bus_of", "interpreter_for", "lacks", "make", "other_build"]

_ROOT = Path(__file__).resolve().parents[1]
#: Seconds in which an interpreter says which packages it has.
_PATIENCE = 30.0
#: Prints those of its arguments that cannot be imported.
_LACKS = "import sys, importlib.util as u; print(*[p for p in sys.argv[1:] if u.find_spec(p) is None])"


def interpreter_for(python: tuple[int, int] | None) -> str | None:
    """An interpreter that is at least that version: this one, or that of the second environment. None: neither."""
    if python is None or sys.version_info >= python:
        return sys.executable
    path = _environment(python) / "bin" / "python"
    return str(path) if path.exists() else None


@functools.cache
def lacks(interpreter: str, packages: tuple[str, ...]) -> str | None:
    """The first of those packages (names for import) that the interpreter does not have."""
    command = [interpreter, "-P", "-c", _LACKS, *packages]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE)
    missing = done.stdout.split() if done.returncode == 0 else list(packages)
    return missing[0] if missing else None


@functools.cache
def bus_of(interpreter: str) -> str:
    """Version and build of the bus that the interpreter has, as `0.2.0 (native)`; empty where it has none."""
    command = [interpreter, "-P", "-m", "peerbus", "--version"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE)
    return done.stdout.strip().removeprefix("peerbus ") if done.returncode == 0 else ""


def other_build(interpreter: str) -> str | None:
    """The bus of that interpreter, where it is not the build that runs here."""
    said = bus_of(interpreter)
    return None if not said or said.endswith(f"({build_name()})") else said


def make(python: tuple[int, int], requirements: tuple[str, ...]) -> str:
    """Make that environment, with peerbus and the requirements in it. Returns what went wrong, or nothing."""
    found = _installed(python)
    if found is None:
        return f"no Python {python[0]}.{python[1]} or newer is installed"
    place = _environment(python)
    there = str(place / "bin" / "python")
    pip = [there, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    with tempfile.TemporaryDirectory() as folder:
        failed = _run([found, "-m", "venv", str(place)]) or _wheel(folder, pip, there)
        if failed:
            return failed
        (wheel,) = map(str, Path(folder).glob("*.whl"))
        return (
            # Not editable: that of the run's own environment would have to make way.
            _run([*pip, "install", "--force-reinstall", "--no-deps", wheel])
            or _run([*pip, "install", f"{wheel}[fast]", *requirements])
        )


def _wheel(folder: str, pip: list[str], interpreter: str) -> str:
    """Make the wheel of the bus for that interpreter: the build that runs here, or the two would not be comparable."""
    if build_name() == "pure":
        return _run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, str(_ROOT)], {"PEERBUS_PURE": "1"})
    return _run([*pip, "install", "build"]) or _run(
        [str(_ROOT / "scripts" / "build-native"), folder], {"PYTHON": interpreter}
    )


def _environment(python: tuple[int, int]) -> Path:
    here = Path(sys.prefix)
    return here.with_name(f"{here.name}-{python[0]}.{python[1]}-or-newer")


def _installed(python: tuple[int, int]) -> str | None:
    done = subprocess.run([str(_ROOT / "scripts" / "pythons")], check=False, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        version, _, path = line.partition(" ")
        major, minor, *_ = version.split(".")
        if (int(major), int(minor)) >= python:
            return path
    return None


def _run(command: list[str], settings: Mapping[str, str] | None = None) -> str:
    environment = os.environ | (settings or {})
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment
    )
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit status {done.returncode}"
