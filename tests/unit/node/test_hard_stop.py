"""A second signal ends the process, whatever holds it up: each case is a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import asyncio, sys, threading, time
from peerbus.node.hard_stop import HardStop
from peerbus.node.serve import run_loop, serve

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

async def main(): return await serve(Node(), hard_stop=HardStop())
sys.exit(run_loop(main()))
"""
#: What holds it up, while it stops.
STUCK = {
    "the loop is blocked by a handler": "time.sleep(1000)",
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
