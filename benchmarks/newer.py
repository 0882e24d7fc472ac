"""A second Python environment, beside that of the run, for products that do not support the Python of the run."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["interpreter_for", "lacks", "make"]

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


def make(python: tuple[int, int], requirements: tuple[str, ...]) -> str:
    """Make that environment, with peerbus and the requirements in it. Returns what went wrong, or nothing."""
    found = _installed(python)
    if found is None:
        return f"no Python {python[0]}.{python[1]} or newer is installed"
    place = _environment(python)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return (
        _run([found, "-m", "venv", str(place)])
        # Not editable: that of the run's own environment would have to make way.
        or _run([*pip, "--no-input", "--force-reinstall", "--no-deps", str(_ROOT)])
        or _run([*pip, "--no-input", f"peerbus[fast] @ {_ROOT.as_uri()}", *requirements])
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


def _run(command: list[str]) -> str:
    # The build of the run that this is for: from its sources it would be compiled where there is a compiler.
    settings = os.environ | {"PEERBUS_PURE": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=settings)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit status {done.returncode}"
