"""What a service manager is told: by a socket that plays its part."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from peerbus.node.process.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The manager's socket, and its address as it stands in the environment."""
    name = f"peerbus-test-{secrets.token_hex(8)}"
    address = f"@{name}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(f"\0{name}" if request.param == "abstract" else address)
        except OSError:
            pytest.skip("this system has no abstract sockets")
        sock.settimeout(30)
        yield sock, address


async def test_a_manager_hears_how_the_process_is(manager: tuple[socket.socket, str]) -> None:
    sock, address = manager
    environment = {"NOTIFY_SOCKET": address, "OTHER": "stays"}
    notifier = Notifier.of_environment("alice is up", environment)
    assert environment == {"OTHER": "stays"}
    notifier.ready(asyncio.get_running_loop())
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    notifier.stopping()
    notifier.close()
    assert sock.recv(4096) == b"READY=1\nSTATUS=alice is up"
    told = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=([0-9]+)", sock.recv(4096))
    assert told is not None
    assert before <= int(told[1]) <= time.monotonic_ns() // 1000
    assert sock.recv(4096) == b"STOPPING=1"


async def test_a_watchdog_is_fed_from_the_loop_until_the_end(manager: tuple[socket.socket, str]) -> None:
    sock, address = manager
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier.of_environment("up", environment)
    assert environment == {}
    notifier.ready(loop)
    assert (await loop.sock_recv(sock, 4096)).startswith(b"READY=1")
    for _ in range(3):
        assert await loop.sock_recv(sock, 4096) == b"WATCHDOG=1"
    notifier.close()
    notifier.stopping()
    while await loop.sock_recv(sock, 4096) != b"STOPPING=1":
        pass
    with pytest.raises(BlockingIOError):
        sock.recv(4096)


async def test_a_loop_that_stands_still_feeds_no_watchdog(manager: tuple[socket.socket, str]) -> None:
    sock, address = manager
    sock.setblocking(False)
    notifier = Notifier(address, watchdog=0.002)
    notifier.ready(asyncio.get_running_loop())
    assert [sock.recv(4096)[:5] for _ in range(2)] == [b"READY", b"WATCH"]
    end = time.monotonic() + 0.02
    while time.monotonic() < end:  # ten times the watchdog's: the loop cannot turn
        with pytest.raises(BlockingIOError):
            sock.recv(4096)
    notifier.close()


@pytest.mark.parametrize(
    "environment",
    [{"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {}],
)
async def test_a_watchdog_that_is_none_or_anothers_is_not_fed(
    environment: dict[str, str], manager: tuple[socket.socket, str]
) -> None:
    sock, address = manager
    notifier = Notifier.of_environment("up", {"NOTIFY_SOCKET": address, **environment})
    notifier.ready(asyncio.get_running_loop())
    assert notifier.feeds is False
    notifier.stopping()
    assert [sock.recv(4096)[:5] for _ in range(2)] == [b"READY", b"STOPP"]


async def test_without_a_manager_nobody_is_told() -> None:
    with capture_logs() as logged:
        notifier = Notifier.of_environment("up", {})
        notifier.ready(asyncio.get_running_loop())
        notifier.stopping()
        notifier.close()
    assert logged == []


@pytest.mark.parametrize("address", ["vsock:2:1234", "/nowhere/notify", f"/{'a' * 200}"])
async def test_a_manager_that_cannot_be_told_is_a_warning_once(address: str) -> None:
    with capture_logs() as logged:
        notifier = Notifier.of_environment("up", {"NOTIFY_SOCKET": address})
        notifier.ready(asyncio.get_running_loop())
        notifier.reloading()
        notifier.stopping()
    assert [(entry["event"], entry["socket"]) for entry in logged] == [("the service manager cannot be told", address)]


async def test_a_manager_that_reads_nothing_holds_up_nobody_for_long(manager: tuple[socket.socket, str]) -> None:
    sock, address = manager
    notifier = Notifier(address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, capture_logs() as logged:
        other.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                other.sendto(b"x" * 1000, sock.getsockname())
        notifier.stopping()
        while sock.recv(4096) != b"STOPPING=1":
            notifier.stopping()
    assert logged == []
