"""The environment of a candidate: made anew, with the newest release that the index has, and gone afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

__all__ = ["PYTHONS", "NotInstalled", "environment", "newest", "python_for", "wheels"]

#: The Pythons that peerbus runs on: a wheel is wanted for each.
PYTHONS: Final = ("3.11", "3.12", "3.13")
_ROOT: Final = Path(__file__).resolve().parents[2]
_PIP: Final = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


class NotInstalled(Exception):
    """The candidate cannot be had here."""


@contextmanager
def environment(requirement: str, interpreter: str) -> Iterator[str]:
    """A Python that has peerbus, of this checkout, and the candidate; '' for none. Raises NotInstalled."""
    with TemporaryDirectory(prefix="peerbus-quic-check-") as folder:
        done = _run([interpreter, "-m", "venv", folder])
        if done:
            raise NotInstalled(f"{interpreter}: {done}")
        python = str(Path(folder) / "bin" / "python")
        wanted = [f"{_ROOT}[fast]", *([requirement] if requirement else [])]
        done = _run([python, *_PIP, "install", *wanted])
        if done:
            raise NotInstalled(f"{requirement or 'peerbus'}: {done}")
        yield python


def wheels(requirement: str) -> dict[str, str]:
    """By Python, the version of which the index has a wheel for this machine; '' where it has none."""
    found = {}
    for python in PYTHONS:
        with TemporaryDirectory(prefix="peerbus-quic-wheel-") as folder:
            command = [sys.executable, *_PIP, "download", "--no-deps", "--only-binary", ":all:"]
            _run([*command, "--python-version", python, "--dest", folder, requirement])
            names = os.listdir(folder)
            found[python] = names[0].split("-")[1] if names else ""
    return found


def newest(found: dict[str, str]) -> str:
    """The newest of the versions that there are wheels of; '' for none."""
    return max(found.values(), key=lambda version: [int(number) for number in re.findall(r"\d+", version)], default="")


def python_for(found: dict[str, str]) -> str:
    """The oldest Python of this machine that the newest release has a wheel for; else the one that runs this."""
    for version, release in found.items():
        if release and release == newest(found):
            done = subprocess.run(
                [str(_ROOT / "scripts" / "pythons"), f"python{version}"], check=False, capture_output=True, text=True
            )
            if done.returncode == 0 and done.stdout.strip():
                return done.stdout.split()[0]
    return sys.executable


def _run(command: list[str]) -> str:
    """What it said last where it failed, else nothing."""
    # Both sides of each comparison are of the same build: the one that needs no compiler.
    settings = os.environ | {"PEERBUS_PURE": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=settings)
    if done.returncode == 0:
        return ""
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "pip failed")
