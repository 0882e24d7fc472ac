"""Signals are heard from the first instant on, and the second ends a process, whatever holds it up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from peerbus.node.process_signals import STOPS, ProcessSignals, Signalled

PROGRAM = """
import asyncio, sys, threading, time
from peerbus.node.process_signals import ProcessSignals
from peerbus.node.run import run_loop, serve

class Node:
    name = "stuck"
    async def __aenter__(self): return self
    async def __aexit__(self, *_):
        print("stopping", flush=True)
        {stuck}
    async def wait_stopped(self):
        {up}
        print("up", flush=True)
        await asyncio.Event().wait()

async def main(): return await serve(Node(), signals=ProcessSignals())
sys.exit(run_loop(main()))
"""
#: What holds it up, while it stops.
STUCK = {
    "the loop is blocked by a handler": "time.sleep(1000)",
    "the loop is blocked by a lock": "lock = threading.Lock()\n        lock.acquire()\n        lock.acquire()",
    "a thread that the loop lent does not end": "asyncio.get_running_loop().run_in_executor(None, time.sleep, 1000)",
    "a cancellation is swallowed": (
        "while True:\n            try: await asyncio.sleep(1000)\n            except asyncio.CancelledError: pass"
    ),
    "a thread of the program does not end": "threading.Thread(target=time.sleep, args=(1000,)).start()",
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
@pytest.mark.parametrize("stuck", STUCK.values(), ids=list(STUCK))
def test_a_second_signal_ends_a_process_that_is_stuck(stuck: str, number: signal.Signals) -> None:
    program = textwrap.dedent(PROGRAM).format(stuck=stuck, up="pass")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "up\n"
            process.send_signal(number)
            assert process.stdout.readline() == "stopping\n"
            process.send_signal(number)
            assert process.wait(timeout=60) in {128 + number, -number}
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_an_interpreter_that_waits_for_a_thread_ends_with_the_second_signal(number: signal.Signals) -> None:
    last = "threading.main_thread().join(), print('at its end', flush=True), time.sleep(1000)"
    stuck = f"threading.Thread(target=lambda: ({last})).start()"
    program = textwrap.dedent(PROGRAM).format(stuck=stuck, up="pass")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "up\n"
            process.send_signal(number)
            assert process.stdout.readline() == "stopping\n"
            assert process.stdout.readline() == "at its end\n"
            while process.poll() is None:  # one that comes just before the wait for the lock is heard with the next
                process.send_signal(number)
                try:
                    process.wait(timeout=1.0)
                except subprocess.TimeoutExpired:
                    continue
            assert process.returncode == 128 + number
        finally:
            process.kill()


def test_a_loop_that_is_blocked_from_the_first_signal_on_ends_with_the_second() -> None:
    program = textwrap.dedent(PROGRAM).format(stuck="pass", up='print("blocked", flush=True); time.sleep(1000)')
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "blocked\n"
            process.send_signal(signal.SIGTERM)
            while process.poll() is None:  # signals that come before the first was heard are one
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    continue
            assert process.returncode in {128 + signal.SIGTERM, -signal.SIGTERM}
        finally:
            process.kill()


FIRST = """
import runpy, signal, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "peerbus.operate.cli":
            ours = sorted(each for each in sys.modules if each.startswith("peerbus"))
            handled = [callable(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
            print(*ours, "asyncio" in sys.modules, handled, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
            sys.exit(0)

sys.meta_path.insert(0, Watch())
sys.argv[1:] = ["run", "alice.toml"]
runpy.run_module("peerbus", run_name="__main__")
"""


def test_signals_are_handled_before_anything_that_takes_time_is_imported() -> None:
    blocked = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    try:
        done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, timeout=60, check=False)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert done.stderr == ""
    ours, *told = done.stdout.partition(" False ")
    # With a compiled build, those that choose between the two.
    imported = [name for name in ours.split() if not name.startswith("peerbus.native")]
    assert imported == ["peerbus", "peerbus.node", "peerbus.node.process_signals", "peerbus.operate"]
    assert told == [" False ", "[True, True, True] set()\n"]


@pytest.fixture
def heard() -> Iterator[ProcessSignals]:
    """Signals of this process, heard from now on; what was there before is there again afterwards."""
    before = {number: signal.getsignal(number) for number in (*STOPS, signal.SIGHUP)}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    signals = ProcessSignals()
    signals.begin(reloads=True)
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_remembered_until_somebody_asks(number: signal.Signals, status: int, heard: ProcessSignals) -> None:
    heard.imported()
    heard.check()
    assert heard.taken() is None
    signal.raise_signal(number)
    assert heard.taken() == number
    with pytest.raises(Signalled) as caught:
        heard.check()
    assert caught.value.status == status


def test_a_signal_that_an_event_loop_obeys_is_counted(heard: ProcessSignals) -> None:
    heard.obeyed()
    signal.raise_signal(signal.SIGTERM)
    assert heard.stops == [signal.SIGTERM]


def test_a_signal_that_comes_while_a_loop_puts_pythons_handler_in_place_is_heard(heard: ProcessSignals) -> None:
    class Loop:
        """As asyncio's: what it obeyed is Python's business again, for a moment."""

        removed = 0

        def remove_signal_handler(self, number: int, /) -> bool:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.removed += 1
            if self.removed in (1, 2):
                signal.raise_signal(signal.SIGINT)
            return True

    loop, ended = Loop(), []
    heard.hear = lambda number, _=None: ended.append(number)  # type: ignore[assignment,method-assign]  # the second one would end us
    heard.take_back(loop, STOPS)
    assert ended == [signal.SIGINT, signal.SIGINT]
    signal.raise_signal(signal.SIGINT)
    assert len(ended) == 3


#: What runs when a signal comes: code in which an exception would be lost, become another, or be the end of C code.
IN_THE_WAY = {
    "nothing": "signal.raise_signal(number)",
    "a name that is set": """
class Name:
    def __set_name__(self, owner, name): signal.raise_signal(number)
class Owner:
    name = Name()
""",
    "what swallows all": """
try:
    signal.raise_signal(number)
except BaseException:
    pass
""",
    "a thread that is started": """
import threading
with threading._active_limbo_lock:
    signal.raise_signal(number)
""",
    "a class of msgspec": """
import msgspec
class Meta(type(msgspec.Struct)):
    def __setattr__(self, name, value):
        signal.raise_signal(number)
        super().__setattr__(name, value)
class Message(msgspec.Struct, metaclass=Meta):
    text: str
Message.more = 1
""",
}
EARLY = """
import signal, sys, threading
from peerbus.node.process_signals import ProcessSignals
number = signal.{name}
signals = ProcessSignals()
signals.begin(reloads=True)
{imported}
{code}
threading.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
@pytest.mark.parametrize("imported", ["", "signals.imported()"], ids=["importing", "imported"])
@pytest.mark.parametrize("code", IN_THE_WAY.values(), ids=list(IN_THE_WAY))
def test_a_signal_before_anybody_obeys_ends_the_process_without_a_word(
    code: str, imported: str, number: signal.Signals
) -> None:
    program = EARLY.format(name=number.name, imported=imported, code=code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_a_reload_that_nobody_can_do_yet_is_remembered_also_at_the_end(heard: ProcessSignals) -> None:
    before = heard.reload
    signal.raise_signal(signal.SIGHUP)
    assert (before, heard.reload) == (False, True)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    heard.end()
    signal.raise_signal(signal.SIGHUP)
    assert heard.stops == []


def test_a_terminal_that_was_closed_is_known_and_left() -> None:
    program = """
import os, signal, sys
from peerbus.node.process_signals import ProcessSignals
signals = ProcessSignals()
signals.begin(reloads=True)
print(signals.lost_terminal(), flush=True)
sys.stdin.readline()
print(signals.lost_terminal(), signals.lost_terminal(), os.readlink("/dev/fd/2") == os.devnull, flush=True)
"""
    master, slave = os.openpty()
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=reading, stdout=subprocess.PIPE, stderr=slave, text=True
    ) as process:
        os.close(slave)
        os.close(reading)
        assert process.stdout is not None
        assert process.stdout.readline() == "False\n"
        os.close(master)
        os.close(writing)
        assert process.stdout.readline() == "True False True\n"
