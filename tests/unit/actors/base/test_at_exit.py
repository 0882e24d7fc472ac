"""Programs that start something and do not stop it: they are told, what was delivered is handled, and they end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import asyncio, sys, threading, time
from peerbus.actors import LOCAL, Actor, Bus

class Work(Actor):
    async def on_receive(self, message):
        await asyncio.sleep(0.01)
        print("handled", message, flush=True)

    def on_stop(self):
        print("stopped", flush=True)

class ThreadWork(Actor):
    dispatcher = "thread"

    def on_receive(self, message):
        time.sleep(0.01)
        print("handled", message, flush=True)

    def on_stop(self):
        print("stopped", flush=True)

class Stubborn(Actor):
    async def on_receive(self, message):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass

def send(bus, ref):
    for number in range(3):
        bus.tell(ref, number)
"""

PROGRAMS = {
    "a bus with a thread": """
bus = Bus("forgotten").start()
send(bus, bus.spawn(Work))
""",
    "one that nobody holds": """
bus = Bus("forgotten").start()
send(bus, bus.spawn(Work))
del bus
""",
    "actors on threads": """
bus = Bus("forgotten").start()
send(bus, bus.spawn(ThreadWork))
""",
    "several": """
first, second = Bus("other").start(), Bus("forgotten").start()
send(second, second.spawn(ThreadWork))
first.spawn(Stubborn)
first.shutdown_timeout = 0.01
""",
    "a program that fails": """
bus = Bus("forgotten").start()
send(bus, bus.spawn(Work))
sys.exit(7)
""",
    "a node": """
from peerbus.node import Node
node = Node("forgotten").start()
send(node, node.spawn(Work))
""",
    "a node with a book": """
import tempfile, os
from peerbus.node import Node
folder = tempfile.TemporaryDirectory()
node = Node("forgotten", book=os.path.join(folder.name, "book"), listen=["tcp://127.0.0.1:0"]).start()
send(node, node.spawn(Work))
""",
    "other threads of the program": """
bus = Bus("forgotten").start()
ref = bus.spawn(Work)
def later():
    time.sleep(0.1)  # the main thread has ended by then
    send(bus, ref)
threading.Thread(target=later).start()
""",
    "a bus that was entered in asyncio.run": """
async def main():
    bus = Bus("forgotten")
    await bus.__aenter__()
    send(bus, bus.spawn(ThreadWork))
asyncio.run(main())
""",
    "a bus on a loop that stands still": """
loop = asyncio.new_event_loop()
bus = Bus("forgotten")
loop.run_until_complete(bus.__aenter__())
ref = bus.spawn(Work)
send(bus, ref)
""",
    "a bus on a loop of a daemon thread": """
started = threading.Event()
async def main():
    global bus
    bus = Bus("forgotten")
    await bus.__aenter__()
    send(bus, bus.spawn(Work))
    started.set()
    await asyncio.Event().wait()
threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
started.wait()
""",
}


def _ran(program: str, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "program.py"
    path.write_text(HEAD + program)
    return subprocess.run(
        [sys.executable, "-P", *options, str(path)], capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_delivered_is_handled_at_the_exit_and_the_program_is_warned(program: str, tmp_path: Path) -> None:
    ran = _ran(PROGRAMS[program], tmp_path)
    assert ran.stdout.splitlines() == ["handled 0", "handled 1", "handled 2", "stopped"], ran.stderr
    said = ran.stdout + ran.stderr
    assert "was not stopped" in said
    assert "forgotten" in said
    assert "Traceback" not in said
    assert ran.returncode == (7 if "fails" in program else 0)


@pytest.mark.parametrize("raises", ["SystemExit(3)", "KeyboardInterrupt()"])
def test_one_that_ends_the_program_keeps_no_other_from_its_end(raises: str, tmp_path: Path) -> None:
    program = f"""
raised = threading.Event()
class Ends(Actor):
    def on_receive(self, message):
        raised.set()
        raise {raises}
first, second = Bus("first").start(), Bus("second").start()
ends = first.spawn(Ends)
send(second, second.spawn(Work))
first.tell(ends, 1)
raised.wait()
"""
    ran = _ran(program, tmp_path)
    assert ran.stdout.splitlines() == ["handled 0", "handled 1", "handled 2", "stopped"], ran.stderr
    assert "the program is at its exit already" in ran.stderr


def test_python_warns_where_it_is_asked_to(tmp_path: Path) -> None:
    ran = _ran(PROGRAMS["a bus with a thread"], tmp_path, "-W", "default")
    assert "ResourceWarning: peerbus forgotten was not stopped: call stop(), or use `with`" in ran.stderr


def test_who_stops_in_time_is_told_nothing(tmp_path: Path) -> None:
    ran = _ran(PROGRAMS["a bus with a thread"] + "\nbus.stop()\n", tmp_path, "-W", "error")
    assert ran.stdout.splitlines() == ["handled 0", "handled 1", "handled 2", "stopped"]
    assert ran.stderr == ""
    assert ran.returncode == 0


def test_a_loop_that_was_closed_under_a_bus_is_said(tmp_path: Path) -> None:
    program = """
loop = asyncio.new_event_loop()
bus = Bus("forgotten")
loop.run_until_complete(bus.__aenter__())
bus.spawn(ThreadWork)
loop.close()
"""
    ran = _ran(program, tmp_path)
    assert "nobody has left the bus" in ran.stdout + ran.stderr
    assert ran.returncode == 0


@pytest.mark.parametrize("noticed", ["", "bus.tell(ref, 1)"])
def test_where_the_loop_was_closed_an_actor_on_a_thread_ends_before_the_program_does(
    noticed: str, tmp_path: Path
) -> None:
    """Else it may write while the interpreter goes away, which aborts the process."""
    program = f"""
class Late(ThreadWork):
    def on_receive(self, message):
        begun.set()
        threading.main_thread().join()
        time.sleep(0.2)
        print("handled", message, flush=True)

begun = threading.Event()
loop = asyncio.new_event_loop()
bus = Bus("forgotten")
loop.run_until_complete(bus.__aenter__())
ref = bus.spawn(Late)
loop.run_until_complete(bus.tell(ref, 0).coroutine())
begun.wait()
loop.close()
try:
    {noticed or "pass"}
except Exception:
    pass
"""
    ran = _ran(program, tmp_path)
    assert "handled 0" in ran.stdout, ran.stderr
    assert ran.returncode == 0


def test_actors_of_pykkas_kind_keep_the_program_alive_as_there(tmp_path: Path) -> None:
    program = """
ref = ThreadWork.start()
def later():
    threading.main_thread().join()
    print("alive", flush=True)
    ref.stop()
threading.Thread(target=later).start()
"""
    ran = _ran(program, tmp_path)
    assert ran.stdout.splitlines() == ["alive", "stopped"]
    assert ran.returncode == 0
