"""Installs the peers as far as they can be had: what is missing costs its rows, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from .machine import which
from .newer import make

__all__ = ["NEWER", "PACKAGES", "PROGRAMS", "install"]

#: Python packages, each by itself, so that one without a wheel for this machine does not cost the others.
PACKAGES = (
    "pyzmq>=26", "eclipse-zenoh>=1.1", "nats-py>=2.9", "grpcio>=1.66", "xoscar>=0.6", "uvloop>=0.21",
)  # fmt: skip
#: What supports no Python as old as the bus does: the oldest that it takes, and the packages.
NEWER = {(3, 12): ("casty>=0.30",)}
#: Programs, and the Debian package that brings each.
PROGRAMS = {"nats-server": "nats-server", "erlc": "erlang-base"}


def install(say: Callable[[str], object]) -> None:
    """Install all that is not there yet, into this interpreter's environment and, where it may, the system."""
    here = [one for python, some in NEWER.items() if sys.version_info >= python for one in some]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    for requirement in (*PACKAGES, *here):
        done = _run([*pip, requirement])
        if done:
            say(f"{requirement} could not be installed, so its rows will say that it is missing: {done}")
    for python, requirements in NEWER.items():
        failed = "" if sys.version_info >= python else make(python, requirements)
        if failed:
            say(f"{', '.join(requirements)} could not be installed, so its rows will say that it is missing: {failed}")
    wanted = [package for program, package in PROGRAMS.items() if which(program) is None]
    if wanted:
        _apt(wanted, say)


def _apt(wanted: list[str], say: Callable[[str], object]) -> None:
    names = " ".join(wanted)
    if shutil.which("apt-get") is None:
        say(f"{names}: no apt-get here; install the programs of these Debian packages by hand for their rows")
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and shutil.which("sudo") is None:
        say(f"{names}: as root, run: apt-get install {names}")
        return
    say(f"installing {names} by apt-get")
    failed = _run([*prefix, "apt-get", "install", "--yes", "--no-install-recommends", "-qq", *wanted])
    if failed:
        failed = _run([*prefix, "apt-get", "update", "-qq"]) or _run(
            [*prefix, "apt-get", "install", "--yes", "--no-install-recommends", "-qq", *wanted]
        )
    if failed:
        say(
            f"{names} could not be installed, so its rows will say so; as root, run: apt-get install {names} ({failed})"
        )


def _run(command: list[str]) -> str:
    """What it said last where it failed, else nothing."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment
    )
    if done.returncode == 0:
        return ""
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"
