"""What a process gives up: done for good, and told where it cannot be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from peerbus.node.process import guard as process_guard
from peerbus.node.process.guard import ProcessGuard, guard_process

#: In a process of its own, as none of it can be taken back.
PROGRAM = """
import ctypes, os, resource, sys
from peerbus.node.process.guard import guard_process
print(*(each.problem for each in guard_process()), sep=",")
print(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE))
if sys.platform == "linux":
    libc = ctypes.CDLL(None)
    print(libc.prctl(3, 0, 0, 0, 0), libc.prctl(39, 0, 0, 0, 0), os.listdir("/proc/self/fd") != [])
"""


def test_a_guarded_process_makes_no_open_files_no_core_and_is_nobodys_to_trace() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=40)
    problems, kept, *linux = done.stdout.splitlines()
    assert kept == "0o77 (0, 0)"
    if sys.platform == "linux":
        assert (problems, linux) == (",,,", ["0 1 True"])


def test_what_the_system_does_not_do_is_told_and_the_rest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def cannot() -> None:
        raise OSError(1, "Operation not permitted")

    guards = (ProcessGuard("a", "why", cannot), ProcessGuard("b", "why", lambda: done.append("b")))
    monkeypatch.setattr(process_guard, "GUARDS", guards)
    assert [(each.guard.name, each.problem) for each in guard_process()] == [
        ("a", "Operation not permitted"),
        ("b", ""),
    ]
    assert done == ["b"]
