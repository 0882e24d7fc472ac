from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]

PROGRAM = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from crunching import Counter, Fork, Hold, Pid
from peerbus.actors import LOCAL
from peerbus.node import Node

async def main():
    processes = {{"crunch": [Counter], "other": ["crunching:Second"]}}
    async with Node("n", processes=processes, shutdown_timeout=1.0) as node:
        pids = [await node.ask(LOCAL / name, Pid(), timeout=20) for name in ("counter", "second")]
        pids.append(await node.ask(LOCAL / "second", Fork(), timeout=20))
        print(*pids, flush=True)
        held = asyncio.ensure_future(node.ask(LOCAL / "counter", Hold(60.0), timeout=90))
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_worker_never_outlives_its_node_whatever_its_handlers_do(how: signal.Signals) -> None:
    code = PROGRAM.format(tests=str(TESTS))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        pids = [int(each) for each in program.stdout.readline().split()]
        assert len(pids) == 3, "and what one of them has forked"
        program.send_signal(how)
        ended = time.monotonic()
        program.wait(30)
        while any(map(_runs, pids)) and time.monotonic() - ended < 20:
            time.sleep(0.01)
        assert not any(map(_runs, pids))
        if how is signal.SIGKILL:
            assert time.monotonic() - ended < 15


def _runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
