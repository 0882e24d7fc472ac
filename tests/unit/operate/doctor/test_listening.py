"""Whether a node could listen where it is told to, and if not why."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from peerbus.operate.doctor.diagnosis import Diagnosis
from peerbus.operate.doctor.listening import look_at_places
from peerbus.transports import Endpoint


async def looked(endpoint: str, running: int | None = None) -> Diagnosis:
    (found,) = await look_at_places([Endpoint.parse(endpoint)], running)
    assert found.about == f"listen {endpoint}"
    return found


async def test_a_port_is_free_or_taken_by_somebody_who_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        taken, ours = await looked(endpoint), await looked(endpoint, os.getpid())
    assert taken.verdict == "failed"
    if sys.platform == "linux":
        assert f"(pid {os.getpid()})" in taken.text
        assert ours.verdict == "ok"
    free = await looked(endpoint)
    assert (free.verdict, free.text) == ("ok", "the port is free")
    assert (await looked("tcp://127.0.0.1:0")).verdict == "ok"


async def test_an_address_of_another_machine_has_failed() -> None:
    away = await looked("tcp://192.0.2.1:7400")
    assert (away.verdict, away.text) == ("failed", "192.0.2.1 is no address of this machine")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen at any port")
async def test_a_port_that_only_root_may_have_has_failed() -> None:
    found = await looked("tcp://127.0.0.1:1")
    assert (found.verdict, "CAP_NET_BIND_SERVICE" in found.advice) == ("failed", True)


async def test_a_socket_is_free_or_somebody_listens_there(tmp_path: Path) -> None:
    path = f"unix://{tmp_path}/a.sock"
    assert (await looked(path)).verdict == "ok"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/a.sock")
        assert (await looked(path)).verdict == "ok"  # left behind: it is replaced
        server.listen()
        assert (await looked(path)).verdict == "failed"
        assert (await looked(path, os.getpid())).verdict == "ok"


async def test_to_listen_nowhere_is_a_warning() -> None:
    (found,) = await look_at_places([])
    assert found.verdict == "warning"
