"""Whether a node answers: a real one does, and what is no node, or stands still, does not."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from peerbus.actors import DialFailed, HandshakeFailed
from peerbus.node import Node
from peerbus.node.ping import ping
from peerbus.transports import Endpoint


async def test_a_node_answers_with_the_id_that_it_proves() -> None:
    async with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
        (place,) = alice.endpoints
        answered = await ping(Endpoint.parse(place), timeout=20)
        assert answered.node_id == alice.node_id
        assert answered.seconds > 0
        assert alice.peers == ()


async def test_a_node_answers_on_a_unix_socket_with_the_id_that_it_proves_too(tmp_path: Path) -> None:
    async with Node("alice", listen=[f"unix://{tmp_path}/a.sock"]) as alice:
        assert (await ping(Endpoint("unix", path=f"{tmp_path}/a.sock"), timeout=20)).node_id == alice.node_id


async def test_another_node_than_the_named_one_is_refused() -> None:
    async with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
        place = Endpoint.parse(alice.endpoints[0]).without_peer().with_peer("ab" * 32)
        with pytest.raises(HandshakeFailed, match="node_id"):
            await ping(place, timeout=20)


async def test_where_nobody_listens_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(DialFailed, match="No such file"):
        await ping(Endpoint("unix", path=f"{tmp_path}/a.sock"), timeout=20)


async def test_a_process_that_takes_connections_and_stands_still_does_not_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/a.sock")
        listener.listen()  # the kernel takes connections, nobody accepts them
        with pytest.raises(DialFailed, match=r"no answer within 0\.1 s"):
            await ping(Endpoint("unix", path=f"{tmp_path}/a.sock"), timeout=0.1)


@pytest.mark.parametrize(
    ("said", "error"), [(b"HTTP/1.1 400 Bad Request\r\n", HandshakeFailed), (b"", DialFailed), (b"peer", DialFailed)]
)
async def test_what_is_no_node_is_told_from_one(tmp_path: Path, said: bytes, error: type[Exception]) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(speak, f"{tmp_path}/a.sock"):
        with pytest.raises(error, match=r"tls: wrong version number|reset by peer|closed"):
            await ping(Endpoint("unix", path=f"{tmp_path}/a.sock"), timeout=20)


def test_the_command_prints_who_answered_and_a_mistake_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from peerbus.operate.cli import main

    with Node("alice", listen=["tcp://127.0.0.1:0"]) as alice:
        (place,) = alice.endpoints
        assert main(["ping", place, "--timeout", "20"]) == 0
        assert f"{alice.node_id} answered in" in capsys.readouterr().out
    assert main(["ping", place]) == 1
    assert "peerbus ping: tcp://" in capsys.readouterr().err
    for arguments in (["nowhere"], ["tcp://0.0.0.0:1"], ["tcp://a:1", "--timeout", "0"]):
        assert main(["ping", *arguments]) == 2
