"""Streams with TLS take turns on the loop, and nothing of what they carry is lost meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from peerbus.transports.streams import tls_turns
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tcp import TcpTransport
from peerbus.transports.streams.tls_turns import SLICE, TlsTurns

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
try:
    import uvloop
except ImportError:
    pass
else:
    LOOPS.append(uvloop.new_event_loop)


class One:
    def __init__(self, name: str, took: list[str]) -> None:
        self.name, self.took = name, took

    def go_on(self) -> None:
        self.took.append(self.name)


async def test_one_goes_on_in_each_turn_of_the_loop_the_first_that_waited_first() -> None:
    turns = TlsTurns()
    took: list[str] = []
    for name in "abc":
        turns.wait(One(name, took))
    for count in (1, 2, 3, 3):
        await asyncio.sleep(0)
        assert len(took) == count
    assert took == ["a", "b", "c"]


async def test_what_was_used_of_a_turn_is_there_again_in_the_next() -> None:
    turns = TlsTurns()
    turns.left -= SLICE + 1
    turns.plan()
    turns.plan()
    assert turns.left < 0
    await asyncio.sleep(0)
    assert turns.left == SLICE


def test_without_a_loop_nobody_waits() -> None:
    turns = TlsTurns()
    turns.left = 0
    turns.plan()
    assert turns.left == SLICE


@pytest.mark.parametrize("loop", LOOPS)
def test_records_of_a_byte_and_the_end_behind_them_arrive_whole_by_however_many_turns(
    loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_turns, "SLICE", 40)
    kicks = 0
    go_on = TlsTurns._turn

    def counted(turns: TlsTurns) -> None:
        nonlocal kicks
        kicks += len(turns._behind) > 0
        go_on(turns)

    monkeypatch.setattr(TlsTurns, "_turn", counted)
    body = bytes(number % 251 for number in range(4000))

    async def run() -> bytes:
        server, client = (TcpTransport(Identity.generate()) for _ in range(2))
        listener = await server.listen(Endpoint.parse("tcp://127.0.0.1:0"))
        stream = await client.dial(listener.endpoint, expect=None, timeout=10.0)
        accepted = await listener.accept()
        for number in body:
            stream.write(bytes([number]))
        closing = asyncio.ensure_future(stream.aclose())
        found = b""
        while data := await accepted.read():
            found += data
        await closing
        await accepted.aclose()
        await listener.aclose()
        return found

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()) == body
    assert kicks > 5
