"""Looking up names: on threads that nobody waits for, once for all who ask, bounded, and fair to good names."""

from __future__ import annotations

import asyncio
import socket
import threading
from functools import partial

import pytest
from name_server import ask, name_server

from peerbus.transports.streams.names import (
    FOUND_FOR,
    HANGS_AFTER,
    MAX_NAMES,
    MAX_THREADS,
    MOST_THREADS,
    STALE_FOR,
    Names,
    look_up,
)

pytestmark = pytest.mark.asyncio


class Stuck:
    """A resolver that is stuck with some names until it is let go, and knows who asked."""

    def __init__(self) -> None:
        self.freed = threading.Event()
        self.asked: list[str] = []

    def __call__(self, name: str) -> list[str]:
        self.asked.append(name)
        if name.startswith("dead"):
            self.freed.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return ["127.0.0.1"]


async def test_a_name_has_all_addresses_that_a_real_server_names() -> None:
    with name_server() as server:
        server.names["cluster.example"] = ["127.0.0.1", "127.0.0.2", "127.0.0.1"]
        names = Names(partial(ask, server.address))
        assert await names.find("cluster.example", timeout=30) == ("127.0.0.1", "127.0.0.2")
        with pytest.raises(socket.gaierror, match="Name or service not known"):
            await names.find("nobody.example", timeout=30)


async def test_the_systems_resolver_knows_this_machine() -> None:
    assert set(await Names().find("localhost", timeout=30)) <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in look_up("127.0.0.1")


async def test_however_many_ask_for_a_name_it_is_looked_up_once_and_again_when_the_answer_is_old() -> None:
    stuck, now = Stuck(), [0.0]
    names = Names(stuck, clock=lambda: now[0])
    found = await asyncio.gather(*(names.find("good.example", timeout=30) for _ in range(50)))
    assert set(found) == {("127.0.0.1",)}
    assert stuck.asked == ["good.example"]
    now[0] += FOUND_FOR
    await names.find("good.example", timeout=30)
    assert stuck.asked == ["good.example"] * 2


async def test_dead_names_starve_no_good_one_and_nobody_waits_for_their_threads() -> None:
    stuck = Stuck()
    names = Names(stuck)
    try:
        dead = [asyncio.ensure_future(names.find(f"dead{n}", timeout=0.0)) for n in range(MAX_THREADS - 1)]
        assert await names.find("good.example", timeout=30) == ("127.0.0.1",)
        for one in dead:
            with pytest.raises(TimeoutError):
                await one
        workers = [thread for thread in threading.enumerate() if thread.name == "peerbus names"]
        assert all(thread.daemon for thread in workers)
    finally:
        stuck.freed.set()


async def test_names_that_hang_leave_threads_to_any_that_come_later() -> None:
    stuck, now = Stuck(), [0.0]
    names = Names(stuck, clock=lambda: now[0])
    try:
        for first in (0, MAX_THREADS):
            many = (f"dead{first + number}" for number in range(2 * MAX_THREADS))
            await asyncio.gather(*(names.find(name, timeout=0.0) for name in many), return_exceptions=True)
            now[0] += 2 * HANGS_AFTER
        assert await names.find("good.example", timeout=30) == ("127.0.0.1",)
        assert sum(thread.name == "peerbus names" for thread in threading.enumerate()) <= MOST_THREADS
    finally:
        stuck.freed.set()


async def test_names_that_failed_before_leave_threads_to_the_others() -> None:
    stuck, now = Stuck(), [0.0]
    names = Names(stuck, clock=lambda: now[0])
    stuck.freed.set()
    many = [f"dead{n}" for n in range(2 * MAX_THREADS)]
    await asyncio.gather(*(names.find(name, timeout=30) for name in many), return_exceptions=True)
    now[0] += 60.0
    stuck.freed.clear()
    try:
        waits = [asyncio.ensure_future(names.find(name, timeout=30)) for name in many]
        assert await names.find("good.example", timeout=30) == ("127.0.0.1",)
    finally:
        stuck.freed.set()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_name_that_nobody_waits_for_any_more_is_not_looked_up_and_the_queue_is_bounded() -> None:
    stuck = Stuck()
    names = Names(stuck)
    try:
        waits = [asyncio.ensure_future(names.find(f"dead{n}", timeout=30)) for n in range(MAX_NAMES)]
        await asyncio.sleep(0)
        assert names.under_way == MAX_NAMES
        with pytest.raises(OSError, match="names wait to be looked up already"):
            await names.find("one.more", timeout=30)
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        assert names.under_way <= MAX_THREADS
    finally:
        stuck.freed.set()


async def test_where_no_server_answers_the_last_addresses_stand_in_for_a_while() -> None:
    now = [0.0]
    answers: list[list[str] | socket.gaierror] = [
        ["127.0.0.1"],
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ]

    def system(_: str) -> list[str]:
        answer = answers.pop(0)
        if isinstance(answer, socket.gaierror):
            raise answer
        return answer

    names = Names(system, clock=lambda: now[0])
    assert await names.find("a.example", timeout=30) == ("127.0.0.1",)
    now[0] += 10.0
    assert await names.find("a.example", timeout=30) == ("127.0.0.1",)
    now[0] += 10.0
    with pytest.raises(socket.gaierror, match="not known"):  # a server has said that it is gone
        await names.find("a.example", timeout=30)
    now[0] += STALE_FOR
    with pytest.raises(socket.gaierror, match="Temporary"):
        await names.find("a.example", timeout=30)


async def test_a_name_that_is_no_name_fails_as_one() -> None:
    with pytest.raises((OSError, UnicodeError)):
        await Names().find("a" * 64 + ".example", timeout=30)
