"""What becomes of a bus, its actors and its refs in the child of a fork."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: What both programs begin and end with: `said(calls)` is what each call raises, told by the child.
HEAD = """
import asyncio, json, os, sys, threading, time, warnings
import pykka
from peerbus.actors import LOCAL, EVERYONE, Actor, Bus, handles
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later advise against what is tried here

class Echo(Actor):
    def on_receive(self, message):
        if message == "hang":
            time.sleep(3600)
        return message

class OnThread(Echo):
    dispatcher = "thread"
    use_daemon_thread = True

def raised(call):
    began = time.monotonic()
    try:
        value = call()
    except BaseException as error:
        took = time.monotonic() - began
        return [type(error).__name__, "child of a fork" in str(error), took < 0.2]
    return ["returned", repr(value)]

def in_child(calls):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said = json.dumps({name: raised(call) for name, call in calls.items()})
        except BaseException as error:
            said = json.dumps({"child": [repr(error)]})
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with open(read) as pipe:
        said = json.load(pipe)
    os.waitpid(pid, 0)
    return said
"""

PLAIN = (
    HEAD
    + """
bus = Bus("parents").start()
loop, thread = bus.spawn(Echo, name="loop"), bus.spawn(OnThread, name="thread")
alone = type("Alone", (Echo,), {"use_daemon_thread": True}).start()
waiting = bus.ask(thread, "hang", timeout=1000)
asked = alone.ask("hang", block=False)
ended = bus.spawn(Echo); ended.stop()
tell, proxy = bus.tell, loop.proxy()
calls = {
    "tell": lambda: bus.tell(LOCAL / "loop", 1).get(),
    "tell a ref": lambda: bus.tell(loop, 1),
    "tell_many": lambda: bus.tell_many(LOCAL / "loop", [1, 2]).get(),
    "tell_many by a ref": lambda: bus.tell_many(loop, [1, 2]),
    "tell many": lambda: bus.tell(EVERYONE / "loop", 1),
    "tell, got before": lambda: tell(loop, 1),
    "ask": lambda: bus.ask(LOCAL / "loop", 1).get(),
    "ask a thread": lambda: bus.ask(LOCAL / "thread", 1).get(),
    "spawn": lambda: bus.spawn(Echo),
    "statistics": lambda: bus.statistics(),
    "subscribe": lambda: bus.subscribe(object),
    "stop": lambda: bus.stop(),
    "stop, got before": bus.stop,
    "start": lambda: bus.start(),
    "an open ask": lambda: waiting.get(),
    "an open ask, a little": lambda: waiting.get(timeout=1000),
    "an open ask of an actor": lambda: asked.get(),
    "an open ask, awaited": lambda: asyncio.run(awaited(waiting)),
    "an open ask of an actor, awaited": lambda: asyncio.run(awaited(asked)),
    "what is derived of it, awaited": lambda: asyncio.run(awaited(asked.map(str))),
    **{
        f"{what} of {name}": call
        for name, ref in (("loop", loop), ("thread", thread), ("alone", alone))
        for what, call in (
            ("ref.tell", lambda ref=ref: ref.tell(1)),
            ("ref.ask", lambda ref=ref: ref.ask(1)),
            ("ref.ask later", lambda ref=ref: ref.ask(1, block=False)),
            ("ref.stop", lambda ref=ref: ref.stop()),
            ("ref.stop later", lambda ref=ref: ref.stop(block=False)),
            ("ref.proxy", lambda ref=ref: ref.proxy()),
        )
    },
    "a proxy": lambda: proxy.actor_urn.get(),
    "an ended actor": lambda: ended.ask(1),
    "is_alive": lambda: loop.is_alive(),
    "a bus of its own": lambda: own(),
}
async def awaited(outcome):
    async with asyncio.timeout(5):
        return await outcome
def own():
    with_own = Bus("childs").start()
    try:
        return with_own.ask(with_own.spawn(Echo), 7, timeout=10).get()
    finally:
        with_own.stop()
print(json.dumps(in_child(calls)))
assert bus.ask(loop, 5).get() == 5  # the parent's goes on
"""
)

ON_LOOP = (
    HEAD
    + """
found = {}

class Forks(Actor):
    @handles(int)
    def fork(self, message: int) -> str:
        calls = {
            "tell": lambda: self.tell(LOCAL / "echo", 1),
            "tell a ref": lambda: self.tell(echo, 1),
            "ask": lambda: self.ask(LOCAL / "echo", 1),
            "ask a ref": lambda: self.ask(echo, 1),
            "spawn": lambda: self.spawn(Echo),
            "bus.tell_many": lambda: self.bus.tell_many(LOCAL / "echo", [1]),
            "bus.tell": lambda: self.bus.tell(LOCAL / "echo", 1),
            "bus.ask": lambda: self.bus.ask(echo, 1),
            "a loop of its own": lambda: asyncio.run(own()),
        }
        return json.dumps(in_child(calls))

async def own():
    async with Bus() as bus:
        return await bus.ask(bus.spawn(Echo), 7)

async def main():
    global echo
    async with Bus() as bus:
        echo = bus.spawn(Echo, name="echo")
        bus.spawn(Forks, name="forks")
        print(await bus.ask(LOCAL / "forks", 1, timeout=30))
        assert await bus.ask(echo, 5) == 5

asyncio.run(main())
"""
)


def _said(program: str, tmp_path: Path) -> dict[str, list[object]]:
    path = tmp_path / "program.py"
    path.write_text(program)
    ran = subprocess.run([sys.executable, "-P", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert isinstance(said, dict)
    return said


def test_every_call_in_the_child_raises_at_once_and_says_so(tmp_path: Path) -> None:
    said = _said(PLAIN, tmp_path)
    assert said.pop("an ended actor")[0] == "ActorStopped"
    assert said.pop("is_alive") == ["returned", "False"]
    assert said.pop("a bus of its own") == ["returned", "7"]
    assert {name: found for name, found in said.items() if found != ["ProcessForked", True, True]} == {}
    assert len(said) > 30


def test_a_handler_that_forks_has_no_bus_in_the_child(tmp_path: Path) -> None:
    said = _said(ON_LOOP, tmp_path)
    assert said.pop("a loop of its own") == ["returned", "7"]
    assert {name: found for name, found in said.items() if found != ["ProcessForked", True, True]} == {}
