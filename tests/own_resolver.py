"""A program in a network and mount namespace of its own, whose system asks a name server that the program itself is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["inside"]

TESTS = Path(__file__).parent
#: A look-up that is not answered takes minutes by these.
RESOLVER = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"


def inside(program: str, *arguments: str, folder: Path) -> str:
    """What this program prints in such namespaces; the test is skipped where they are not to be had."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs root, unshare and ip: a resolver of its own is made in a mount and a network namespace")
    resolver = folder / "resolv.conf"
    resolver.write_text(RESOLVER)
    script = f'mount --bind {resolver} /etc/resolv.conf && ip link set lo up && exec "$@"'
    command = ["unshare", "--mount", "--net", "sh", "-c", script, "sh"]
    if subprocess.run([*command, "true"], check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("this machine allows no mount namespace")
    done = subprocess.run(
        [*command, sys.executable, "-c", program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
