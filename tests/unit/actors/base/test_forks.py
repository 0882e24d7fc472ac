"""Hearing of a fork, in the child, and refusing calls there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from peerbus.actors import ProcessForked
from peerbus.actors.base.forks import forked_error, refuse_calls, silence


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


def test_a_call_that_is_refused_raises_and_says_where_it_would_run() -> None:
    one, other = Counter(), Counter()
    refuse_calls(one, "the counter", ["add"])
    with pytest.raises(ProcessForked, match=f"the counter runs in its parent .pid {os.getppid()}. only"):
        one.add()
    assert other.add() == 1


def test_a_call_that_is_silenced_does_nothing() -> None:
    counter = Counter()
    silence(counter, ["add"])
    assert counter.add() is None
    assert counter.count == 0


def test_the_error_gives_the_message_back() -> None:
    assert forked_error("the bus", "hello").message == "hello"


PROGRAM = """
import os, sys, warnings
from peerbus.actors.base.forks import not_in_child, runs_no_more
warnings.simplefilter("ignore", DeprecationWarning)

class Runs:
    heard = 0
    def forked(self):
        self.heard += 1

here, ended, gone = Runs(), Runs(), Runs()
for running in (here, ended, gone):
    not_in_child(running)
runs_no_more(ended)
del running, gone
pid = os.fork()
if pid == 0:
    again = os.fork()
    if again == 0:
        os._exit(here.heard)  # a child of the child: it had been heard of
    os._exit(10 * here.heard + ended.heard + os.waitstatus_to_exitcode(os.waitpid(again, 0)[1]))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) + 100 * here.heard)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_what_runs_hears_of_it_once_in_the_child_and_never_in_the_parent() -> None:
    assert subprocess.run([sys.executable, "-P", "-c", PROGRAM], timeout=60, check=False).returncode == 11
