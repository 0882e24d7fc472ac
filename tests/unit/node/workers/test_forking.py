from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from peerbus.actors import PeerbusError
from peerbus.node.workers.fork_server import ForkServer
from peerbus.node.workers.fork_talk import LARGEST


async def test_it_forks_tells_how_each_ended_and_imports_before_that_what_starts_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork has one thread: it would wait for ever for what the others held. And the server itself goes on."""
    lines = ["import threading, time", "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"]
    (tmp_path / "threading_module.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    server = ForkServer("n", ["no_such_module", "threading_module"])
    await server.start()
    try:
        heard: asyncio.Queue[str] = asyncio.Queue()
        # What it is told is no setup: so it ends by itself.
        process = await server.fork(b"no setup", heard.put_nowait)
        assert await asyncio.wait_for(heard.get(), 20) == "exited with status 70"
        assert process.over.is_set()
        process.kill()  # of no account
        process.stream.close()
        with pytest.raises(PeerbusError, match="the most is"):
            await server.fork(bytes(LARGEST), heard.put_nowait)
    finally:
        await server.aclose()
    await server.aclose()


async def test_what_is_printed_as_a_module_is_imported_is_printed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "printing_module.py").write_text("print('imported', end='|')")
    monkeypatch.syspath_prepend(str(tmp_path))
    server = ForkServer("n", ["printing_module"])
    await server.start()
    try:
        heard: asyncio.Queue[str] = asyncio.Queue()
        for _ in range(2):
            process = await server.fork(b"no setup", heard.put_nowait)
            await asyncio.wait_for(heard.get(), 20)
            process.stream.close()
    finally:
        await server.aclose()
    assert capfd.readouterr().out.count("imported|") == 1
