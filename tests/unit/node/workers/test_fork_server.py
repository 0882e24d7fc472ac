from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from peerbus.actors import PeerbusError
from peerbus.node.workers.fork_server import ForkServer, told


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with status 0"),
        (3, "exited with status 3"),
        (-15, "was ended by SIGTERM"),
        (-9, "was ended by SIGKILL (out of memory, or somebody's kill -9)"),
        (-99, "was ended by signal 99"),
    ],
)
def test_ends_are_told_in_words(status: int, words: str) -> None:
    assert told(status) == words


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
async def test_one_that_is_killed_is_begun_anew_once_for_all_who_need_it() -> None:
    """Each of them began one, and all but the last stayed for as long as the node."""
    server = ForkServer("n", [])
    await server.start()
    try:
        first = server._process
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        await asyncio.to_thread(first.wait)
        heard: asyncio.Queue[str] = asyncio.Queue()
        forked = await asyncio.gather(*(server.fork(b"no setup", heard.put_nowait) for _ in range(3)))
        assert server._process is not None
        assert _servers() == [server._process.pid]
        for each in forked:
            assert await asyncio.wait_for(heard.get(), 20) == "exited with status 70"
            each.stream.close()
    finally:
        await server.aclose()


async def test_one_that_ends_as_it_imports_says_how_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaving_module.py").write_text("import os; os._exit(7)")
    monkeypatch.syspath_prepend(str(tmp_path))
    server = ForkServer("n", ["leaving_module"])
    with pytest.raises(PeerbusError, match="exited with status 7, in which it imports leaving_module"):
        await server.start()
    await server.aclose()


def _servers() -> list[int]:
    """Children of this process that are fork servers, and run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            serves = b"node.workers.forking" in (folder / "cmdline").read_bytes()
            if state != "Z" and int(parent) == os.getpid() and serves:
                found.append(int(folder.name))
    return found
