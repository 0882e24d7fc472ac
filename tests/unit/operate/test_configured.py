"""A configuration's admin API is made as it says, and by `peerbus run` at a socket beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.node.config.config import parse_config
from peerbus.operate import Admin
from peerbus.operate.configured import extensions_of

LEAST = 'name = "alice"\nnetwork = "demo"\n'


def parse(text: str, folder: Path) -> list[object]:
    return list(extensions_of(parse_config(LEAST + text, name="alice.toml", folder=folder)))


def test_there_is_one_unless_it_was_said_that_there_be_none(tmp_path: Path) -> None:
    (made,) = parse("", tmp_path)
    assert isinstance(made, Admin)
    assert parse("[admin]\nenabled = false\n", tmp_path) == []


def test_what_does_not_go_together_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"alice.toml:3: admin: .*certificate and key"):
        parse('[admin]\nat = "https://127.0.0.1:7401"\n', tmp_path)


async def test_a_node_that_is_run_has_its_socket_beside_its_configuration(tmp_path: Path) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(LEAST + "[discovery]\nmdns = false\n")
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "peerbus", "run", str(config)), env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60.0):
            while b"node up" not in await process.stderr.readline():
                assert process.returncode is None
            path = tmp_path / "alice.sock"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600  # it is there, and does not wait
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b"GET /v1/node HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answered = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert b'"name":"alice"' in answered
            process.send_signal(signal.SIGTERM)
            await process.stderr.read()
            assert await process.wait() == 0
        assert not path.exists()  # as above
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
